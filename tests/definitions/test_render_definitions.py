"""The page to sign says everything that runs, and nothing that does not."""

import re

import pytest

from definitions.agreement.load import load_definitions, load_text, profiles
from definitions.agreement.page.markdown import table
from definitions.agreement.page.page import render_markdown
from definitions.predicates.predicate import parse

HANDOFF = load_definitions("handoff")
PAGE = render_markdown(HANDOFF)


def section(title: str) -> list[str]:
    body = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    return [line for line in body.splitlines() if line.startswith("| ")][2:]


@pytest.mark.parametrize(
    ("title", "rules"),
    [("Where a person stands", HANDOFF.people), ("Where an opportunity stands", HANDOFF.opportunities)],
    ids=["people", "opportunities"],
)
def test_classes_stand_in_their_order_with_test_and_reason(title, rules):
    rows = section(title)
    assert len(rows) == len(rules)
    for number, (row, rule) in enumerate(zip(rows, rules, strict=True), start=1):
        assert row.startswith(f"| {number} | **{rule.name}** | {rule.means} | ")
        assert rule.because in row
        assert (f"`{rule.when.text}`" if rule.when else "everyone else") in row


def test_every_rule_criterion_and_stage_is_on_the_page():
    hygiene = section("What we tell the owner of a record")
    for row, rule in zip(hygiene, HANDOFF.hygiene, strict=True):
        assert all(
            said in row for said in (rule.rule, rule.on, rule.severity, rule.says, rule.ask, rule.action, rule.source)
        )
        assert f"`{rule.when.text}`" in row
        assert rule.critical_when is None or f"critical when `{rule.critical_when.text}`" in row
    for name, criterion in HANDOFF.criteria.items():
        assert f"| **{name}** | {criterion.question} | `{criterion.met.text}` |" in PAGE
    for stage in HANDOFF.stages:
        assert f"| {stage.order} | **{stage.stage}** | {stage.phase} | {stage.probability:.0%} |" in PAGE


def test_every_name_in_a_test_is_explained():
    explained = {row.split("`")[1] for row in section("What the names in the tests mean")}
    tests = [rule.when for rule in (*HANDOFF.people, *HANDOFF.opportunities, *HANDOFF.hygiene) if rule.when]
    tests += [criterion.met for criterion in HANDOFF.criteria.values()]
    assert {name for test in tests for name in test.names} <= explained


def test_a_printed_test_can_be_typed_in_again():
    macros = {name: criterion.met for name, criterion in HANDOFF.criteria.items()}
    for rule in HANDOFF.hygiene:
        assert parse(rule.when.text, rule.on, macros, own=HANDOFF.own) == rule.when


def test_a_draft_says_so_and_leaves_room_to_sign():
    assert "**This is a draft.**" in PAGE
    assert "| **marketing** |  |  |\n| **sales** |  |  |" in PAGE
    assert HANDOFF.text_sha256 in PAGE


def test_a_signed_page_names_who_signed():
    signed = HANDOFF.text.replace("status: draft ", "status: approved").replace(
        "approved_by: [] ",
        "approved_by: [{team: marketing, name: Ada, on: 2026-01-01}, {team: sales, name: Bo, on: 2026-01-02}]",
    )
    page = render_markdown(load_text(signed, "signed.yaml"))
    assert "draft" not in page.split("## ")[0]
    assert "**Approved** by Ada for marketing on 2026-01-01, Bo for sales on 2026-01-02." in page
    assert "| **sales** | Bo | 2026-01-02 |" in page


@pytest.mark.parametrize("profile", profiles())
def test_every_table_has_as_many_cells_in_each_row(profile):
    lines = render_markdown(load_definitions(profile)).splitlines()
    width = 0
    for before, line in zip(["", *lines], lines, strict=False):
        if line.startswith("|"):
            cells = len(re.findall(r"(?<!\\)\|", line))
            width = width if before.startswith("|") else cells
            assert cells == width, line


def test_a_bar_or_a_line_end_does_not_break_a_table():
    assert list(table(["a"], [["x | y\nz"]])) == ["| a |", "| --- |", "| x \\| y z |", ""]
