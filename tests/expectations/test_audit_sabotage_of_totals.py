"""Every order of dates and every total is shown to fail: what is broken, and which checks must say so."""

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from definitions.load import load_definitions
from definitions.tables import CURATED
from expectations.agreement import agreement_suite
from expectations.reconciliation import SourceTotal, Tally, reconciliation_suite
from expectations.run import audit
from expectations.structure import Filled, structure_suite
from expectations.suite import Suite
from expectations.times import times_suite

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_AS_OF = date(2026, 11, 20)
_CONTACTS, _DEALS = (("hubspot", "contacts"),), (("hubspot", "deals"),)
_PREVIOUS = {
    "dim_account": Filled(110, {"domain": 110, "industry": 110, "country": 3}),
    "dim_owner": Filled(3, {"owner_name": 3}),
}
_SUITES = {
    "structure": structure_suite(CURATED, _PREVIOUS),
    "agreement": agreement_suite(load_definitions("handoff"), as_of=_AS_OF),
    "times": times_suite(["hubspot"], as_of=_AS_OF, now=_NOW),
    "reconciliation": reconciliation_suite(
        [
            Tally(table="dim_person", streams=_CONTACTS),
            Tally(table="fct_opportunity", streams=_DEALS),
            Tally(
                table="bridge_person_source",
                streams=_CONTACTS,
                places=("curated", "merged_into", "deleted"),
                source_system="hubspot",
                is_live=False,
            ),
        ],
        [
            SourceTotal(source_system="hubspot", currency_code="USD", state="open", rows=7, amount=Decimal(7000)),
            SourceTotal(source_system="hubspot", currency_code="USD", state="won", rows=1, amount=Decimal(1000)),
            SourceTotal(source_system="hubspot", currency_code="USD", state="lost", rows=3, amount=Decimal(3000)),
        ],
    ),
}


def failures(url: str, suite: Suite, *tables: str) -> dict[str, bool]:
    """Names of the checks that fail on the tables, each with whether it stops the publication."""
    chosen = tuple(check for check in suite.checks if check.table in tables or not tables)
    report = audit(url, [dataclasses.replace(suite, checks=chosen)], run_id="test", now=_NOW)
    assert len(report.results) == len(chosen), "a check without a result is a check that hides"
    return {result.expectation: result.is_blocking for result in report.results if not result.is_success}


@pytest.mark.slow
@pytest.mark.parametrize("suite", _SUITES.values(), ids=_SUITES)
def test_clean_tables_pass(server, staged, suite):
    assert failures(server, suite) == {}


