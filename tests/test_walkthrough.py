"""The changes that `definitions/README.md` walks through, made in a copy of the repository, to the letter."""

import filecmp
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.excerpts import write_maven
from tests.flows.line import ROOT, warehouse_in

pytestmark = pytest.mark.slow

WALKTHROUGH = ROOT / "definitions" / "README.md"
ROOMS = (
    "benchmarks", "connectors", "definitions", "examples", "expectations", "flows", "sandbox", "tests", "transforms",
    "warehouse",
)  # fmt: skip
_CHANGE = re.compile(r"^In `([^`]+)`, (before|after) `([^`]+)`:\n\n```\w+\n(.*?)```$", re.MULTILINE | re.DOTALL)
_REPLACEMENTS = re.compile(
    r"^In `([^`]+)`, replace wherever it stands:\n\n\| this \| by this \|\n\|---\|---\|\n((?:\|.*\n)+)", re.MULTILINE
)
_CELL = re.compile(r"`([^`]+)`")
_PAGE = """
from definitions.agreement.load import load_definitions
from definitions.agreement.page.page import render_markdown
print(render_markdown(load_definitions("handoff")))
"""
_REFRESH = """
import sys
from datetime import date
from pathlib import Path
from tests.flows.line import refresh
report = refresh("examples/maven_crm/bantam.yaml", Path(sys.argv[1]), date(2018, 1, 1))
print(report["status"], {row["difference"] for row in report["balance"]})
"""
_ASK = """
import os, sys
import sqlalchemy as sa
from warehouse.connect import engine_for
with engine_for(os.environ["BANTAM_WAREHOUSE_URL"]).connect() as connection:
    print([tuple(row) for row in connection.execute(sa.text(sys.argv[1]))])
"""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the repository, and a warehouse and a home for its runs."""

    root: Path
    variables: dict[str, str]

    def python(self, *arguments: str) -> str:
        environment = {**os.environ, **self.variables, "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def ask(self, statement: str) -> str:
        return self.python("-c", _ASK, statement).strip()

    def change(self, heading: str) -> None:
        """Make the changes that a section of the walkthrough tells."""
        section = WALKTHROUGH.read_text().split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]
        insertions, replacements = _CHANGE.findall(section), _REPLACEMENTS.findall(section)
        assert insertions or replacements
        for name, rows in replacements:
            path = self.root / name
            for row in rows.splitlines():
                old, new = _CELL.findall(row)
                assert old in path.read_text()
                path.write_text(path.read_text().replace(old, new))
        for name, where, anchor, block in insertions:
            path = self.root / name
            lines = path.read_text().splitlines(keepends=True)
            (place,) = [number for number, line in enumerate(lines) if line.startswith(anchor)]
            lines.insert(place + (where == "after"), block)
            path.write_text("".join(lines))

    def page(self) -> str:
        """Return the page to sign."""
        return self.python("-c", _PAGE)

    def touched(self) -> set[str]:
        """Files that differ from the repository's, or are not in it."""
        ours = (path for room in ROOMS for path in (self.root / room).rglob("*") if path.is_file())
        names = (path.relative_to(self.root) for path in ours)
        return {
            str(name)
            for name in names
            if not (ROOT / name).exists() or not filecmp.cmp(ROOT / name, self.root / name, shallow=False)
        }


