"""Publish one run in a process of its own, which may be killed on the way. Arguments: run id, name, crash point.

The warehouse's URL comes on standard input, so that no password stands in the list of processes.
"""

import sys
from datetime import UTC, date, datetime

import polars as pl

from definitions.agreement.load import load_definitions
from definitions.polars_types import schema_of
from definitions.run_context import RunContext
from definitions.runtime.crash_points import arm
from definitions.schema.tables import DIM_OWNER, OPS_CURSOR
from warehouse.connect import engine_for
from warehouse.load.staging import staging
from warehouse.publishing.publish import publish
from warehouse.read.published import last_run
from warehouse.tables import STAMPED

run_id, name, point = sys.argv[1:]
engine = engine_for(sys.stdin.readline().strip())
run = RunContext(
    run_id=run_id,
    as_of=date(2026, 11, 22),
    started_at=datetime(2026, 11, 22, tzinfo=UTC),
    definitions=load_definitions("handoff"),
)
owner = {"owner_id": "a", "owner_name": name, "is_active": True, "is_queue": False, "is_deleted": False}
owner |= {"record_count": 1, "record_hash": len(name)}
cursor = {"source_system": "crm", "stream": "owners", "cursor": f'"{name}"'}
owner_schema = schema_of(field for field in DIM_OWNER.columns if field.name not in STAMPED)
cursor_schema = schema_of(field for field in OPS_CURSOR.columns if field.name not in STAMPED)
arm(point or None)
with staging(engine, run, [DIM_OWNER]) as give:
    give("dim_owner", pl.DataFrame([owner], schema=owner_schema))


def work(publication):
    publication.merge_tables()
    publication.merge_ops_tables({"cursor": pl.DataFrame([cursor], schema=cursor_schema)})
    publication.record(finished_at=run.started_at, report={}, streams=[])


publish(engine, run, work, computed_from=last_run(engine).run_id, sleep=lambda _seconds: None, contracts=[DIM_OWNER])
