"""What the whole computation makes of several records of one thing, of landed versions and of integration users."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.transforms.small_company import COMPANY, NOW, assembled, deal, record, rows, version


@pytest.mark.parametrize(("won", "limit"), [(29, 30), (30, 70)])
def test_how_long_deals_usually_stay_goes_before_the_declared_limit_once_enough_have_left(won, limit):
    keys = [f"sf:opportunity:{number}" for number in range(100, 100 + won)]
    stays = [
        one
        for key in keys
        for one in (
            version(key, 50, last_stage_change_at=NOW - timedelta(days=60)),
            version(key, 20, last_stage_change_at=NOW - timedelta(days=20), source_stage="Won", is_closed=True),
        )
    ]
    deals = [*COMPANY["opportunity"], *(deal(key, source_stage="Won") for key in keys)]
    made = assembled(COMPANY | {"opportunity": deals}, versions=stays).tables["fct_opportunity"]
    assert set(made.filter("is_open")["stage_age_limit_days"]) == {limit}


def twins(crm, marketing):
    """The company with one deal, which two systems hold, each at an amount of its own."""
    deals = [
        deal("sf:opportunity:1", amount=crm, currency_code=None if crm is None else "USD"),
        deal("hs:deal:1", same_as_keys=["sf:opportunity:1"], amount=marketing, source_updated_at=NOW + timedelta(1)),
    ]
    return COMPANY | {"association": [], "opportunity": deals}


def test_a_deal_of_two_systems_was_pushed_as_often_as_the_one_that_saw_most_and_from_the_first_date_seen():
    seen = {
        "sf:opportunity:1": [date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)],
        "hs:deal:1": [date(2026, 2, 1), date(2026, 5, 1)],
    }
    landed = [
        version(key, 30 - place, source_close_date=day) for key, days in seen.items() for place, day in enumerate(days)
    ]
    made = assembled(twins(None, Decimal(700)), versions=landed).tables["fct_opportunity"]
    assert rows(made, "push_count", "original_close_date") == [(2, date(2026, 2, 1))]


@pytest.mark.parametrize(("crm", "counted"), [(None, Decimal(700)), (Decimal(500), Decimal(500))])
def test_the_totals_take_the_amount_of_another_system_where_the_crm_has_none(crm, counted):
    made = assembled(twins(crm, Decimal(700)))
    told = rows(made.told.totals, "source_system", "currency_code", "state", "rows", "amount")
    assert told == [("sf", "USD", "open", 1, counted)]
    assert made.tables["fct_opportunity"]["amount"].to_list() == [counted]


@pytest.mark.parametrize("parent", ["sf:account:1", "hs:company:1"])
def test_an_account_is_never_its_own_parent_not_even_by_another_record_of_it(parent):
    accounts = [
        record("account", "sf:account:1", name="Acme", same_as_keys=[], parent_key=parent),
        record("account", "hs:company:1", name="Acme", same_as_keys=["sf:account:1"]),
    ]
    made = assembled(COMPANY | {"account": accounts}).tables["dim_account"]
    assert rows(made, "account_id", "record_count", "parent_account_id") == [("hs:company:1", 2, None)]


@pytest.mark.parametrize(("ignored", "is_touched"), [((), True), (("sf:user:9",), False)])
def test_what_an_integration_user_does_is_evidence_of_nothing(ignored, is_touched):
    call = record(
        "activity", "sf:task:9", activity_type="call", direction="outbound", is_completed=True, is_inferred=False,
        occurred_at=NOW, person_key="sf:lead:2", opportunity_key="sf:opportunity:2", owner_key="sf:user:9",
    )  # fmt: skip
    made = assembled(COMPANY | {"activity": [call]}, ignored_owners=ignored).tables
    (bob,) = made["dim_person"].filter(person_id="sf:lead:2").to_dicts()
    day = NOW.date() if is_touched else None
    assert (bob["last_outbound_on"], bob["last_activity_on"], bob["has_discovery"]) == (day, day, is_touched)
    assert made["fct_activity"]["is_human"].to_list() == [is_touched]
