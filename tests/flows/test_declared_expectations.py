"""Expectations that a customer declares: those of the README, run as it says, and every mistake in them."""

import io
import json
import subprocess
import sys
from datetime import date

import pytest
from rich.console import Console

from definitions.errors import AuditRefusedError, ConfigurationError
from flows.settings import load_settings
from flows.terminal.show_report import show_report
from tests.flows.line import ROOT
from tests.flows.shop import CONFIG, opened_shop

MONDAY = date(2026, 11, 23)
SECTION = (ROOT / "README.md").read_text(encoding="utf-8").partition("### Your own expectations")[2]
DECLARED = SECTION.partition("```yaml\n")[2].partition("```")[0]
AMOUNTS = "fct_opportunity: ExpectColumnValuesToBeBetween, column amount, min_value 0, max_value 5000000"
CLOSE_DATES = "fct_opportunity: nine deals in ten have a close date"
ACCOUNTS = "fct_opportunity: UnexpectedRowsExpectation"
KEPT = "SELECT expectation, is_blocking, is_success, observed FROM ops.audit_result WHERE suite = 'declared' ORDER BY 1"


def shop_with(folder, server, *deals, declared=DECLARED):
    line = opened_shop(folder / "shop", deals, server)
    line.config.write_text(CONFIG + declared)
    return line


def told(report):
    console = Console(width=200, record=True, file=io.StringIO())
    show_report(report, console)
    return console.export_text()


