"""Every contract is shown to fail: what is broken in the staged tables, and which checks must say so."""

import pytest

from tests.expectations.sabotage import SUITES, failures


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_clean_tables_pass(url, staged, suite):
    assert failures(url, suite) == {}


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
    ("structure", "dim_word", "DELETE FROM dim_word", {"dim_word: has rows": _BLOCKS}),
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
def test_sabotage_is_found_and_nothing_else_is_blamed(url, staged, suite, table, sabotage, expected):
    staged.execute(sabotage)
    assert failures(url, SUITES[suite], table) == expected
