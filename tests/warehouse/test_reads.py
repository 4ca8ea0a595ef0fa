import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
import sqlalchemy as sa

from definitions.polars_types import schema_of
from definitions.schema.tables import (
    CURATED,
    DIM_OWNER,
    DIM_PERSON,
    FCT_CLASSIFICATION_CHANGE,
    FCT_HYGIENE_ISSUE,
    FCT_OPPORTUNITY,
    FCT_OPPORTUNITY_DAILY_SNAPSHOT,
    OPS_AUDIT_RESULT,
    OPS_CURSOR,
    OPS_DEFINITIONS_VERSION,
    OPS_QUARANTINE,
    OPS_RUN,
)
from warehouse.read import published as reads
from warehouse.read.frames import column_of, read_parts
from warehouse.read.lookups import explain, findings, quarantine, status
from warehouse.tables import TABLES

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_an_empty_warehouse_gives_typed_empty_frames(engine):
    for table in (DIM_PERSON, FCT_OPPORTUNITY, FCT_HYGIENE_ISSUE, OPS_RUN, OPS_QUARANTINE):
        frame = reads.published(engine, table)
        assert (frame.height, frame.schema) == (0, schema_of(table.columns)), table.name
    assert reads.last_run(engine) is None
    assert reads.row_counts(engine) == {table.name: 0 for table in CURATED}
    assert reads.published_classes(engine, "person").schema == {
        "record_id": pl.String,
        "class": pl.String,
        "class_since": pl.Date,
    }


def test_classes_come_back_by_record_in_byte_order(warehouse_of):
    warehouse = warehouse_of(DIM_PERSON, FCT_OPPORTUNITY)
    warehouse.refresh(
        "r1",
        dim_person=[
            {"person_id": "b:1", "lifecycle_class": "lead", "lifecycle_class_since": TODAY},
            {"person_id": "B:2", "lifecycle_class": "mql", "lifecycle_class_since": None},
        ],
        fct_opportunity=[{"opportunity_id": "d", "pipeline_class": "active"}],
    )
    assert reads.published_classes(warehouse.engine, "person").rows() == [("B:2", "mql", None), ("b:1", "lead", TODAY)]
    assert reads.published_classes(warehouse.engine, "opportunity").rows() == [("d", "active", None)]
    assert reads.row_counts(warehouse.engine)["dim_person"] == 2


def test_who_left_the_tables_is_known_to_be_gone(warehouse_of):
    warehouse = warehouse_of(DIM_PERSON, FCT_CLASSIFICATION_CHANGE)
    left = {"record_kind": "person", "to_class": "merged_or_deleted", "from_kind": "class"}
    warehouse.refresh(
        "r1",
        dim_person=[{"person_id": "back", "lifecycle_class": "lead", "lifecycle_class_since": TODAY}],
        fct_classification_change=[
            {**left, "change_id": "1", "record_id": "gone"},
            {**left, "change_id": "2", "record_id": "back"},
            {**left, "change_id": "3", "record_id": "a deal", "record_kind": "opportunity"},
        ],
    )
    told = reads.published_classes(warehouse.engine, "person").rows()
    assert told == [("back", "lead", TODAY), ("gone", "merged_or_deleted", None)]


def test_issues_that_are_open_or_were_resolved_today_are_alive(warehouse_of):
    warehouse = warehouse_of(FCT_HYGIENE_ISSUE)
    issues = [
        {"issue_id": "open", "state": "open", "value_at_risk": Decimal("12.34"), "evidence": '{"a": 1}'},
        {"issue_id": "today", "state": "resolved", "resolved_on": TODAY},
        {"issue_id": "past", "state": "resolved", "resolved_on": TODAY - timedelta(days=1)},
    ]
    warehouse.refresh("r1", fct_hygiene_issue=issues)
    parts = []
    reads.live_issues(warehouse.engine, TODAY, parts.append)
    alive = pl.concat(parts).sort("issue_id")
    assert alive["issue_id"].to_list() == ["open", "today"]
    assert alive.row(0, named=True)["value_at_risk"] == Decimal("12.34")
    assert json.loads(alive.row(0, named=True)["evidence"]) == {"a": 1}