def page_of(line):
    return (line.home / "data_docs" / "index.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("in_a_file", [False, True], ids=["in bantam.yaml", "in a file of their own"])
def test_the_three_of_the_readme_pass(tmp_path, server, in_a_file):
    line = shop_with(tmp_path, server, "1,Acme,Talking,2026-12-01,100", "2,Beta,Won,2026-10-01,200")
    if in_a_file:
        line.config.write_text(CONFIG + "expectations: expectations.yaml\n")
        (line.config.parent / "expectations.yaml").write_text(DECLARED)
    report = line.refresh(MONDAY)
    assert report["status"] == "published"
    assert line.ask(KEPT) == [
        (AMOUNTS, True, True, "0 of 2 rows unexpected"),
        (ACCOUNTS, False, True, "0 rows unexpected"),
        (CLOSE_DATES, False, True, "0 of 2 rows unexpected"),
    ]
    assert "declared: fct_opportunity" in page_of(line)


@pytest.mark.slow
def test_a_failed_critical_one_refuses_the_publication(tmp_path, server):
    line = shop_with(tmp_path, server, "1,Acme,Talking,2026-12-01,100", "2,Beta,Won,2026-10-01,-31.5")
    with pytest.raises(AuditRefusedError) as refused:
        line.refresh(MONDAY)
    assert refused.value.exit_code == 5
    assert f"- {AMOUNTS} (declared): 1 of 2 rows unexpected" in str(refused.value)
    assert line.ask("SELECT count(*) FROM curated.fct_opportunity") == [(0,)]
    assert line.ask(KEPT)[0] == (AMOUNTS, True, False, "1 of 2 rows unexpected")
    assert "Refused: 1 of" in page_of(line)
    for seen in (str(refused.value), page_of(line), str(line.ask("SELECT observed FROM ops.audit_result"))):
        assert "31.5" not in seen, "counts only"


@pytest.mark.slow
def test_failed_warnings_are_published_and_told_first(tmp_path, server):
    line = shop_with(tmp_path, server, "1,Acme,Talking,,100000.5", "2,Beta,Won,2026-10-01,200")
    report = line.refresh(MONDAY)
    assert report["status"] == "published"
    assert line.ask("SELECT count(*) FROM curated.fct_opportunity") == [(2,)]
    said = [f"{CLOSE_DATES}: 1 of 2 rows unexpected", f"{ACCOUNTS}: 1 rows unexpected"]
    assert [f"{row['expectation']}: {row['observed']}" for row in report["audit"]["failed"]][:2] == said
    assert all(words in told(report) for words in said)
    (written,) = line.home.glob("reports/*.json")
    assert json.loads(written.read_text())["audit"] == report["audit"]
    assert CLOSE_DATES in page_of(line)


def mistaken(old, new):
    assert old in DECLARED
    return DECLARED.replace(old, new, 1)


_MISTAKES = {
    "class": ("ValuesToBeBetween", "ValueToBeBetween",
              "no expectation 'ExpectColumnValueToBeBetween'; did you mean ExpectColumnValuesToBeBetween?"),
    "argument": ("min_value", "minimum_value", "no argument 'minimum_value'; did you mean min_value?"),
    "table": ("fct_opportunity", "fct_oportunity", "no curated table 'fct_oportunity'; did you mean fct_opportunity?"),
    "column": ("column: amount", "column: amnt", "fct_opportunity has no column 'amnt'; did you mean amount?"),
    "severity": ("severity: critical", "severity: crit", "must be critical or warning; did you mean critical?"),
    "key": ("severity: critical", "severty: critical", "unknown key 'severty'; did you mean severity?"),
    "missing argument": ("{column: amount, min", "{min", "needs the argument 'column'"),
    "value": ("mostly: 0.9", "mostly: most", "does not take this 'mostly': value is not a valid float"),
    "severity among arguments": ("mostly: 0.9", "severity: 'critical'", "severity stands beside the arguments"),
    "query without the table": ("{batch}", "fct_opportunity WHERE", "write {batch} where the table stands"),
    "condition": ("mostly: 0.9", "row_condition: amount > 5", "a condition is not text; write it as {type: "),
    "column of a condition": ("mostly: 0.9", "row_condition: {type: nullity, column: {name: amnt}, is_null: false}",
                              "fct_opportunity has no column 'amnt'; did you mean amount?"),
    "word of a condition": ("mostly: 0.9", "row_condition: {type: nullity, column: {name: amount}, is_nul: false}",
                            "does not take this 'row_condition'"),
    "not for PostgreSQL": ("ValuesToBeBetween", "ValuesToBeIncreasing", "cannot be evaluated in PostgreSQL"),
    "no list": (DECLARED, "expectations: {table: dim_person}\n", "must be a list"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new", "said"), _MISTAKES.values(), ids=_MISTAKES)
def test_a_mistake_is_told_with_its_line_before_anything_is_pulled(tmp_path, old, new, said):
    shop = shop_with(tmp_path, None, "1,Acme,Talking,2026-12-01,100", declared=mistaken(old, new))
    text = shop.config.read_text()
    line = text[: text.index(new)].count("\n") + 1
    with pytest.raises(ConfigurationError) as refused:
        shop.refresh(MONDAY)
    assert refused.value.exit_code == 2
    assert f"bantam.yaml:{line}: " in str(refused.value)
    assert said in str(refused.value)
    assert not shop.home.exists(), "nothing is pulled, and no warehouse is made"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("column: amount", "column: amnt", "expectations.yaml:5: fct_opportunity has no column 'amnt'"),
        ("min_value", "minimum_value", "expectations.yaml:5: ExpectColumnValuesToBeBetween has no argument"),
    ],
    ids=["of ours", "of Great Expectations"],
)
def test_a_mistake_in_a_file_of_its_own_is_told_there(tmp_path, old, new, words):
    shop = shop_with(tmp_path, None, declared="expectations: expectations.yaml\n")
    (shop.config.parent / "expectations.yaml").write_text(mistaken(old, new))
    with pytest.raises(ConfigurationError, match=words):
        shop.refresh(MONDAY)


def test_a_file_that_is_not_there_is_named(tmp_path):
    shop = shop_with(tmp_path, None, declared="expectations: nowhere.yaml\n")
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml: cannot be read"):
        load_settings(shop.config)


@pytest.mark.slow
def test_who_audits_nothing_does_not_import_great_expectations(tmp_path):
    """Commands such as `bantam status` and `bantam digests` read the settings too."""
    shop = shop_with(tmp_path, None, "1,Acme,Talking,2026-12-01,100")
    program = (
        "import sys\nfrom flows.run.request import read_request\n"
        f"read_request({str(shop.config)!r}, data=None, as_of=None, sources=None, audits=False)\n"
        "sys.exit('great_expectations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
