"""Whole frames in `staging`, for tests that do not care how they come there."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from definitions.tables import CURATED, Table
from warehouse.loading import Frame
from warehouse.run import Run
from warehouse.staging import staging


def stage(
    engine: sa.Engine, run: Run, frames: Mapping[str, Frame], contracts: Sequence[Table] = CURATED
) -> dict[str, int]:
    """Stage the frames, keyed by table name; the rows copied for each."""
    with staging(engine, run, contracts) as give:
        for name, frame in frames.items():
            give(name, frame)
    return give.rows
