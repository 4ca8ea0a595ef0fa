"""One scan of a table serves every suite, and whatever is broken in it fails alone."""

from datetime import UTC, date, datetime
from math import inf

import psycopg
import pytest

from definitions.schema.tables import DIM_DATE, DIM_OWNER, FCT_OPPORTUNITY_DAILY_SNAPSHOT
from expectations.audit import audit
from expectations.check import Check, Measure, Suite
from expectations.measure import long_table, measure
from expectations.suites.structure import structure_suite
from expectations.suites.timeliness import timeliness_suite

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_FRESH = timeliness_suite(["hubspot"], as_of=date(2026, 11, 20), now=_NOW)


def _check(name: str, sql: str, table: str = "dim_owner") -> Check:
    return Check(name=name, table=table, measure=Measure.FAILING_ROWS, sql=sql)


def _told(url: str, *suites: Suite) -> dict[tuple[str, str], str]:
    report = audit(url, suites, run_id="test")
    return {(result.suite, result.expectation): result.observed for result in report.results}


class _Recorder:
    """A connection that remembers what it was asked."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self.asked: list[str] = []

    def execute(self, sql: str) -> psycopg.Cursor:
        self.asked.append(sql)
        return self.connection.execute(sql)


@pytest.mark.slow
def test_each_table_is_scanned_once_for_all_suites(staged):
    suites = [Suite(name, (_check("a", "is_active"), _check("b", f"owner_id = '{name}'"))) for name in ("one", "two")]
    recorder = _Recorder(staged)
    metrics = measure(recorder, suites)
    assert [(one.suite, one.check.name, one.number, one.rows) for one in metrics] == [
        ("one", "a", 1, 2), ("one", "b", 0, 2), ("two", "a", 1, 2), ("two", "b", 0, 2),
    ]  # fmt: skip
    (asked,) = recorder.asked
    assert asked.count("is_active") == 1, "what two suites ask is asked once"


def test_the_long_table_has_a_row_for_each_check(staged):
    within = Check(name="rows", table="dim_owner", measure=Measure.NUMBER, sql="count(*)", at_least=1)
    some = Check(
        name="some", table="dim_owner", measure=Measure.FAILING_ROWS, sql="is_active", tolerance=0.5, severity="warning"
    )
    suites = [Suite("probe", (within, some, _check("lost", "no_such_column"))), Suite("hollow", ())]
    assert long_table(measure(staged, suites)).rows() == [
        ("probe", "dim_owner", "rows", "critical", 2, 1, inf),
        ("probe", "dim_owner", "some", "warning", 1, 0, 1),
        ("probe", "dim_owner", "lost", "critical", None, 0, 0),
        ("hollow", "none", "hollow: the suite has checks", "critical", 0, 1, inf),
    ]


@pytest.mark.slow
def test_more_checks_than_a_query_can_hold_are_all_judged(url, staged):
    """Totals of two dozen currencies for each of several sources come to a thousand, and one of them is far out."""
    many = [_check(f"owner {number}", f"owner_id = 'hubspot:owner:{number}'") for number in range(1800)]
    results = audit(url, [Suite("many", (*many, _check("bad", "nothing_like_it")))], run_id="test")
    assert len(results.results) == 1801
    assert [result.expectation for result in results.critical_failures] == ["owner 1", "owner 2", "bad"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sql", "why"),
    [("no_such_column > 0", "UndefinedColumn"), ("owner_id::integer > 0", "InvalidTextRepresentation")],
    ids=["found in planning", "found on a value"],
)
def test_what_cannot_be_counted_fails_alone(url, staged, sql, why):
    suites = Suite("one", (_check("good", "is_active"), _check("bad", sql))), Suite("two", (_check("good", "true"),))
    assert _told(url, *suites) == {
        ("one", "good"): "1 of 2 rows",
        ("one", "bad"): f"not measured ({why})",
        ("two", "good"): "2 of 2 rows",
    }


@pytest.mark.slow
def test_freshness_is_not_measured_where_a_table_of_dated_records_is_away(url, staged):
    """The tables that are left could make a source look silent, or as fresh as it is not."""
    staged.execute("ALTER TABLE fct_activity DROP COLUMN source_updated_at")
    told = _told(url, _FRESH)
    assert told["timeliness", "hubspot: something changed in the last 26 hours"] == "not measured (UndefinedColumn)"
    assert told["timeliness", "dim_person: no record was changed in the future"] == "0 of 15 rows"


@pytest.mark.slow
def test_freshness_alone_scans_what_no_other_check_is_about(url, staged):
    fresh = tuple(check for check in _FRESH.checks if check.table == "all_records")
    told = _told(url, Suite("timeliness", fresh))
    assert set(told.values()) == {"6 hours, expected at most 26", "6 hours, expected at most 50"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sabotage", "observed"),
    [
        ("INSERT INTO dim_owner SELECT o.* FROM dim_owner AS o, generate_series(1, 3)", "6 of 8 rows"),
        ("UPDATE dim_owner SET owner_id = NULL", "0 of 2 rows"),
        ("UPDATE dim_owner SET owner_id = 'a'", "1 of 2 rows"),
        (
            "INSERT INTO dim_owner TABLE dim_owner; INSERT INTO dim_owner (owner_id) VALUES (NULL), (NULL)",
            "2 of 6 rows",
        ),
    ],
    ids=["copies beyond the first", "null is told as unknown", "two of one key", "copies and nulls"],
)
def test_keys_that_are_not_unique(url, staged, sabotage, observed):
    staged.execute(sabotage)
    assert _told(url, structure_suite([DIM_OWNER]))["structure", "dim_owner: owner_id is unique"] == observed


@pytest.mark.slow
def test_keys_of_two_columns_and_of_days(url, staged):
    tables = [DIM_DATE, FCT_OPPORTUNITY_DAILY_SNAPSHOT]
    staged.execute("INSERT INTO dim_date TABLE dim_date")
    # One column alone may repeat, and so may the text of both put together.
    for day, deal in (("2026-11-20", "b"), ("2026-11-21", "b"), ("2026-11-21", "c"), ("2026-11-21", "c")):
        staged.execute(
            "INSERT INTO fct_opportunity_daily_snapshot (snapshot_date, opportunity_id) VALUES (%s, %s)", (day, deal)
        )
    told = _told(url, structure_suite(tables))
    assert told["structure", "dim_date: calendar_date is unique"] == "1 of 2 rows"
    both = "fct_opportunity_daily_snapshot: snapshot_date and opportunity_id are unique"
    assert told["structure", both] == "1 of 5 rows"
