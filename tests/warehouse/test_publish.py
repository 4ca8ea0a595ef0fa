import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
import sqlalchemy as sa

from definitions.errors import ConfigurationError, PublishError
from definitions.schema.column import Column, Kind
from definitions.schema.tables import (
    CURATED,
    DIM_OWNER,
    FCT_CLASSIFICATION_CHANGE,
    FCT_HYGIENE_ISSUE,
    FCT_OPPORTUNITY_DAILY_SNAPSHOT,
    OPS_CONSERVATION,
    OPS_CURSOR,
    OPS_DEFINITIONS_VERSION,
    OPS_QUARANTINE,
    Table,
)
from warehouse.tables import published_table

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 22)
YESTERDAY = TODAY - timedelta(days=1)
ADA, BEN = {"owner_id": "a", "owner_name": "Ada"}, {"owner_id": "b", "owner_name": "Ben"}


def test_every_table_and_the_run_are_published_together(warehouse):
    first = {table.name: [{}] for table in CURATED}
    first["fct_opportunity_daily_snapshot"] = [{"snapshot_date": TODAY}]

    done = warehouse.publish(
        warehouse.stage("r1", **first), report=lambda tables: {"persons": tables["dim_person"].total}
    )

    assert (done.run_status, done.rows_written) == ("published", len(CURATED))
    assert warehouse.all("SELECT run_id, as_of, rows_written, is_draft, report FROM ops.run") == [
        ("r1", TODAY, len(CURATED), True, {"persons": 1})
    ]
    for table in CURATED:
        stamps = warehouse.all(f"SELECT run_id, definitions_version, loaded_at FROM {table.schema}.{table.name}")
        assert stamps == [("r1", "2026.1", datetime(2026, 11, 22, 8, 30, tzinfo=UTC))], table.name


