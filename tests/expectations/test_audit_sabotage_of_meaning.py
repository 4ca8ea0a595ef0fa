"""Every agreement is shown to fail: what is broken in the staged tables, and which checks must say so."""

import pytest

from tests.expectations.sabotage import SUITES, failures

_PERSON, _DEAL = "UPDATE dim_person SET", "UPDATE fct_opportunity SET"
_TWELVE, _ELEVEN = "WHERE opportunity_id = 'hubspot:deal:12'", "WHERE opportunity_id = 'hubspot:deal:11'"
_BLOCKS, _TELLS = True, False
_AS_MANY = "fct_hygiene_issue: as many issues of {} are open as opportunities fail it, each with its severity"
_SABOTAGE = [
    # About the worn class.
    (
        "agreement",
        "dim_person",
        f"{_PERSON} lifecycle_class = 'suspended' WHERE lifecycle_class = 'lead'",
        {"dim_person: every row has exactly one class of the definitions": _BLOCKS},
    ),
    (
        "agreement",
        "dim_person",
        f"{_PERSON} lifecycle_class = NULL WHERE lifecycle_class = 'lead'",
        {"dim_person: every row has exactly one class of the definitions": _BLOCKS},
    ),
    (
        "agreement",
        "dim_person",
        f"{_PERSON} has_won_opportunity = NULL WHERE lifecycle_class = 'customer'",
        {
            "dim_person: who is customer satisfies it, and no class asked before it": _BLOCKS,
            "dim_person: who is customer bought, or is said to have": _BLOCKS,
        },
    ),
    (
        "agreement",
        "dim_person",
        f"{_PERSON} has_open_opportunity = true WHERE lifecycle_class = 'mql'",
        {"dim_person: who is mql satisfies it, and no class asked before it": _BLOCKS},
    ),
    (
        "agreement",
        "dim_person",
        f"{_PERSON} silent_since_on = '2026-11-21' WHERE lifecycle_class = 'dead'",
        {
            "dim_person: who is dead satisfies it, and no class asked before it": _BLOCKS,
            "dim_person: who is dead is silent or out of reach": _BLOCKS,
        },
    ),
    (
        "agreement",
        "fct_opportunity",
        f"{_DEAL} close_date = NULL {_TWELVE}",
        {
            "fct_opportunity: who is active satisfies it, and no class asked before it": _BLOCKS,
            "fct_opportunity: who is active has a close date": _BLOCKS,
        },
    ),
    (
        "agreement",
        "fct_opportunity",
        f"{_DEAL} close_date = '2026-11-12' {_TWELVE}",
        {"fct_opportunity: who is active satisfies it, and no class asked before it": _BLOCKS},
    ),
    (
        "agreement",
        "fct_opportunity",
        f"{_DEAL} owner_state = 'inactive' {_TWELVE}",
        {"fct_opportunity: who is active has an active owner": _TELLS},
    ),
    (
        "agreement",
        "fct_opportunity",
        f"{_DEAL} account_id = NULL {_TWELVE}",
        {"fct_opportunity: who is active has an account": _TELLS},
    ),
    # About the criteria.
    (
        "agreement",
        "dim_person",
        f"{_PERSON} criteria_met = 1, criteria_unknown = 5 WHERE lifecycle_class = 'lead'",
        {
            "dim_person: criteria_met counts the criteria that are met": _BLOCKS,
            "dim_person: criteria_unknown counts the criteria that are unknown": _BLOCKS,
        },
    ),
    (
        "agreement",
        "dim_person",
        f"{_PERSON} criteria_unmet = NULL WHERE lifecycle_class = 'lead'",
        {"dim_person: criteria_unmet counts the criteria that are known not to be met": _BLOCKS},
    ),
    (
        "agreement",
        "fct_opportunity",
        f"{_DEAL} missing_criteria_count = 1 {_ELEVEN}",
        {"fct_opportunity: missing_criteria_count counts what the stage requires and is not met": _BLOCKS},
    ),
    # About the money.
    (
        "agreement",
        "fct_opportunity",
        f"{_DEAL} fx_rate = 1.1 {_ELEVEN}",
        {"fct_opportunity: amount_corporate is the amount at its rate": _BLOCKS},
    ),
    (
        "agreement",
        "fct_opportunity",
        f"{_DEAL} weighted_amount = 250 {_TWELVE}",
        {"fct_opportunity: weighted_amount is the corporate amount times the probability": _BLOCKS},
    ),
    (
        "agreement",
        "fct_opportunity",
        f"{_DEAL} weighted_amount = NULL {_TWELVE}",
        {"fct_opportunity: weighted_amount is the corporate amount times the probability": _BLOCKS},
    ),
    (
        "agreement",
        "fct_opportunity",
        f"{_DEAL} weighted_amount = 100 {_ELEVEN}",
        {"fct_opportunity: nothing is weighted outside the forecast": _BLOCKS},
    ),
    (
        "agreement",
        "fct_opportunity",
        f"{_DEAL} is_forecast_eligible = NOT is_forecast_eligible {_ELEVEN}",
        {"fct_opportunity: is_forecast_eligible says whether the class is forecast": _BLOCKS},
    ),
    (
        "agreement",
        "fct_opportunity",
        f"{_DEAL} is_win_rate_eligible = true WHERE pipeline_class = 'closed_duplicate'",
        {
            "fct_opportunity: is_win_rate_eligible says closed, not duplicate, unqualified or deleted": _BLOCKS,
        },
    ),
    # About the issues.
    (
        "agreement",
        "fct_hygiene_issue",
        "DELETE FROM fct_hygiene_issue WHERE rule_id = 'OPP-01'",
        {_AS_MANY.format("OPP-01"): _BLOCKS},
    ),
    (
        "agreement",
        "fct_hygiene_issue",
        f"{_DEAL} push_count = 3 {_TWELVE}",
        {_AS_MANY.format("OPP-05"): _BLOCKS},
    ),
    (
        "agreement",
        "fct_hygiene_issue",
        "UPDATE fct_hygiene_issue SET severity = 'info' WHERE rule_id = 'OPP-01'",
        {_AS_MANY.format("OPP-01"): _BLOCKS},
    ),
    (
        "agreement",
        "fct_hygiene_issue",
        "UPDATE fct_hygiene_issue SET rule_id = 'OPP-99' WHERE rule_id = 'OPP-01'",
        {
            _AS_MANY.format("OPP-01"): _BLOCKS,
            "fct_hygiene_issue: every open issue is of a rule of the definitions": _BLOCKS,
        },
    ),
    # About what the sources claim.
    (
        "agreement",
        "dim_person",
        f"{_PERSON} claimed_class = 'mql' WHERE lifecycle_class = 'list_record'",
        {"dim_person: who is claimed to be mql satisfies it, but for 20%": _TELLS},
    ),
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
