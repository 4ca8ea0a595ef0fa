"""A field of the customer's own: one entry in bantam.yaml, a typed column for BI, a name for rules."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from flows.terminal.sandbox_process import sandbox_running
from tests.flows.conftest import CONFIG
from tests.flows.line import ROOT, Line, warehouse_in

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 22)
RULE = """
  - rule: OPP-99
    on: opportunity
    when: custom.chance > 50 and is_open
    severity: warning
    says: The chance is {custom.chance} per cent.
    ask: Who says so?
    action: Ask the owner.
    source: ours
"""


@pytest.fixture(scope="module")
def line(server, migrated, tmp_path_factory):
    folder = tmp_path_factory.mktemp("custom")
    with sandbox_running(200, TODAY) as sandbox:
        variables = {**sandbox.environment, **warehouse_in(server, migrated)}
        line = Line(config=folder / "bantam.yaml", home=folder / "home", variables=variables)
        profile = (ROOT / "definitions" / "profiles" / "handoff.yaml").read_text()
        (folder / "ours.yaml").write_text(profile.rstrip() + "\n" + RULE)
        write(
            line.config,
            hubspot={
                "deal": {
                    "custom.chance": {"from": "hs_deal_stage_probability", "kind": "number"},
                    "custom.size": {"from": "dealname", "kind": "whole"},
                },
                "contact": {"custom.budget": {"from": "bant_budget", "kind": "text", "means": "Budget, as asked."}},
            },
            salesforce={"opportunity": {"custom.chance": {"from": "Probability", "kind": "number"}}},
        )
        report = line.refresh(TODAY)
        assert report["status"] == "published"
        yield line


def write(config: Path, **fields: dict) -> None:
    """The example with further fields, and definitions that name them."""
    content = yaml.safe_load(CONFIG.read_text()) | {"definitions": "ours.yaml"}
    for source in content["sources"]:
        for name, more in fields.get(source["kind"], {}).items():
            source.setdefault("fields", {}).setdefault(name, {}).update(more)
    config.write_text(yaml.safe_dump(content, sort_keys=False))


def test_bi_groups_by_a_typed_and_documented_column(line):
    rows = line.ask(
        "SELECT chance, count(*), sum(amount_corporate) FROM curated.fct_opportunity_custom "
        "JOIN curated.fct_opportunity USING (opportunity_id) GROUP BY chance ORDER BY chance"
    )
    assert len([chance for chance, *_ in rows if chance is not None]) > 3
    assert all(isinstance(chance, float) for chance, *_ in rows if chance is not None)
    described = line.ask(
        "SELECT a.attname, format_type(a.atttypid, NULL), col_description(a.attrelid, a.attnum) FROM pg_attribute a "
        "WHERE a.attrelid = 'curated.dim_person_custom'::regclass AND a.attnum > 0 ORDER BY a.attnum"
    )
    assert [(name, kind) for name, kind, _ in described] == [
        ("person_id", "text"),
        ("budget", "text"),
        ("unreadable", "text"),
    ]
    assert described[1][2] == "Budget, as asked."
    assert line.ask("SELECT has_table_privilege('bantam_reader', 'curated.dim_person_custom', 'SELECT')") == [(True,)]


def test_what_the_entry_reads_is_what_the_column_beside_it_holds(line):
    (differing,) = line.ask(
        "SELECT count(*) FROM curated.fct_opportunity JOIN curated.fct_opportunity_custom USING (opportunity_id) "
        "WHERE source_system = 'salesforce' AND abs(chance / 100 - probability) > 0.000001"
    )
    (compared,) = line.ask("SELECT count(custom ->> 'chance') FROM curated.fct_opportunity")
    assert differing == (0,)
    assert compared[0] > 20


def test_a_rule_names_it_both_engines_agree_and_the_finding_tells_the_value(line):
    issues = line.ask("SELECT says, evidence FROM curated.fct_hygiene_issue WHERE rule_id = 'OPP-99'")
    (expected,) = line.ask(
        "SELECT count(*) FROM curated.fct_opportunity_custom JOIN curated.fct_opportunity USING (opportunity_id) "
        "WHERE chance > 50 AND is_open AND pipeline_class <> 'merged_or_deleted'"
    )
    assert len(issues) == expected[0] > 0
    assert all(says == f"The chance is {evidence['custom.chance']} per cent." for says, evidence in issues)


def test_a_value_that_is_not_of_its_kind_is_null_and_named_and_costs_nothing_else(line):
    rows = line.ask(
        "SELECT size, unreadable, chance IS NOT NULL FROM curated.fct_opportunity_custom "
        "JOIN curated.fct_opportunity USING (opportunity_id) WHERE source_system = 'hubspot'"
    )
    assert rows
    assert {(size, unreadable) for size, unreadable, _ in rows} == {(None, "size")}
    assert any(has_chance for *_, has_chance in rows)


def test_the_view_follows_the_entries_and_the_same_entries_write_nothing(line):
    assert line.refresh(TODAY)["status"] == "unchanged"
    whole = line.config.read_text()
    try:
        write(line.config, salesforce={"opportunity": {"custom.chance": {"from": "Probability", "kind": "number"}}})
        line.refresh(TODAY)
        assert line.ask("SELECT to_regclass('curated.dim_person_custom')") == [(None,)]
        shown = "SELECT attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
        columns = line.ask(f"{shown} AND attrelid = 'curated.fct_opportunity_custom'::regclass ORDER BY attnum")
        assert columns == [("opportunity_id",), ("chance",), ("unreadable",)]
    finally:
        line.config.write_text(whole)