def test_every_row_of_a_table_is_in_one_part_wherever_it_lies(warehouse_of):
    """Rows that were changed lie behind the others, and blocks that lost theirs are empty."""
    warehouse = warehouse_of(FCT_HYGIENE_ISSUE)
    issues = [{"issue_id": f"{number:03}", "says": "is overdue " * 20} for number in range(300)]
    warehouse.refresh("r1", fct_hygiene_issue=issues)
    warehouse.refresh("r2", fct_hygiene_issue=[one | {"says": "is late"} for one in issues[:200:2]] + issues[200:])
    table, fields = TABLES[FCT_HYGIENE_ISSUE.name], FCT_HYGIENE_ISSUE.columns
    columns = [column_of(table, field) for field in fields]
    parts = []
    read_parts(warehouse.engine, table, sa.select(*columns), fields, parts.append, part_blocks=1)
    assert len(parts) > 5
    assert all(part.schema == schema_of(fields) for part in parts)
    assert sorted(pl.concat(parts)["issue_id"]) == [
        row for (row,) in warehouse.all('SELECT issue_id FROM curated.fct_hygiene_issue ORDER BY issue_id COLLATE "C"')
    ]

    empty = []
    read_parts(
        warehouse.engine,
        TABLES[DIM_OWNER.name],
        sa.select(TABLES[DIM_OWNER.name].c.owner_id),
        [DIM_OWNER.columns[0]],
        empty.append,
    )
    assert [part.height for part in empty] == [0]


def test_the_snapshots_of_today_and_of_the_last_day_before_are_the_latest(warehouse_of):
    warehouse = warehouse_of(FCT_OPPORTUNITY_DAILY_SNAPSHOT)
    for age in (9, 5, 0):
        day = TODAY - timedelta(days=age)
        rows = [{"snapshot_date": day, "opportunity_id": f"{age} days old", "is_open": True}]
        warehouse.refresh(f"r{age}", day, fct_opportunity_daily_snapshot=rows)
    found = reads.latest_snapshots(warehouse.engine, TODAY)
    assert found["opportunity_id"].to_list() == ["5 days old", "0 days old"]
    assert found.schema == schema_of(FCT_OPPORTUNITY_DAILY_SNAPSHOT.columns)


def test_ops_tables_are_read_as_they_were_written(warehouse_of, frame):
    warehouse = warehouse_of(DIM_OWNER)
    cursor = {"source_system": "crm", "stream": "deals", "cursor": '{"after": "é"}', "high_water_at": NOON}
    text = {"profile": "handoff", "text_sha256": "abc", "definitions_text": "definitions: handoff"}
    ops_rows = {
        "cursor": frame(OPS_CURSOR, [cursor]),
        "definitions_version": frame(OPS_DEFINITIONS_VERSION, [text]),
    }
    warehouse.publish(warehouse.stage("r1"), ops_rows, report=lambda _tables: {"n": [1, "é"]})
    warehouse.publish(warehouse.stage("r2"))

    row = reads.cursors(warehouse.engine).row(0, named=True)
    assert (json.loads(row["cursor"]), row["high_water_at"], row["run_id"]) == ({"after": "é"}, NOON, "r1")
    assert reads.published(warehouse.engine, OPS_DEFINITIONS_VERSION)["definitions_text"].to_list() == [
        "definitions: handoff"
    ]
    last = reads.last_run(warehouse.engine)
    assert last is not None
    assert (last.run_id, last.as_of, last.run_status, last.report) == ("r2", TODAY, "unchanged", {})


def test_a_released_record_is_held_no_more(warehouse_of, frame):
    warehouse = warehouse_of(DIM_OWNER)
    held = [{"record_key": key, "reason_code": "no_id", "stream": "deals"} for key in ("a", "b")]
    warehouse.publish(warehouse.stage("r1"), {"quarantine": frame(OPS_QUARANTINE, held)})
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("UPDATE ops.quarantine SET released_at = now() WHERE record_key = 'b'"))
    assert quarantine(warehouse.engine)["record_key"].to_list() == ["a"]