def test_a_refresh_in_which_nothing_changed_writes_nothing_but_the_run(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.refresh("r1", dim_owner=[ADA])
    stored = warehouse.all("SELECT ctid::text, xmin::text, * FROM curated.dim_owner")

    done = warehouse.refresh("r2", dim_owner=[ADA])

    assert (done.run_status, done.rows_written) == ("unchanged", 0)
    assert warehouse.all("SELECT ctid::text, xmin::text, * FROM curated.dim_owner") == stored
    assert warehouse.all("SELECT run_id, run_status FROM ops.run ORDER BY run_id") == [
        ("r1", "published"),
        ("r2", "unchanged"),
    ]


def test_another_version_of_the_definitions_rewrites_no_row_that_says_the_same(warehouse_of, run):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.refresh("r1", dim_owner=[ADA])
    warehouse.refresh("r2", dim_owner=[ADA, BEN])
    assert warehouse.all("SELECT owner_id, run_id FROM curated.dim_owner ORDER BY 1") == [("a", "r1"), ("b", "r2")]


def test_the_ledger_is_only_added_to(warehouse_of):
    warehouse = warehouse_of(FCT_CLASSIFICATION_CHANGE)
    warehouse.refresh("r1", fct_classification_change=[{"change_id": "1", "to_class": "lead"}])
    done = warehouse.refresh(
        "r2",
        fct_classification_change=[{"change_id": "1", "to_class": "mql"}, {"change_id": "2", "to_class": "sql"}],
    )
    assert done.tables["fct_classification_change"].inserted == 1
    warehouse.refresh("r3")
    assert warehouse.all("SELECT change_id, to_class, run_id FROM curated.fct_classification_change ORDER BY 1") == [
        ("1", "lead", "r1"),
        ("2", "sql", "r2"),
    ]


def test_an_issue_is_updated_and_never_deleted(warehouse_of):
    warehouse = warehouse_of(FCT_HYGIENE_ISSUE)
    warehouse.refresh("r1", fct_hygiene_issue=[{"issue_id": "1", "state": "open"}, {"issue_id": "2", "state": "open"}])
    warehouse.refresh("r2", fct_hygiene_issue=[{"issue_id": "1", "state": "resolved"}])
    assert warehouse.all("SELECT issue_id, state, run_id FROM curated.fct_hygiene_issue ORDER BY 1") == [
        ("1", "resolved", "r2"),
        ("2", "open", "r1"),
    ]


def test_a_snapshot_replaces_its_own_day_and_no_other(warehouse_of):
    warehouse = warehouse_of(FCT_OPPORTUNITY_DAILY_SNAPSHOT)

    def rows(day, **deals):
        return [{"snapshot_date": day, "opportunity_id": deal, "push_count": n} for deal, n in deals.items()]

    warehouse.refresh("r1", YESTERDAY, fct_opportunity_daily_snapshot=rows(YESTERDAY, a=1, b=1))
    warehouse.refresh("r2", TODAY, fct_opportunity_daily_snapshot=rows(TODAY, a=1, b=1))
    done = warehouse.refresh("r3", TODAY, fct_opportunity_daily_snapshot=rows(TODAY, a=2, c=1))
    written = done.tables["fct_opportunity_daily_snapshot"]
    assert (written.inserted, written.updated, written.deleted) == (1, 1, 1)
    table = "curated.fct_opportunity_daily_snapshot"
    assert warehouse.all(f"SELECT snapshot_date, opportunity_id, push_count, run_id FROM {table} ORDER BY 1, 2") == [
        (YESTERDAY, "a", 1, "r1"),
        (YESTERDAY, "b", 1, "r1"),
        (TODAY, "a", 2, "r3"),
        (TODAY, "c", 1, "r3"),
    ]


def test_rows_of_a_past_day_are_refused(warehouse_of):
    warehouse = warehouse_of(FCT_OPPORTUNITY_DAILY_SNAPSHOT)
    with pytest.raises(PublishError, match="snapshot_date is not 2026-11-22"):
        warehouse.refresh("r1", TODAY, fct_opportunity_daily_snapshot=[{"snapshot_date": YESTERDAY}])
    assert warehouse.all("SELECT count(*) FROM ops.run") == [(0,)]


def test_a_cursor_moves_only_where_its_stream_was_pulled(warehouse_of, frame):
    warehouse = warehouse_of(DIM_OWNER)

    def cursor(stream, at):
        return {"source_system": "crm", "stream": stream, "cursor": json.dumps({"at": at})}

    both = frame(OPS_CURSOR, [cursor("contacts", 1), cursor("deals", 1)])
    warehouse.publish(warehouse.stage("r1"), {"cursor": both})
    warehouse.publish(warehouse.stage("r2"), {"cursor": frame(OPS_CURSOR, [cursor("deals", 2)])})
    assert warehouse.all("SELECT stream, cursor, run_id FROM ops.cursor ORDER BY stream") == [
        ("contacts", {"at": 1}, "r1"),
        ("deals", {"at": 2}, "r2"),
    ]


def test_quarantine_keeps_when_it_was_first_seen_and_what_was_released(warehouse_of, frame):
    warehouse = warehouse_of(DIM_OWNER)

    def held(key, seen):
        return {"record_key": key, "reason_code": "no_id", "first_seen_on": seen, "last_seen_on": seen}

    first = frame(OPS_QUARANTINE, [held("a", YESTERDAY), held("b", YESTERDAY), held("c", YESTERDAY)])
    warehouse.publish(warehouse.stage("r1", YESTERDAY), {"quarantine": first})
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("UPDATE ops.quarantine SET released_at = '2026-11-22Z' WHERE record_key = 'b'"))

    warehouse.publish(warehouse.stage("r2"), {"quarantine": frame(OPS_QUARANTINE, [held("a", TODAY)])})

    rows = warehouse.all("SELECT record_key, first_seen_on, last_seen_on, released_at FROM ops.quarantine ORDER BY 1")
    assert rows == [("a", YESTERDAY, TODAY, None), ("b", YESTERDAY, YESTERDAY, datetime(2026, 11, 22, tzinfo=UTC))]


def test_one_version_of_the_definitions_has_one_text(warehouse_of, frame):
    warehouse = warehouse_of(DIM_OWNER)

    def book(sha, hour):
        at = datetime(2026, 11, 22, hour, tzinfo=UTC)
        text = {"profile": "handoff", "text_sha256": sha, "definitions_text": f"text: {sha}", "first_used_at": at}
        return {"definitions_version": frame(OPS_DEFINITIONS_VERSION, [text])}

    warehouse.publish(warehouse.stage("r1", dim_owner=[ADA]), book("one", 1))
    warehouse.publish(warehouse.stage("r2", dim_owner=[ADA]), book("one", 2))
    with pytest.raises(ConfigurationError, match=r"handoff 2026\.1 were used before with another text"):
        warehouse.publish(warehouse.stage("r3", dim_owner=[BEN]), book("two", 3))
    assert warehouse.all("SELECT owner_id FROM curated.dim_owner") == [("a",)]
    kept = warehouse.all("SELECT text_sha256, run_id, first_used_at FROM ops.definitions_version")
    assert kept == [("one", "r1", datetime(2026, 11, 22, 1, tzinfo=UTC))]


