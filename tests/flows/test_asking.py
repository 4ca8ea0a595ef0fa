"""What a published warehouse answers at a terminal of eighty columns: whole words, and the right records."""

import io
import json
import os
import pty
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from flows.terminal.sandbox_process import sandbox_running
from flows.terminal.show_report import show_report
from tests.flows.conftest import CONFIG
from tests.flows.line import Line, warehouse_in
from tests.flows.terminal import bantam

pytestmark = pytest.mark.slow

STYLES = re.compile(r"\x1b\[[0-9;]*m")
# What is no word: rules, bullets, the marks of a page.
FRAME = re.compile(r"^[─━│┃•·|╭╮╰╯]+$")
WIDE = "2000"


@pytest.fixture(scope="module")
def company(server, migrated, tmp_path_factory) -> Line:
    """Sixty people in HubSpot and Salesforce, with ids and links as long as theirs; some records are set aside."""
    folder = tmp_path_factory.mktemp("asking")
    config = folder / "bantam.yaml"
    # Deals in a stage that nobody mapped are set aside, as the settings say.
    text = CONFIG.read_text().replace("      Qualification: qualification\n", "")
    costs = "      opportunity:\n        source_stage: {on_unreadable: quarantine}\n"
    assert "      opportunity:\n" in text
    text = text.replace("      opportunity:\n", costs)
    config.write_text(text.replace("quarantine_ceiling: 0.01", "quarantine_ceiling: 1"))
    with sandbox_running(60, date(2026, 11, 22)) as sandbox:
        line = Line(
            config=config, home=folder / "home", variables={**sandbox.environment, **warehouse_in(server, migrated)}
        )
        line.refresh(date(2026, 11, 22))
    return line


def asked(line: Line, *words: str, **more: str):
    return bantam(line.home, *words, **{**line.variables, "COLUMNS": "80", **more})


def one(line: Line, statement: str) -> str:
    return str(line.ask(statement)[0][0])


def is_broken(narrow: str, wide: str) -> list[str]:
    """Words that a narrow terminal shows and a wide one does not, and lines that could have been broken."""
    known = set(wide.split())
    known |= {f"{word}:" for word in known}
    words = [word for word in narrow.split() if word not in known and not FRAME.match(word)]
    too_long = [row for row in narrow.splitlines() if len(row.rstrip()) > 80 and len(row.split()) > 2]
    return words + too_long


LONG_ID = "SELECT person_id FROM curated.dim_person ORDER BY record_count DESC, length(person_id) DESC LIMIT 1"
DEAL = "SELECT opportunity_id FROM curated.fct_opportunity ORDER BY length(opportunity_id) DESC LIMIT 1"


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["findings"],
        ["findings", "--limit", "3", "--severity", "critical"],
        ["quarantine", "list"],
        ["explain", LONG_ID],
        ["explain", DEAL],
        ["definitions", "show"],
        ["definitions", "check"],
        ["warehouse", "url"],
        ["warehouse", "--help"],
    ],
    ids=" ".join,
)
def test_no_word_is_broken_at_eighty_columns(company, words):
    words = [one(company, word) if word.startswith("SELECT") else word for word in words]
    narrow, wide = (asked(company, *words, COLUMNS=columns, FORCE_COLOR="1") for columns in ("80", WIDE))
    assert (narrow.code, wide.code) == (0, 0), narrow.complaint
    shown = [STYLES.sub("", done.out) for done in (narrow, wide)]
    assert is_broken(*shown) == []
    assert "0 of 0" not in shown[0]


def test_no_word_of_the_run_report_is_broken(company):
    (path,) = (company.home / "reports").glob("*.json")
    shown = []
    for width in (80, int(WIDE)):
        console = Console(width=width, file=io.StringIO())
        show_report(json.loads(path.read_text()), console)
        shown.append(console.file.getvalue())
    assert is_broken(*shown) == []
    assert "Deals reclassified by this run" in shown[0]


MANY = re.compile(
    r"\b1 (other )?(days|times|records|systems|rows|tables|persons|people|checks|issues|kinds|ways|deals)\b"
)


def test_one_is_not_many(company):
    from flows.orchestration.artifacts import summary  # noqa: PLC0415 - imports Prefect

    told = [said for (said,) in company.ask("SELECT says FROM curated.fct_hygiene_issue")]
    assert [said for said in told if MANY.search(said) or "unknown days" in said] == []
    (path,) = (company.home / "reports").glob("*.json")
    report = json.loads(path.read_text())
    report["people"] |= {"records": 1, "persons": 1, "in_several_systems": 1}
    report["balance"] = report["balance"][:1]
    report["balance"][0] |= {"fetched": 1}
    report["audit"] |= {"checks": 1}
    report["written"] = {"dim_person": {"inserted": 1, "updated": 0, "deleted": 0}}
    report["moved"]["person"] = [row | {"records": 1} for row in report["moved"]["person"]]
    console = Console(width=80, file=io.StringIO())
    show_report(report, console)
    assert MANY.search(" ".join(console.file.getvalue().split())) is None
    assert "1 person from 1 live record" in console.file.getvalue()
    assert "1 row written in 1 table" in console.file.getvalue()
    markdown = summary(report)
    assert "1 person from 1 live record." in markdown
    assert MANY.search(markdown) is None


