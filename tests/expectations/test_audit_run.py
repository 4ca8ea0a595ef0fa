"""What a caller of the audit sees: results, refusals, and what nobody may see."""

import logging
from datetime import UTC, datetime

import polars as pl
import pytest

from definitions.errors import AuditRefusedError
from definitions.schema.tables import CURATED, DIM_ACCOUNT, DIM_OWNER, FCT_HYGIENE_ISSUE, OPS_AUDIT_RESULT
from expectations.audit import audit
from expectations.background import auditing
from expectations.check import Check, Measure, Suite
from expectations.fill import measure_fill
from expectations.pages import write_page
from expectations.report import CheckResult, refuse_if_critical
from expectations.suites.agreement import agreement_suite
from expectations.suites.reconciliation import reconciliation_suite
from expectations.suites.structure import TableFill, structure_suite
from expectations.suites.timeliness import timeliness_suite
from tests.databases import OTHER_SESSIONS
from tests.waiting import until

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_CANARY = "Canary Zebrafinch 4711"


def _check(**changes: object) -> Check:
    given = {"name": "a", "table": "dim_owner", "measure": Measure.FAILING_ROWS, "sql": '"owner_id" IS NULL'}
    return Check(**(given | changes))


def _one(url: str, *checks: Check) -> tuple[CheckResult, ...]:
    return audit(url, [Suite("probe", checks)], run_id="test").results


@pytest.mark.slow
class TestUnreadable:
    """What Great Expectations would call a success, or die of."""

    def test_suite_without_checks(self, url, staged):
        report = audit(url, [Suite("hollow", ())], run_id="test")
        with pytest.raises(AuditRefusedError, match="hollow: the suite has checks"):
            refuse_if_critical(report)

    def test_no_suite(self, url, staged):
        with pytest.raises(AuditRefusedError, match="checked nothing"):
            refuse_if_critical(audit(url, [], run_id="test"))

    def test_table_that_is_not_staged(self, url, staged):
        staged.execute("DROP TABLE dim_owner")
        report = audit(url, [structure_suite([DIM_OWNER])], run_id="test")
        assert report.results
        assert {(result.is_success, result.observed) for result in report.results} == {
            (False, "not measured (UndefinedTable)")
        }

    def test_published_table_does_not_stand_in_for_a_staged_one(self, url, staged):
        staged.execute("DROP TABLE dim_owner; CREATE TABLE public.dim_owner AS TABLE golden.dim_owner")
        (result,) = _one(url, _check())
        staged.execute("DROP TABLE public.dim_owner")
        assert not result.is_success

    def test_column_that_is_not_staged_fails_alone(self, url, staged):
        staged.execute("ALTER TABLE dim_owner DROP COLUMN is_queue")
        report = audit(url, [structure_suite([DIM_OWNER])], run_id="test")
        failed = [(result.expectation, result.observed) for result in report.results if not result.is_success]
        assert failed == [("dim_owner: is_queue is known", "not measured (UndefinedColumn)")]

    def test_number_that_is_null(self, url, staged):
        (result,) = _one(url, _check(measure=Measure.NUMBER, sql="max(NULL::integer)", at_most=1))
        assert (result.is_success, result.observed) == (False, "not measured (there is nothing to measure)")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("owner_id LIKE '%er:1'", 1),
        ("owner_id LIKE '%%er:1'", 1),
        ("owner_id = 'hubspot:owner:1'", 1),
        ("owner_id = 'O''Hara' OR owner_id ~ '^hubspot\\:owner'", 2),
        ("is_active IS NULL OR is_active", 1),
    ],
    ids=["per cent", "two per cents", "colon", "quote and backslash", "boolean"],
)
def test_no_sign_in_a_condition_is_special(url, staged, sql, count):
    assert [result.unexpected_count for result in _one(url, _check(sql=sql))] == [count]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "is_success", "observed"),
    [
        (_check(sql="is_active"), False, "1 of 2 rows"),
        (_check(sql="is_active", tolerance=0.5), True, "1 of 2 rows, at most 1 allowed"),
        (_check(sql="is_active", tolerance=0.49), False, "1 of 2 rows"),
        (_check(sql="is_active", tolerance=0.9, among="is_active"), False, "1 of 1 rows"),
        (_check(sql="is_active", among="NOT is_active", tolerance=0.9), False, "1 of 1 rows"),
        (_check(measure=Measure.NUMBER, sql="count(*)", at_least=2, at_most=2), True, "2 rows, expected 2 to 2"),
        (_check(measure=Measure.NUMBER, sql="count(*)", at_least=3), False, "2 rows, expected at least 3"),
        (_check(measure=Measure.NUMBER, sql="1.5", at_most=1, unit="hours"), False, "1.5 hours, expected at most 1"),
        (
            _check(measure=Measure.FAILING_COUNT, sql="3", unit="columns", explain="concat_ws(', ', 'name', 'title')"),
            False,
            "3 columns; name, title",
        ),
        (_check(sql="is_active", accepted_because="moved in May"), False, "1 of 2 rows; let through: moved in May"),
    ],
    ids=[
        "none allowed",
        "at the limit",
        "above",
        "among",
        "among others",
        "both",
        "low",
        "high",
        "explained",
        "accepted",
    ],
)
def test_what_is_told(url, staged, check, is_success, observed):
    (result,) = _one(url, check)
    assert (result.is_success, result.observed) == (is_success, observed)


