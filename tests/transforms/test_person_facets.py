"""Facets of a person: reachability, deals, owner, fit."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from definitions.agreement.load import load_definitions
from transforms.facets.person import (
    with_deals,
    with_engagement,
    with_owner_state,
    with_phase_dates,
    with_reachability,
    with_score,
)

HANDOFF = load_definitions("handoff")
AS_OF = date(2026, 11, 22)
MOMENT = pl.Datetime("us", "UTC")
BOUNCED = datetime(2026, 6, 2, 2, tzinfo=UTC)


def person(**given):
    columns = {
        "person_id": ("ada", pl.String),
        "is_email_valid": (None, pl.Boolean),
        "phone_e164": (None, pl.String),
        "email_bounced_at": (None, MOMENT),
        "has_opted_out_of_email": (None, pl.Boolean),
        "do_not_call": (None, pl.Boolean),
        "first_name": (None, pl.String),
        "last_name": (None, pl.String),
        "company_name": (None, pl.String),
        "account_id": (None, pl.String),
        "lead_since_on": (date(2026, 1, 1), pl.Date),
    }
    values = {name: [given.get(name, default)] for name, (default, _) in columns.items()}
    return pl.DataFrame(values, schema={name: dtype for name, (_, dtype) in columns.items()})


@pytest.mark.parametrize(
    ("given", "expected", "since"),
    [
        ({"is_email_valid": True}, "ok", None),
        ({"phone_e164": "+1"}, "ok", None),
        ({"is_email_valid": False}, "no_channel", date(2026, 1, 1)),
        ({}, "no_channel", date(2026, 1, 1)),
        ({"is_email_valid": True, "email_bounced_at": BOUNCED}, "hard_bounced", date(2026, 6, 1)),
        ({"is_email_valid": True, "email_bounced_at": BOUNCED, "phone_e164": "+1"}, "ok", None),
        (
            {"is_email_valid": True, "email_bounced_at": BOUNCED, "phone_e164": "+1", "do_not_call": True},
            "do_not_contact",
            None,
        ),
        ({"is_email_valid": True, "has_opted_out_of_email": True}, "opted_out", None),
        ({"is_email_valid": True, "has_opted_out_of_email": True, "phone_e164": "+1"}, "ok", None),
        (
            {"is_email_valid": True, "has_opted_out_of_email": True, "phone_e164": "+1", "do_not_call": True},
            "do_not_contact",
            None,
        ),
        ({"phone_e164": "+1", "do_not_call": True}, "do_not_contact", None),
    ],
)
def test_reachability(given, expected, since):
    row = with_reachability(person(**given), HANDOFF).row(0, named=True)
    assert (row["reachability"], row["unreachable_since_on"]) == (expected, since)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"is_email_valid": True}, True),
        ({"last_name": "Lovelace", "company_name": "Analytical Engines"}, True),
        ({"last_name": "Lovelace", "account_id": "sf:account:1"}, True),
        ({"last_name": "Lovelace"}, False),
        ({"account_id": "sf:account:1"}, False),
        ({"company_name": "Analytical Engines"}, False),
        ({}, False),
    ],
)
def test_who_can_be_told_apart(given, expected):
    assert with_reachability(person(**given), HANDOFF)["has_identity"].to_list() == [expected]


def test_milestones_are_days_in_the_reporting_zone():
    names = (
        "first_seen_at", "mql_first_at", "mql_at", "sales_accepted_at", "sales_qualified_at",
        "disqualified_at", "recycled_at",
    )  # fmt: skip
    frame = pl.DataFrame({name: [None] for name in names}, schema=dict.fromkeys(names, MOMENT))
    frame = frame.with_columns(first_seen_at=pl.lit(datetime(2026, 11, 1, 3, tzinfo=UTC)))
    row = with_phase_dates(frame, HANDOFF).row(0, named=True)
    assert (row["lead_since_on"], row["mql_latest_on"]) == (date(2026, 10, 31), None)


def test_who_never_moved_shows_no_interest():
    empty_clocks = pl.DataFrame(
        schema={
            "person_id": pl.String,
            "engagement_level": pl.String,
            "engagement_score": pl.Int32,
            "has_discovery": pl.Boolean,
            **dict.fromkeys(("last_inbound_on", "last_outbound_on", "last_proactive_on", "last_activity_on"), pl.Date),
        }
    )
    silence = pl.DataFrame(schema={"person_id": pl.String, "silent_since_on": pl.Date})
    row = with_engagement(person(), empty_clocks, silence).row(0, named=True)
    assert (row["engagement_level"], row["engagement_score"], row["has_discovery"]) == ("none", 0, False)


def test_deals_of_a_person_and_of_their_account():
    people = pl.DataFrame(
        {
            "person_id": ["ada", "bob", "cyd", "dot", "eve"],
            "account_id": [None, "acme", None, "acme2", "said"],
            "claims_customer": [True, None, False, None, False],
        }
    )
    accounts = pl.DataFrame(
        {
            "account_id": ["acme", "acme2", "said"],
            "has_won_opportunity": [True, False, False],
            "claims_customer": [None, False, True],
        }
    )
    deals = pl.DataFrame(
        {
            "person_id": ["ada", "cyd", "dot"],
            "pipeline_class": ["stalled", "closed_won", "abandoned"],
            "is_won": [False, True, False],
        }
    )
    told = with_deals(people, deals, accounts, ["active", "stalled"])
    assert told.select("person_id", "has_open_opportunity", "has_won_opportunity", "claims_customer").rows() == [
        ("ada", True, False, True),
        ("bob", False, True, None),
        ("cyd", False, True, False),
        ("dot", False, False, False),
        ("eve", False, False, True),
    ]


def test_owner_states():
    owners = pl.DataFrame(
        {"owner_id": ["o1", "o2", "o3"], "is_active": [True, False, True], "is_queue": [False, False, True]}
    )
    frame = pl.DataFrame(
        {
            "owner_id": ["o1", "o2", "o3", None, None],
            "owner_key": ["sf:user:1", "sf:user:2", "sf:x:3", "sf:queue:00G1", None],
        }
    )
    assert with_owner_state(frame, owners)["owner_state"].to_list() == ["active", "inactive", "queue", "queue", "none"]


@pytest.mark.parametrize(
    ("employees", "domain_type", "fit"),
    [
        (500, "business", "pass"),
        (5, "business", "fail"),
        (500, "disposable", "fail"),
        (20000, "business", "low_quality"),
        (None, "business", "unknown"),
    ],
)
def test_fit_with_the_ideal_customer(employees, domain_type, fit):
    people = pl.DataFrame(
        {
            "person_id": ["ada"],
            "account_id": ["acme"],
            "title": ["VP Sales"],
            "email_domain_type": [domain_type],
            "country": ["US"],
        }
    )
    accounts = pl.DataFrame(
        {"account_id": ["acme"], "industry": ["Software"], "employees": [employees]},
        schema_overrides={"employees": pl.Int64},
    )
    row = with_score(people, accounts, HANDOFF, as_of=AS_OF).row(0, named=True)
    assert (row["icp_fit"], row["is_prospect"]) == (fit, fit == "pass")
    assert 0 <= row["fit_score"] <= 100