_PERSON, _DEAL = "UPDATE dim_person SET", "UPDATE fct_opportunity SET"
_TWELVE, _ELEVEN = "WHERE opportunity_id = 'hubspot:deal:12'", "WHERE opportunity_id = 'hubspot:deal:11'"
_BLOCKS, _TELLS = True, False
_SABOTAGE = [
    # About dates and moments.
    (
        "times",
        "all_records",
        "".join(
            f"UPDATE {table} SET source_updated_at = '2026-11-19T09:00Z';"
            for table in ("dim_person", "dim_account", "fct_opportunity", "fct_activity")
        ),
        {"hubspot: something changed in the last 26 hours": _TELLS},
    ),
    (
        "times",
        "all_records",
        "".join(
            f"UPDATE {table} SET source_updated_at = '2031-01-01';"
            for table in ("dim_person", "dim_account", "fct_opportunity", "fct_activity")
        ),
        {
            "hubspot: something changed in the last 26 hours": _TELLS,
            "hubspot: something changed in the last 50 hours": _TELLS,
        },
    ),
    (
        "times",
        "fct_activity",
        "UPDATE fct_activity SET source_updated_at = '2031-01-01'",
        {"fct_activity: no record was changed in the future": _TELLS},
    ),
    (
        "times",
        "fct_hygiene_issue",
        "UPDATE fct_hygiene_issue SET resolved_on = '2026-09-30' WHERE state = 'resolved'",
        {
            "fct_hygiene_issue: opened_on is not after resolved_on": _BLOCKS,
            "fct_hygiene_issue: last_seen_on is not after resolved_on": _BLOCKS,
        },
    ),
    (
        "times",
        "fct_opportunity",
        f"{_DEAL} created_on = '2026-11-15', closed_at = '2026-11-13T23:00Z' WHERE is_won",
        {"fct_opportunity: created_on is not after closed_at (give or take 1 day)": _TELLS},
    ),
    (
        "times",
        "dim_person",
        f"{_PERSON} lifecycle_class_since = '2026-11-21' WHERE lifecycle_class = 'lead'",
        {"dim_person: lifecycle_class_since is not after the as-of date": _BLOCKS},
    ),
    (
        "times",
        "fct_hygiene_issue",
        "UPDATE fct_hygiene_issue SET resolved_on = '2026-11-21' WHERE state = 'resolved'",
        {"fct_hygiene_issue: resolved_on is not after the as-of date": _BLOCKS},
    ),
    (
        "times",
        "fct_classification_change",
        "UPDATE fct_classification_change SET changed_on = '2026-11-21'",
        {"fct_classification_change: changed_on is not after the as-of date": _BLOCKS},
    ),
    (
        "times",
        "fct_opportunity_daily_snapshot",
        "UPDATE fct_opportunity_daily_snapshot SET snapshot_date = '2026-11-21'",
        {"fct_opportunity_daily_snapshot: snapshot_date is not after the as-of date": _BLOCKS},
    ),
    # About counts and sums.
    (
        "reconciliation",
        "conservation",
        "UPDATE conservation SET difference = 1 WHERE stream = 'deals'",
        {"conservation: every stream is accounted for: the difference is 0": _BLOCKS},
    ),
    (
        "reconciliation",
        "conservation",
        "UPDATE conservation SET fetched = fetched + 1 WHERE stream = 'deals'",
        {"conservation: fetched is curated + merged_into + deleted + quarantined + excluded": _BLOCKS},
    ),
    (
        "reconciliation",
        "conservation",
        "UPDATE conservation SET quarantined = -1, excluded = 1 WHERE stream = 'deals'",
        {"conservation: no count is negative": _BLOCKS},
    ),
    (
        "reconciliation",
        "conservation",
        "UPDATE conservation SET pulled = NULL WHERE stream = 'deals'",
        {"conservation: every count is known": _BLOCKS},
    ),
    ("reconciliation", "conservation", "DELETE FROM conservation", {"conservation: has rows": _BLOCKS}),
    (
        "reconciliation",
        "dim_person",
        f"{_PERSON} is_deleted = true WHERE lifecycle_class = 'lead'",
        {"dim_person: live rows match the conservation sheet": _BLOCKS},
    ),
    (
        "reconciliation",
        "bridge_person_source",
        "DELETE FROM bridge_person_source WHERE source_id = '16'",
        {"bridge_person_source: rows of hubspot match the conservation sheet": _BLOCKS},
    ),
    (
        "reconciliation",
        "fct_opportunity",
        f"{_DEAL} amount = amount - 0.01 {_TWELVE}",
        {"fct_opportunity: amount of open deals of hubspot in USD is the source's": _BLOCKS},
    ),
    (
        "reconciliation",
        "fct_opportunity",
        f"{_DEAL} amount = NULL WHERE is_won",
        {"fct_opportunity: amount of won deals of hubspot in USD is the source's": _BLOCKS},
    ),
    (
        "reconciliation",
        "fct_opportunity",
        f"{_DEAL} currency_code = NULL WHERE pipeline_class = 'closed_lost'",
        {
            "fct_opportunity: number of lost deals of hubspot in USD is the source's": _BLOCKS,
            "fct_opportunity: amount of lost deals of hubspot in USD is the source's": _BLOCKS,
            "fct_opportunity: no live deal is outside the source's totals": _BLOCKS,
        },
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suite", "table", "sabotage", "expected"),
    _SABOTAGE,
    ids=[f"{suite}: {next(iter(expected))} ({number})" for number, (suite, _, _, expected) in enumerate(_SABOTAGE)],
)
def test_sabotage_is_found_and_nothing_else_is_blamed(server, staged, suite, table, sabotage, expected):
    staged.execute(sabotage)
    assert failures(server, _SUITES[suite], table) == expected
