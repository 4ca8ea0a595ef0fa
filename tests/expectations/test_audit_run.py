"""What a caller of the audit sees: results, refusals, Data Docs; and what nobody may see."""

import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from definitions.errors import AuditRefusedError
from definitions.schema.tables import CURATED, DIM_ACCOUNT, DIM_OWNER, FCT_HYGIENE_ISSUE, OPS_AUDIT_RESULT
from expectations.agreement import agreement_suite
from expectations.beside import auditing
from expectations.counts import filled
from expectations.reconciliation import reconciliation_suite
from expectations.report import AuditReport, CheckResult, refuse_if_blocking
from expectations.run import audit
from expectations.structure import Filled, structure_suite
from expectations.suite import Check, Measure, Suite
from expectations.times import times_suite
from tests.databases import OTHER_SESSIONS
from tests.waiting import until

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_CANARY = "Canary Zebrafinch 4711"


def _check(**changes: object) -> Check:
    given = {"name": "a", "table": "dim_owner", "measure": Measure.FAILING_ROWS, "sql": '"owner_id" IS NULL'}
    return Check(**(given | changes))


def _one(url: str, *checks: Check) -> tuple[CheckResult, ...]:
    return audit(url, [Suite("probe", checks)], run_id="test").report.results


def _documented(url: str, suites: Sequence[Suite], run_id: str, folder: Path) -> AuditReport:
    """Audit as a run does, and write the pages."""
    with auditing(url, suites, run_id=run_id, seconds=60, at_limit=lambda: None) as running:
        report = running.report()
    assert running.write_pages(folder, now=_NOW) is None
    return report


@pytest.mark.slow
class TestUnreadable:
    """What Great Expectations would call a success, or die of."""

    def test_suite_without_checks(self, url, staged):
        report = audit(url, [Suite("hollow", ())], run_id="test").report
        with pytest.raises(AuditRefusedError, match="hollow: the suite has checks"):
            refuse_if_blocking(report)

    def test_no_suite(self, url, staged):
        with pytest.raises(AuditRefusedError, match="checked nothing"):
            refuse_if_blocking(audit(url, [], run_id="test").report)

    def test_table_that_is_not_staged(self, url, staged):
        staged.execute("DROP TABLE dim_owner")
        report = audit(url, [structure_suite([DIM_OWNER])], run_id="test").report
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
        report = audit(url, [structure_suite([DIM_OWNER])], run_id="test").report
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
            _check(measure=Measure.FAILING_COUNT, sql="3", unit="columns", explain="SELECT 'name, title'"),
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
    before = {"dim_account": Filled(1000, {"domain": 1000})}
    refused = audit(url, [structure_suite([DIM_ACCOUNT], before)], run_id="test").report
    with pytest.raises(AuditRefusedError, match="dim_account: rows are within -20% and"):
        refuse_if_blocking(refused)
    suite = structure_suite([DIM_ACCOUNT], before, volume_accepted_because="two regions were sold")
    accepted = audit(url, [suite], run_id="test").report
    refuse_if_blocking(accepted)
    assert [result.observed for result in accepted.warnings if "rows are within" in result.expectation] == [
        "100 rows, expected 800 to 1500; let through: two regions were sold"
    ]


@pytest.mark.slow
def test_how_full_the_published_tables_are(url, staged):
    staged.execute("UPDATE dim_account SET industry = NULL WHERE account_id > 'hubspot:company:5'")
    known = staged.execute("SELECT count(industry) FROM dim_account").fetchone()[0]
    staged.execute("DROP TABLE dim_owner")
    told = filled(url, "staging", [DIM_ACCOUNT, DIM_OWNER, FCT_HYGIENE_ISSUE], seconds=60)
    assert (told.keys(), told["dim_account"].rows) == ({"dim_account"}, 100)
    assert {name: told["dim_account"].columns[name] for name in ("domain", "industry", "country")} == {
        "domain": 100,
        "industry": known,
        "country": 0,
    }


