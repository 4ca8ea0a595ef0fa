"""Every contract is shown to fail: what is broken in the staged tables, and which checks must say so."""

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
    # About the contracts.
    (
        "structure",
        "dim_account",
        "INSERT INTO dim_account SELECT * FROM dim_account WHERE account_id = 'hubspot:company:7'",
        {"dim_account: account_id is unique": _BLOCKS},
    ),
    (
        "structure",
        "fct_opportunity_daily_snapshot",
        "INSERT INTO fct_opportunity_daily_snapshot TABLE fct_opportunity_daily_snapshot",
        {"fct_opportunity_daily_snapshot: snapshot_date and opportunity_id are unique": _BLOCKS},
    ),
    (
        "structure",
        "fct_opportunity",
        f"{_DEAL} probability = 40 {_TWELVE}",
        {"fct_opportunity: probability is between 0 and 1": _BLOCKS},
    ),
    (
        "structure",
        "fct_opportunity",
        f"{_DEAL} probability = 'NaN' {_TWELVE}",
        {"fct_opportunity: probability is between 0 and 1": _BLOCKS},
    ),
    (
        "structure",
        "bridge_account_source",
        "UPDATE bridge_account_source SET account_id = 'gone' WHERE source_id = '3'",
        {
            "bridge_account_source: every account_id is found in dim_account": _TELLS,
            "bridge_account_source: account_id is missing from dim_account in at most 0.5% of references": _BLOCKS,
        },
    ),
    ("structure", "dim_date", "DELETE FROM dim_date", {"dim_date: has rows": _BLOCKS}),
    (
        "structure",
        "dim_account",
        "DELETE FROM dim_account WHERE account_id >= 'hubspot:company:80'",
        {"dim_account: rows are within -20% and +50% of the last run": _BLOCKS},
    ),
    (
        "structure",
        "dim_account",
        "DELETE FROM dim_account",
        {
            "dim_account: rows are within -20% and +50% of the last run": _BLOCKS,
            "dim_account: every column that held values in the last run still does": _BLOCKS,
        },
    ),
    (
        "structure",
        "dim_account",
        """INSERT INTO dim_account (account_id, is_deleted, record_count, run_id, definitions_version, loaded_at,
        record_hash) SELECT 'new' || n, false, 1, 'r', 'v', now(), 1 FROM generate_series(1, 66) AS n""",
        {"dim_account: rows are within -20% and +50% of the last run": _BLOCKS},
    ),
    (
        "structure",
        "dim_account",
        "UPDATE dim_account SET industry = NULL",
        {"dim_account: every column that held values in the last run still does": _BLOCKS},
    ),
    ("structure", "dim_owner", "DELETE FROM dim_owner", {"dim_owner: still has rows": _BLOCKS}),
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