def test_the_page_to_sign_is_a_page_on_a_terminal_and_markdown_in_a_file(company):
    page = STYLES.sub("", asked(company, "definitions", "show", FORCE_COLOR="1").out)
    assert max(map(len, page.splitlines())) <= 80
    assert "| --- |" not in page
    assert "Test: has_won_opportunity or claims_customer" in page
    kept = asked(company, "definitions", "show").out
    assert "| --- |" in kept
    assert kept.startswith("# What we mean by lead and opportunity")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["findings", "--rule", "NOPE"], "there is no such rule; there are CON-01"),
        (["findings", "--rule", "opp-1"], "did you mean OPP-01? There are"),
        (["findings", "--severity", "critcal"], "did you mean critical? There are critical, warning, info"),
        (["findings", "--owner", "hubspot:owner:none"], "did you mean hubspot:owner:"),
        (["explain", "nobody at all"], "bantam quarantine list"),
        (["explain", "\udcff"], "bantam quarantine list"),
        (["explain", "100%_'\"\\;--"], "bantam quarantine list"),
        (["explain", ""], "bantam quarantine list"),
        (["explain", "x" * 5000], "bantam quarantine list"),
    ],
    ids=["rule", "nearly a rule", "severity", "owner", "name", "bytes", "signs", "empty", "long"],
)
def test_what_names_nothing_is_an_error_that_says_what_there_is(company, words, says):
    done = asked(company, *words)
    assert (done.code, done.out) == (2, "")
    assert says in done.complaint
    assert "Traceback" not in done.complaint


def test_a_rule_without_issues_is_no_error(company):
    idle = one(
        company,
        "SELECT split_part(key, ' ', 1) FROM (SELECT jsonb_object_keys(report::jsonb -> 'actions') key FROM ops.run) k "
        "WHERE split_part(key, ' ', 1) NOT IN (SELECT rule_id FROM curated.fct_hygiene_issue) LIMIT 1",
    )
    done = asked(company, "findings", "--rule", idle)
    assert (done.code, done.out) == (0, "0 of 0 open issues.\n")


def test_issues_of_an_owner_are_found_by_id_name_and_address(company):
    owner, name, address, issues = company.ask(
        "SELECT owner_id, owner_name, owner_email, count(*) FROM curated.fct_hygiene_issue "
        "JOIN curated.dim_owner USING (owner_id) WHERE state = 'open' GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 1"
    )[0]
    for word in (owner, f" {name.upper()}", address):
        assert f" of {issues} open issue" in asked(company, "findings", "--owner", word, "--limit", "1").out


def test_findings_show_what_explain_takes(company):
    shown = asked(company, "findings", "--limit", "1", COLUMNS=WIDE).out
    found = one(company, "SELECT record_id FROM curated.fct_hygiene_issue WHERE state = 'open' AND strpos("
                f"$text${shown}$text$, record_id) > 0")  # fmt: skip
    assert asked(company, "explain", found).code == 0


def test_explain_takes_a_name_a_link_and_lists_those_that_several_have(company):
    person, name, link = company.ask(
        "SELECT person_id, first_name || ' ' || last_name, source_url FROM curated.dim_person p WHERE "
        "(SELECT count(*) FROM curated.dim_person o WHERE (o.first_name, o.last_name) = (p.first_name, p.last_name)) "
        "= 1 AND source_url IS NOT NULL AND first_name !~ '[^A-Za-z]' LIMIT 1"
    )[0]
    by_name, by_link = asked(company, "explain", f"  {name.upper()} "), asked(company, "explain", link)
    assert by_name.code == by_link.code == 0, by_name.complaint
    assert person in by_name.out
    assert by_link.out == by_name.out

    account, ids = company.ask(
        "SELECT a.name, array_agg(opportunity_id) FROM curated.fct_opportunity o JOIN curated.dim_account a "
        "USING (account_id) GROUP BY 1 HAVING count(*) BETWEEN 2 AND 9 ORDER BY 1 LIMIT 1"
    )[0]
    listed = asked(company, "explain", account)
    assert listed.code == 0
    assert "Several are called so; explain one by its id" in listed.out
    assert [record for record in ids if record not in listed.out] == []

    deal, deal_name = company.ask(
        "SELECT opportunity_id, name FROM curated.fct_opportunity o WHERE name !~ '[<>]' AND "
        "(SELECT count(*) FROM curated.fct_opportunity t WHERE t.name = o.name) = 1 LIMIT 1"
    )[0]
    assert deal in asked(company, "explain", deal_name).out


def test_a_message_is_broken_between_words_on_a_terminal_and_is_whole_in_a_log(tmp_path):
    command = [str(Path(sys.executable).with_name("bantam")), "findings", "--severity", "none of these"]
    surroundings = {**os.environ, "COLUMNS": "40"}
    whole = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False).stderr
    parent, child = pty.openpty()
    with os.fdopen(parent, "rb", buffering=0) as terminal:
        done = subprocess.run(command, env=surroundings, stderr=child, check=False)
        os.close(child)
        shown = terminal.read(10_000).decode().replace("\r\n", "\n")
    assert done.returncode == 2
    assert len(whole.splitlines()) == 1
    assert len(shown.splitlines()) > 1
    assert max(map(len, shown.splitlines())) <= 40
    assert shown.split() == whole.split()
