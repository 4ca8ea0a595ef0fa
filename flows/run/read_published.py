"""Published state: read from the warehouse once, at the beginning of a run."""

import json
from datetime import date, timedelta
from functools import partial

import sqlalchemy as sa

from definitions.errors import ConfigurationError
from definitions.published_state import PublishedState
from definitions.schema.tables import OPS_QUARANTINE
from flows.home.spill import Spill
from flows.streams.conform_stream import rejected_rows
from warehouse.read import published as reads
from warehouse.read.frames import reading

# Links of a deal are often corrected in the days after it was closed.
RECENT = timedelta(days=30)


def read_published(engine: sa.Engine, as_of: date, spill: Spill) -> PublishedState:
    """Read the published state; issues, whose rows are wide, are written to `spill`.

    Raises `ConfigurationError` if a later day than `as_of` is published.
    """
    last = reads.last_run(engine)
    if last is not None and as_of < last.as_of:
        raise ConfigurationError(
            f"--as-of {as_of} lies before {last.as_of}, the date published last: the ledger and the issues only go "
            "forward. Use an empty BANTAM_HOME, or another warehouse, to look at an earlier day."
        )
    with reading(engine) as warehouse:
        reads.live_issues(warehouse, as_of, partial(spill.add, "issues before"))
        cursors = reads.cursors(warehouse).to_dicts()
        return PublishedState(
            last_run_id=None if last is None else last.run_id,
            run_ids=reads.published_run_ids(engine),
            cursors={(row["source_system"], row["stream"]): json.loads(row["cursor"]) for row in cursors},
            state_versions={(row["source_system"], row["stream"]): row["state_version"] for row in cursors},
            classes={kind: reads.published_classes(warehouse, kind) for kind in ("person", "opportunity")},
            issues=spill.scan("issues before"),
            open_deals=reads.open_deals(warehouse, as_of - RECENT),
            snapshots=reads.latest_snapshots(warehouse, as_of),
            rejected=rejected_rows(reads.published(warehouse, OPS_QUARANTINE)),
        )
