"""A field of the customer's own in a file: one entry among its columns, a typed column for BI, a name for rules."""

from datetime import date

import pytest
import yaml

from definitions.agreement.load import load_definitions
from tests.flows.excerpts import write_maven
from tests.flows.line import ROOT, Line, warehouse_in

pytestmark = pytest.mark.slow

AS_OF = date(2018, 1, 1)
RULE = """
  - rule: OPP-99
    on: opportunity
    when: is_open and custom.engaged_on < date '2017-06-01'
    severity: warning
    says: Engaged on {custom.engaged_on}, and still open.
    ask: Why is it open?
    action: Ask the owner.
    source: ours
"""
OWN = {
    "opportunities": {
        "custom.engaged_on": {"column": "engage_date", "kind": "day", "means": "Day the talk began."},
        "custom.rank": {"column": "product", "kind": "whole", "values": {"GTXPro": "1"}, "others": "ignore"},
    },
    "accounts": {"custom.founded": {"column": "year_established", "kind": "whole"}},
}


@pytest.fixture(scope="module")
def line(server, migrated, tmp_path_factory):
    folder = tmp_path_factory.mktemp("custom")
    content = yaml.safe_load((ROOT / "examples" / "maven_crm" / "bantam.yaml").read_text())
    for stream in content["sources"][0]["streams"]:
        stream["columns"] |= OWN.get(stream["name"], {})
    config = folder / "bantam.yaml"
    config.write_text(yaml.safe_dump(content | {"definitions": "ours.yaml"}, sort_keys=False))
    (folder / "ours.yaml").write_text(load_definitions("handoff").text.rstrip() + "\n" + RULE)
    (folder / "exports").mkdir()
    line = Line(
        config=config,
        home=folder / "home",
        variables=warehouse_in(server, migrated),
        data=write_maven(folder / "exports"),
    )
    assert line.refresh(AS_OF)["status"] == "published"
    return line


def test_bi_groups_by_a_typed_and_documented_column(line):
    rows = line.ask("SELECT rank, count(*) FROM curated.fct_opportunity_custom GROUP BY 1 ORDER BY 1")
    assert rows == [(1, 4), (None, 4)]
    assert line.ask("SELECT founded FROM curated.dim_account_custom ORDER BY 1") == [(1996,), (1999,)]
    described = line.ask(
        "SELECT format_type(atttypid, NULL), col_description(attrelid, attnum) FROM pg_attribute "
        "WHERE attrelid = 'curated.fct_opportunity_custom'::regclass AND attname = 'engaged_on'"
    )
    assert described == [("date", "Day the talk began.")]


def test_a_rule_names_it_and_the_finding_tells_the_value(line):
    says = line.ask("SELECT record_id, says FROM curated.fct_hygiene_issue WHERE rule_id = 'OPP-99'")
    assert says == [("maven:opportunities:AAAA0005", "Engaged on 2017-01-22, and still open.")]


def test_the_same_entries_write_nothing(line):
    assert line.refresh(AS_OF)["status"] == "unchanged"