@pytest.mark.slow
def test_whole_audit_with_data_docs(url, staged, handoff, as_of, tmp_path, caplog):
    suites = [
        structure_suite(CURATED),
        agreement_suite(handoff, as_of=as_of),
        times_suite(["hubspot"], as_of=as_of, now=_NOW),
        reconciliation_suite(),
    ]
    for run_id in ("run-41", "run-42"):
        report = _documented(url, suites, run_id, tmp_path)
        refuse_if_blocking(report)
    frame = report.frame("run-42")
    assert frame.columns == OPS_AUDIT_RESULT.names
    assert frame.height == sum(len(suite.checks) for suite in suites)
    assert frame.select("run_id", "suite", "expectation").n_unique() == frame.height
    assert (frame["unexpected_count"].dtype, frame["is_success"].all()) == (pl.Int64, True)
    _assert_pages_are_private(tmp_path)
    left = staged.execute("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'audit\\_%'").fetchone()
    assert left == (0,)
    until(lambda: staged.execute(OTHER_SESSIONS).fetchone() == (0,))


def _assert_pages_are_private(folder: Path) -> None:
    pages = sorted(folder.rglob("*.html"))
    assert len(pages) > 20
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".html"}
    assert {page.relative_to(folder).parts[0] for page in pages} == {"index.html", "validations"}
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"<(?:script|link|img|iframe)\b", text) == [], page
        assert "default-src 'none'" in text
        for link in re.findall(r'href="([^"#]+)"', text):
            assert (page.parent / link).is_file(), f"{page}: {link}"
        assert len(re.findall("<title>[^<]+</title>", text)) == 1
        assert "Run run-42, audited at 2026-11-20 12:00:00 UTC." in text
        assert "aria-current" not in text
        (verdict,) = re.findall(r'<p class="verdict">(.*?)</p>', text)
        assert "Passed: none of" in verdict
    assert {path.stat().st_mode & 0o077 for path in [folder, *folder.rglob("*")]} == {0}
    assert "<h1>Audit of run run-42</h1>" in (folder / "index.html").read_text(encoding="utf-8")


def _seen_on(page: Path) -> str:
    """What a reader sees: each mark as a sign, the rest without its tags."""
    text = page.read_text(encoding="utf-8").partition("</head>")[2]
    signs = {"text-success": "+", "passes": "+", "text-danger": "x", "stops": "x", "text-warning": "!", "warns": "!"}
    for mark, sign in signs.items():
        text = re.sub(rf'<\w+ class="(?:fas fa-[a-z-]+ )?{mark}[^>]*>', f"{sign} ", text)
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


@pytest.mark.slow
def test_every_page_tells_what_stops_from_what_only_warns(url, staged, tmp_path):
    checks = (
        _check(name="Ada's <check> & more", sql="is_active", is_blocking=False),
        _check(name="stops", sql="NOT is_active"),
        _check(name="passes", sql="false"),
    )
    _documented(url, [Suite("probe", checks), Suite("fine", checks[2:])], "run-7", tmp_path)
    seen = _seen_on(tmp_path / "validations" / "probe-dim_owner.html")
    assert (
        "probe: dim_owner x Refused: 1 of 3 checks failed and stops the publication. 1 more failed and is told, which "
        "stops nothing. Run run-7, audited at 2026-11-20 12:00:00 UTC."
    ) in seen
    for line in ("! Ada's &lt;check&gt; &amp; more is_active 1", "x stops NOT is_active 1", "+ passes false 0"):
        assert line in seen
    index = _seen_on(tmp_path / "index.html")
    assert "Audit of run run-7 x Refused: 1 of 4 checks failed" in index
    assert "x stops 1 of 2 rows ! Ada&#x27;s &lt;check&gt; &amp; more 1 of 2 rows" in index
    assert "x probe dim_owner 3 2 + fine dim_owner 1 0" in index


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
    explained = _check(name="told", table="dim_person", sql="true", explain="SELECT email::integer FROM dim_person")
    suites = [
        structure_suite(CURATED, {"dim_account": Filled(100, {"industry": 100})}),
        agreement_suite(handoff, as_of=as_of),
        times_suite(["hubspot"], as_of=as_of, now=_NOW),
        Suite("broken", (cast, explained)),
    ]
    report = _documented(url, suites, "test", tmp_path)
    with pytest.raises(AuditRefusedError) as caught:
        refuse_if_blocking(report)
    pages = "".join(page.read_text(encoding="utf-8") for page in tmp_path.rglob("*.html"))
    streams = "".join(capfd.readouterr())
    for seen in (repr(report), str(report.frame("r").rows()), repr(caught.value), pages, caplog.text, streams):
        assert _CANARY not in seen
    assert "not measured (InvalidTextRepresentation)" in pages
    assert len(report.blocking_failures) > 50
