"""Whole frames in `staging`, for tests that do not care how they come there."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from definitions.run_context import RunContext
from definitions.schema.tables import CURATED, Table
from warehouse.load.copying import Frame
from warehouse.load.staging import staging


def stage(
    engine: sa.Engine, run: RunContext, frames: Mapping[str, Frame], contracts: Sequence[Table] = CURATED
) -> dict[str, int]:
    """Stage the frames, keyed by table name; the rows copied for each."""
    with staging(engine, run, contracts) as give:
        for name, frame in frames.items():
            give(name, frame)
    return give.rows