@pytest.fixture
def copy(server, migrated, tmp_path) -> Copy:
    root = tmp_path / "copy"
    for room in ROOMS:
        shutil.copytree(ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__"))
    return Copy(root, {**warehouse_in(server, migrated), "BANTAM_HOME": str(tmp_path / "home")})


@pytest.fixture
def exports(tmp_path) -> str:
    folder = tmp_path / "exports"
    folder.mkdir()
    return str(write_maven(folder))


def test_a_class_is_one_file_and_needs_no_migration(copy, exports):
    copy.change("A class")
    assert copy.touched() == {"definitions/profiles/handoff.yaml"}
    assert copy.python("-c", _REFRESH, exports).split() == ["published", "{0}"]
    worn = "SELECT count(*) FROM curated.fct_opportunity WHERE pipeline_class = 'unpriced'"
    assert copy.ask(worn) == "[(5,)]"
    meaning = "SELECT meaning FROM curated.dim_word WHERE vocabulary = 'opportunity_class' AND word = 'unpriced'"
    assert copy.ask(meaning) == "[('Open without an amount.',)]"


def test_a_hygiene_rule_is_one_file_and_its_findings_are_published(copy, exports):
    copy.change("A hygiene rule")
    assert copy.touched() == {"definitions/profiles/handoff.yaml"}
    assert copy.python("-c", _REFRESH, exports).split() == ["published", "{0}"]
    found = copy.ask("SELECT record_id, severity, says FROM curated.fct_hygiene_issue WHERE rule_id = 'OPP-06'")
    says = "Stage, close date and amount have not changed for 179 days."
    assert found == f"[('maven:opportunities:AAAA0006', 'warning', '{says}')]"
    assert "| **OPP-06** |" in copy.page()


def test_a_criterion_is_one_file_and_stages_may_require_it(copy, exports):
    copy.change("A criterion")
    assert copy.touched() == {"definitions/profiles/handoff.yaml"}
    assert copy.python("-c", _REFRESH, exports).split() == ["published", "{0}"]
    state = "criteria -> 'company' ->> 'state'"
    counted = copy.ask(f"SELECT {state}, count(*) FROM curated.fct_opportunity GROUP BY 1 ORDER BY 1")
    assert counted == "[('met', 5), ('not_met', 3)]"
    missing = copy.ask("SELECT source_id FROM curated.fct_opportunity WHERE missing_criteria LIKE '%company%'")
    assert missing == "[('AAAA0004',)]"
    assert "Which company is buying?" in copy.page()


def test_a_threshold_is_one_file_and_moves_records_of_a_warehouse_that_is_in_use(copy, exports):
    def deals_by_class() -> str:
        assert copy.python("-c", _REFRESH, exports).split() == ["published", "{0}"]
        counts = "SELECT pipeline_class, count(*) FROM curated.fct_opportunity WHERE is_open GROUP BY 1 ORDER BY 1"
        return copy.ask(counts)

    assert deals_by_class() == "[('abandoned', 2), ('no_close_date', 3)]"
    copy.change("A threshold")
    assert copy.touched() == {"definitions/profiles/handoff.yaml"}
    assert deals_by_class() == "[('no_close_date', 5)]"
    moved = "SELECT to_class, count(*) FROM curated.fct_classification_change WHERE from_class = 'abandoned' GROUP BY 1"
    assert copy.ask(moved) == "[('no_close_date', 2)]"
    page = copy.page()
    assert "days_since_change >= 365" in page
    assert "days_since_change >= 180" not in page


def test_a_column_is_two_files_and_a_generated_migration(copy, exports):
    copy.change("A column")
    touched = copy.touched()
    assert touched == {"definitions/schema/account.py", "transforms/pipeline/curate_people.py"}
    copy.python("-m", "warehouse.migrations.generate", "Tell small accounts from large ones")
    (migration,) = copy.touched() - touched
    assert migration.startswith("warehouse/migrations/versions/")
    assert copy.python("-c", _REFRESH, exports).split() == ["published", "{0}"]
    assert copy.ask("SELECT size_class, count(*) FROM curated.dim_account GROUP BY 1 ORDER BY 1") == (
        "[('large', 1), ('small', 1)]"
    )
    assert "nothing to change" in copy.python("-m", "warehouse.migrations.generate", "Nothing")


def test_a_column_that_no_step_delivers_is_named_before_anything_is_published(copy, exports):
    path = copy.root / "definitions" / "schema" / "account.py"
    line = '        Column("size_class", TEXT, "Size."),\n        Column("annual_revenue", MONEY'
    path.write_text(path.read_text().replace('        Column("annual_revenue", MONEY', line))
    copy.python("-m", "warehouse.migrations.generate", "Tell small accounts from large ones")
    with pytest.raises(AssertionError, match=r"dim_account: declared, and delivered by no step: size_class"):
        copy.python("-c", _REFRESH, exports)


def test_a_field_of_a_customers_own_is_one_entry_that_rules_may_name(copy):
    copy.change("A field of a customer's own")
    assert copy.touched() == {"examples/hubspot_salesforce/bantam.yaml"}
    told = copy.python(
        "-c",
        "from pathlib import Path\n"
        "from flows.settings import load_settings\n"
        "from definitions.agreement.load import load_definitions\n"
        "from definitions.predicates.predicate import parse\n"
        "names = ('HUBSPOT_TOKEN', 'SALESFORCE_URL', 'SALESFORCE_CLIENT_ID', 'SALESFORCE_CLIENT_SECRET')\n"
        "given = dict.fromkeys(names, 'x')\n"
        "settings = load_settings(Path('examples/hubspot_salesforce/bantam.yaml'), given)\n"
        "agreed = load_definitions('handoff', settings.custom)\n"
        "print(parse('custom.stage_chance > 0.5', 'opportunity', own=agreed.own).text)",
    )
    assert told.strip() == "custom.stage_chance > 0.5"