def test_definitions_that_were_signed_meanwhile_are_kept_as_signed(warehouse_of, frame):
    warehouse = warehouse_of(DIM_OWNER)
    drafted = {"profile": "handoff", "text_sha256": "one", "definitions_text": "status: draft", "status": "draft"}
    signed = drafted | {"definitions_text": "status: approved", "status": "approved"}
    for run_id, text, day in (("r1", drafted, YESTERDAY), ("r2", signed, TODAY)):
        book = frame(
            OPS_DEFINITIONS_VERSION, [text | {"first_used_at": datetime(day.year, day.month, day.day, tzinfo=UTC)}]
        )
        warehouse.publish(warehouse.stage(run_id), {"definitions_version": book})
    rows = warehouse.all("SELECT status, definitions_text, first_used_at::date FROM ops.definitions_version")
    assert rows == [("approved", "status: approved", YESTERDAY)]


def test_what_is_counted_is_kept_for_every_run(warehouse_of, frame):
    warehouse = warehouse_of(DIM_OWNER)
    for run_id in ("r1", "r2"):
        counts = frame(OPS_CONSERVATION, [{"source_system": "crm", "stream": "deals", "fetched": 3}])
        warehouse.publish(warehouse.stage(run_id), {"conservation": counts})
    assert warehouse.all("SELECT run_id, fetched FROM ops.conservation ORDER BY 1") == [("r1", 3), ("r2", 3)]


def test_unknown_ops_tables_are_refused(warehouse_of, frame):
    warehouse = warehouse_of(DIM_OWNER)
    with pytest.raises(PublishError, match="no table named diary"):
        warehouse.publish(warehouse.stage("r1"), {"diary": pl.DataFrame()})


def test_digests_may_note_whom_they_told_while_a_run_is_published(warehouse):
    noting = sa.text("LOCK TABLE ops.notification, ops.announcement IN ROW EXCLUSIVE MODE NOWAIT")

    def report(_tables):
        with warehouse.engine.begin() as digests:
            digests.execute(noting)
        return {}

    assert warehouse.publish(warehouse.stage("r1"), report=report).run_id == "r1"


def test_a_run_is_published_once(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    run = warehouse.stage("r1", dim_owner=[ADA])
    warehouse.publish(run)
    with pytest.raises(PublishError, match="already published"):
        warehouse.publish(run)


def test_another_runs_staging_is_never_published(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.refresh("r1", dim_owner=[ADA])
    mine = warehouse.stage("r2", dim_owner=[ADA])
    warehouse.stage("r3")
    with pytest.raises(PublishError, match="r2 is not in staging any more"):
        warehouse.publish(mine)
    assert warehouse.all("SELECT owner_id, run_id FROM curated.dim_owner") == [("a", "r1")]


def test_two_rows_of_one_key_stop_the_publication_without_naming_anybody(warehouse_of):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.refresh("r1", dim_owner=[ADA])
    twice = [{"owner_id": "canary-4711", "owner_name": name} for name in ("Ada", "Ben")]
    with pytest.raises(PublishError, match=r"UniqueViolation.*curated\.dim_owner.*pk_dim_owner") as refused:
        warehouse.refresh("r2", dim_owner=twice)
    assert "canary" not in str(refused.value)
    assert warehouse.all("SELECT owner_id FROM curated.dim_owner") == [("a",)]


def test_names_are_quoted_and_never_run(warehouse_of):
    fields = tuple(
        Column(name, Kind.TEXT, f'It\'s "{name}" 100%.')
        for name in ('x"); DROP TABLE curated.dim_owner;--', '"a"', "[a]", "%s", ":p", "Select", "é z")
    )
    odd = Table("curated", 'odd "t" :x', "One.", fields, (fields[0].name, "%s"))
    warehouse = warehouse_of(odd)
    published_table(odd).metadata.create_all(warehouse.engine)
    row = {field.name: f"value of {field.name}" for field in fields}

    warehouse.refresh("r1", **{odd.name: [row]})
    warehouse.refresh("r2", **{odd.name: [row | {'"a"': "other"}]})

    with warehouse.engine.connect() as connection:
        assert dict(connection.execute(sa.select(published_table(odd))).mappings().one()) == row | {'"a"': "other"}
    assert warehouse.all("SELECT count(*) FROM curated.dim_owner") == [(0,)]
