"""The checks that are made by the hundred, broken all at once: every single one of them must fail, and be named."""

from datetime import date

import pytest

from definitions.agreement.load import load_definitions
from definitions.schema.tables import CURATED, Table
from expectations.audit import audit
from expectations.check import Check, Suite
from expectations.suites.agreement import agreement_suite
from expectations.suites.structure import structure_suite

_STRUCTURE = structure_suite(CURATED)
_AGREEMENT = agreement_suite(load_definitions("handoff"), as_of=date(2026, 11, 20))


def _set(table: Table, values: dict[str, str]) -> str:
    assigned = ", ".join(f'"{column}" = {value}' for column, value in values.items())
    return f'UPDATE "{table.name}" SET {assigned};' if values else ""


def _nothing_known(table: Table) -> str:
    return _set(table, dict.fromkeys(sorted(table.required), "NULL"))


def _doubled(table: Table) -> str:
    return f'INSERT INTO "{table.name}" TABLE "{table.name}";'


def _nonsense(table: Table) -> str:
    return _set(table, {field.name: "'nonsense'" for field in table.columns if field.values})


def _too_low(table: Table) -> str:
    return _set(table, {field.name: f"{field.low - 1}" for field in table.columns if field.low is not None})


def _too_high(table: Table) -> str:
    return _set(table, {field.name: f"{field.high + 1}" for field in table.columns if field.high is not None})


def _dangling(table: Table) -> str:
    return _set(table, dict.fromkeys(table.references, "'nobody'"))


def _bounded(check: Check) -> bool:
    return " is at least " in check.name or " is between " in check.name


def _reference(check: Check) -> bool:
    return " is found in " in check.name or " is missing from " in check.name


_FAMILIES = {
    "known": (_nothing_known, lambda check: check.name.endswith(" is known")),
    "unique": (_doubled, lambda check: check.name.endswith(" unique")),
    "words": (_nonsense, lambda check: check.name.endswith(" holds only words of its vocabulary")),
    "too low": (_too_low, _bounded),
    "too high": (_too_high, lambda check: " is between " in check.name),
    "references": (_dangling, _reference),
}
_ALONE = {"dim_date: has rows", "dim_word: has rows", "dim_person: there are persons, accounts or opportunities"}


def _failed(url: str, suite: Suite) -> set[str]:
    report = audit(url, [suite], run_id="test")
    return {result.expectation for result in report.results if not result.is_success}


@pytest.mark.slow
@pytest.mark.parametrize(("sabotage", "is_member"), _FAMILIES.values(), ids=_FAMILIES)
def test_each_member_of_a_family_fails_and_no_one_else(url, staged, sabotage, is_member):
    family = {check.name for check in _STRUCTURE.checks if is_member(check)}
    staged.execute("".join(sabotage(table) for table in CURATED))
    failed = _failed(url, _STRUCTURE)
    assert family <= failed
    # What was broken for one family may break another's rows too, but nothing that concerns neither.
    assert failed - family <= {check.name for check in _STRUCTURE.checks if _reference(check)}


def test_every_check_of_a_contract_belongs_to_a_family_or_is_broken_alone():
    members = {check.name for check in _STRUCTURE.checks for _, is_member in _FAMILIES.values() if is_member(check)}
    assert {check.name for check in _STRUCTURE.checks} - members == _ALONE


@pytest.mark.slow
def test_tables_without_a_row_are_refused(url, staged):
    staged.execute("".join(f'DELETE FROM "{table.name}";' for table in CURATED))
    assert _failed(url, _STRUCTURE) == _ALONE


_WORN = [
    (table, column, name)
    for table, column, rules in (
        ("dim_person", "lifecycle_class", load_definitions("handoff").people),
        ("fct_opportunity", "pipeline_class", load_definitions("handoff").opportunities),
    )
    for name in [rule.name for rule in rules]
]


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column", "name"), _WORN, ids=[name for _, _, name in _WORN])
def test_nobody_wears_a_class_without_satisfying_it(url, staged, table, column, name):
    wearing = staged.execute(f'SELECT count(*) FROM "{table}" WHERE "{column}" <> %s', (name,)).fetchone()[0]
    staged.execute(f'UPDATE "{table}" SET "{column}" = %s', (name,))
    said = f"{table}: who is {name} satisfies it, and no class asked before it"
    (check,) = [check for check in _AGREEMENT.checks if check.name == said]
    (result,) = audit(url, [Suite("agreement", (check,))], run_id="test").results
    assert (result.is_success, result.stops_publication, result.unexpected_count) == (False, True, wearing)


@pytest.mark.slow
def test_each_consequence_of_a_class_fails_where_its_fact_is_unknown(url, staged):
    consequences = {
        check.name: check for check in _AGREEMENT.checks if "IS NOT TRUE" in check.sql and "who is" in check.name
    }
    told = {name for name in consequences if " claimed " not in name}
    facts = ("has_won_opportunity", "claims_customer", "has_open_opportunity", "sales_accepted_on", "silent_since_on")
    staged.execute(f"UPDATE dim_person SET {', '.join(f'{fact} = NULL' for fact in facts)}, has_identity = true")
    staged.execute("UPDATE dim_person SET engagement_level = NULL, icp_fit = 'fail'")
    staged.execute("UPDATE fct_opportunity SET is_open = NULL, is_closed = NULL, is_won = NULL, is_deleted = NULL")
    staged.execute("UPDATE fct_opportunity SET missing_criteria_count = NULL, owner_state = NULL, account_id = NULL")
    staged.execute(
        "UPDATE fct_opportunity SET close_date = CASE pipeline_class WHEN 'no_close_date' THEN DATE 'today' END"
    )
    assert told <= _failed(url, _AGREEMENT)