def test_status_shows_the_last_runs_and_what_the_newest_failed(warehouse_of, frame):
    warehouse = warehouse_of(DIM_OWNER)
    held = frame(OPS_QUARANTINE, [{"record_key": key, "reason_code": "no_id"} for key in ("a", "b")])
    checks = [{"suite": "s", "expectation": name, "is_success": name == "good"} for name in ("good", "bad")]
    for run_id in ("r1", "r2"):
        ops_rows = {"quarantine": held, "audit_result": frame(OPS_AUDIT_RESULT, checks)}
        warehouse.publish(warehouse.stage(run_id, dim_owner=[{}]), ops_rows)
    now = status(warehouse.engine)
    assert now.runs["run_id"].to_list() == ["r2", "r1"]
    assert now.failed_checks.select("run_id", "expectation").rows() == [("r2", "bad")]
    assert now.quarantined["records"].to_list() == [2]
    assert now.rows["dim_owner"] == 1


def test_findings_are_worst_first_and_capped_with_their_true_number(warehouse_of):
    warehouse = warehouse_of(FCT_HYGIENE_ISSUE)

    def issue(issue_id, severity, value, **other):
        return {"issue_id": issue_id, "severity": severity, "value_at_risk": value, "state": "open", **other}

    issues = [
        issue("1", "info", Decimal(900)),
        issue("2", "critical", None),
        issue("3", "critical", Decimal(5), owner_id="o"),
        issue("4", "warning", Decimal(1), rule_id="OPP-01"),
        issue("5", "critical", Decimal(9), state="resolved"),
    ]
    warehouse.refresh("r1", fct_hygiene_issue=issues)
    shown, total = findings(warehouse.engine, limit=3)
    assert (shown["issue_id"].to_list(), total) == (["3", "2", "4"], 4)
    for asked, found in [({"severity": "critical"}, "32"), ({"rule_id": "OPP-01"}, "4"), ({"owner_ids": ["o"]}, "3")]:
        shown, total = findings(warehouse.engine, limit=9, **asked)
        assert ("".join(shown["issue_id"]), total) == (found, len(found)), asked


def test_a_record_is_found_by_whatever_it_is_called(warehouse):
    source = {"source_system": "crm", "source_object": "contact", "source_id": "7"}
    warehouse.refresh(
        "r1",
        dim_person=[{"person_id": "p1", "email_normalised": "ada@example.com"}, {"person_id": "p2"}],
        bridge_person_source=[source | {"record_key": "crm:contact:7", "person_id": "p1"}],
        fct_opportunity=[
            {"opportunity_id": "d1", "primary_person_id": "p1"},
            {"opportunity_id": "d2"},
            {"opportunity_id": "d3", "primary_person_id": "p2"},
        ],
        bridge_opportunity_source=[{"record_key": "crm:deal:9", "source_id": "9", "opportunity_id": "d2"}],
        bridge_opportunity_person=[{"opportunity_id": "d2", "person_id": "p1"}],
        fct_classification_change=[{"change_id": name, "record_id": name} for name in ("p1", "d1", "p2")],
        fct_hygiene_issue=[{"issue_id": name, "record_id": name} for name in ("p1", "d2", "p2")],
        fct_activity=[{"activity_id": "1", "person_id": "p1"}, {"activity_id": "2", "opportunity_id": "d3"}],
    )
    ada = (["p1"], ["d1", "d2"])
    for asked, (people, deals) in {
        "p1": ada,
        " Ada@Example.com ": ada,
        "crm:contact:7": ada,
        "7": ada,
        "crm:deal:9": ([], ["d2"]),
        "d3": ([], ["d3"]),
        "' OR 1=1 --": ([], []),
    }.items():
        found, both = explain(warehouse.engine, asked), {*people, *deals}
        assert found.people["person_id"].to_list() == people, asked
        assert found.opportunities["opportunity_id"].to_list() == deals, asked
        assert found.sources.height == len(people), asked
        assert set(found.changes["record_id"]) == both & {"p1", "d1", "p2"}, asked
        assert set(found.issues["record_id"]) == both & {"p1", "d2", "p2"}, asked
        assert found.activities.height == ("p1" in both) + ("d3" in both), asked
        assert found.meanings == {}


def test_what_a_class_means_is_told_in_the_words_of_the_newest_run(warehouse):
    for number, words in ((1, "Came to us."), (2, "Asked for something.")):
        warehouse.publish(
            warehouse.stage(f"r{number}"), report=lambda _tables, said=words: {"meanings": {"person": {"lead": said}}}
        )
    assert explain(warehouse.engine, "nobody").meanings == {"person": {"lead": "Asked for something."}}
