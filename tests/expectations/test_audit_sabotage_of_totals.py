"""Every order of dates and every total is shown to fail: what is broken, and which checks must say so."""

import pytest

from tests.expectations.sabotage import SUITES, failures

_PERSON, _DEAL = "UPDATE dim_person SET", "UPDATE fct_opportunity SET"
_TWELVE, _ELEVEN = "WHERE opportunity_id = 'hubspot:deal:12'", "WHERE opportunity_id = 'hubspot:deal:11'"
_BLOCKS, _TELLS = True, False
_SABOTAGE = [
    # About dates and moments.
    (
        "timeliness",
        "all_records",
        "".join(
            f"UPDATE {table} SET source_updated_at = '2026-11-19T09:00Z';"
            for table in ("dim_person", "dim_account", "fct_opportunity", "fct_activity")
        ),
        {"hubspot: something changed in the last 26 hours": _TELLS},
    ),
    (
        "timeliness",
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
        "timeliness",
        "fct_activity",
        "UPDATE fct_activity SET source_updated_at = '2031-01-01'",
        {"fct_activity: no record was changed in the future": _TELLS},
    ),
    (
        "timeliness",
        "fct_hygiene_issue",
        "UPDATE fct_hygiene_issue SET resolved_on = '2026-09-30' WHERE state = 'resolved'",
        {
            "fct_hygiene_issue: opened_on is not after resolved_on": _BLOCKS,
            "fct_hygiene_issue: last_seen_on is not after resolved_on": _BLOCKS,
        },
    ),
    (
        "timeliness",
        "fct_opportunity",
        f"{_DEAL} created_on = '2026-11-15', closed_at = '2026-11-13T23:00Z' WHERE is_won",
        {"fct_opportunity: created_on is not after closed_at (give or take 1 day)": _TELLS},
    ),
    (
        "timeliness",
        "dim_person",
        f"{_PERSON} lifecycle_class_since = '2026-11-21' WHERE lifecycle_class = 'lead'",
        {"dim_person: lifecycle_class_since is not after the as-of date": _BLOCKS},
    ),
    (
        "timeliness",
        "fct_hygiene_issue",
        "UPDATE fct_hygiene_issue SET resolved_on = '2026-11-21' WHERE state = 'resolved'",
        {"fct_hygiene_issue: resolved_on is not after the as-of date": _BLOCKS},
    ),
    (
        "timeliness",
        "fct_classification_change",
        "UPDATE fct_classification_change SET changed_on = '2026-11-21'",
        {"fct_classification_change: changed_on is not after the as-of date": _BLOCKS},
    ),
    (
        "timeliness",
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
    (
        "reconciliation",
        "conservation",
        "DELETE FROM conservation",
        {"conservation: has rows": _BLOCKS, "conservation: every stream has a row": _BLOCKS},
    ),
    (
        "reconciliation",
        "conservation",
        "DELETE FROM conservation WHERE stream = 'call'",
        {"conservation: every stream has a row": _BLOCKS},
    ),
    (
        "reconciliation",
        "dim_person",
        f"{_PERSON} is_deleted = true WHERE lifecycle_class = 'lead'",
        {"dim_person: live rows match the conservation sheet": _BLOCKS},
    ),
    (
        "consistency",
        "bridge_person_source",
        "DELETE FROM bridge_person_source WHERE source_id = '16'",
        {"bridge_person_source: every row of dim_person has as many live records as its record_count says": _BLOCKS},
    ),
    (
        "reconciliation",
        "fct_activity",
        "DELETE FROM fct_activity WHERE activity_id = 'hubspot:call:1'",
        {"fct_activity: rows match the conservation sheet": _BLOCKS},
    ),
    (
        "consistency",
        "fct_classification_change",
        "UPDATE fct_classification_change SET to_class = 'mql'",
        {"fct_classification_change: every change leads to the class that the person has": _BLOCKS},
    ),
    (
        "consistency",
        "fct_classification_change",
        "UPDATE fct_classification_change SET record_id = 'nobody', record_kind = 'opportunity'",
        {"fct_classification_change: every change leads to the class that the opportunity has": _BLOCKS},
    ),
    (
        "consistency",
        "fct_hygiene_issue",
        "UPDATE fct_hygiene_issue SET record_id = 'nobody' WHERE record_kind = 'opportunity'",
        {"fct_hygiene_issue: the record of every open opportunity issue is there": _BLOCKS},
    ),
    (
        "consistency",
        "fct_opportunity_daily_snapshot",
        "UPDATE fct_opportunity_daily_snapshot SET amount = 1",
        {"fct_opportunity_daily_snapshot: every deal stands as it does in fct_opportunity": _BLOCKS},
    ),
    (
        "consistency",
        "bridge_account_source",
        "UPDATE bridge_account_source SET account_id = 'hubspot:company:1'",
        {"bridge_account_source: every row of dim_account has as many live records as its record_count says": _BLOCKS},
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
def test_sabotage_is_found_and_nothing_else_is_blamed(url, staged, suite, table, sabotage, expected):
    staged.execute(sabotage)
    assert failures(url, SUITES[suite], table) == expected