@pytest.mark.slow
def test_accepted_change_of_volume_is_recorded_and_lets_the_run_through(url, staged):
    before = {"dim_account": TableFill(1000, {"domain": 1000})}
    refused = audit(url, [structure_suite([DIM_ACCOUNT], before)], run_id="test")
    with pytest.raises(AuditRefusedError, match="dim_account: rows are within -20% and"):
        refuse_if_critical(refused)
    suite = structure_suite([DIM_ACCOUNT], before, volume_accepted_because="two regions were sold")
    accepted = audit(url, [suite], run_id="test")
    refuse_if_critical(accepted)
    assert [result.observed for result in accepted.warnings if "rows are within" in result.expectation] == [
        "100 rows, expected 800 to 1500; let through: two regions were sold"
    ]


@pytest.mark.slow
def test_how_full_the_published_tables_are(url, staged):
    staged.execute("UPDATE dim_account SET industry = NULL WHERE account_id > 'hubspot:company:5'")
    known = staged.execute("SELECT count(industry) FROM dim_account").fetchone()[0]
    staged.execute("DROP TABLE dim_owner")
    told = measure_fill(url, "staging", [DIM_ACCOUNT, DIM_OWNER, FCT_HYGIENE_ISSUE], seconds=60)
    assert (told.keys(), told["dim_account"].rows) == ({"dim_account"}, 100)
    assert {name: told["dim_account"].columns[name] for name in ("domain", "industry", "country")} == {
        "domain": 100,
        "industry": known,
        "country": 0,
    }


@pytest.mark.slow
def test_whole_audit(url, staged, handoff, as_of):
    suites = [
        structure_suite(CURATED),
        agreement_suite(handoff, as_of=as_of),
        timeliness_suite(["hubspot"], as_of=as_of, now=_NOW),
        reconciliation_suite(),
    ]
    with auditing(url, suites, run_id="run-42", seconds=60, at_limit=lambda: None) as running:
        results = running.result()
    refuse_if_critical(results)
    frame = results.frame("run-42")
    assert frame.columns == OPS_AUDIT_RESULT.names
    assert frame.height == sum(len(suite.checks) for suite in suites)
    assert frame.select("run_id", "suite", "expectation").n_unique() == frame.height
    assert (frame["unexpected_count"].dtype, frame["is_success"].all()) == (pl.Int64, True)
    until(lambda: staged.execute(OTHER_SESSIONS).fetchone() == (0,))


@pytest.mark.slow
def test_no_personal_value_is_told(url, staged, handoff, as_of, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    texts = [
        f'UPDATE "{table.name}" SET {", ".join(f"{name} = %(canary)s" for name in names)}'
        for table in CURATED
        if (names := [field.name for field in table.columns if field.kind.value == "text"])
    ]
    for statement in texts:
        staged.execute(statement, {"canary": _CANARY})
    # The server quotes the value in its message when it cannot read it as a number.
    cast = _check(name="cast", table="dim_person", sql="email::integer > 0")
    explained = _check(name="told", table="dim_person", sql="true", explain="max(email::integer)")
    suites = [
        structure_suite(CURATED, {"dim_account": TableFill(100, {"industry": 100})}),
        agreement_suite(handoff, as_of=as_of),
        timeliness_suite(["hubspot"], as_of=as_of, now=_NOW),
        Suite("broken", (cast, explained)),
    ]
    report = audit(url, suites, run_id="test")
    assert write_page(tmp_path, report, run_id="test", now=_NOW) is None
    with pytest.raises(AuditRefusedError) as caught:
        refuse_if_critical(report)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    streams = "".join(capfd.readouterr())
    for seen in (repr(report), str(report.frame("r").rows()), repr(caught.value), page, caplog.text, streams):
        assert _CANARY not in seen
    assert "not measured (InvalidTextRepresentation)" in page
    assert len(report.critical_failures) > 50
