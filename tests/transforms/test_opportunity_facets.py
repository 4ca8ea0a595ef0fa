"""Facets of a deal: dates nobody means, money in the reporting currency, stages, people, activity, loss."""

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from definitions.agreement.load import load_definitions
from definitions.polars_types import schema_of
from definitions.schema.records import STAGE
from transforms.facets.opportunity import (
    stages,
    with_contacts,
    with_corporate_amount,
    with_dates,
    with_last_activity,
    with_loss_family,
    with_stage,
)

HANDOFF = load_definitions("handoff")
AS_OF = date(2026, 11, 22)
MOMENT = pl.Datetime("us", "UTC")
TRACKED = {
    "entity_id": pl.String,
    "tracked_push_count": pl.Int32,
    "original_close_date": pl.Date,
    "last_change_at": MOMENT,
}


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def deal(**given):
    columns = {
        "entity_id": ("a", pl.String),
        "source_close_date": (None, pl.Date),
        "source_created_at": (None, MOMENT),
        "last_stage_change_at": (None, MOMENT),
        "next_activity_at": (None, MOMENT),
        "closed_at": (None, MOMENT),
        "is_won": (False, pl.Boolean),
        "push_count": (None, pl.Int32),
        "next_step": (None, pl.String),
    }
    values = {name: [given.get(name, default)] for name, (default, _) in columns.items()}
    return pl.DataFrame(values, schema={name: dtype for name, (_, dtype) in columns.items()})


def dates(deal_changes=(), **given):
    told = pl.DataFrame(list(deal_changes), schema=TRACKED, orient="row")
    return with_dates(deal(**given), told, HANDOFF, as_of=AS_OF).row(0, named=True)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (date(2026, 12, 31), date(2026, 12, 31)),
        (date(1970, 1, 1), None),
        (date(1970, 1, 2), None),
        (date(1970, 1, 3), date(1970, 1, 3)),
        (date(2036, 1, 1), None),
        (date(2035, 12, 31), date(2035, 12, 31)),
        (date(2126, 12, 31), None),
        (None, None),
    ],
)
def test_a_close_date_that_nobody_means_is_none(said, meant):
    row = dates(source_close_date=said)
    assert (row["close_date"], row["source_close_date"]) == (meant, said)
    assert row["has_placeholder_close_date"] is (said is not None and meant is None)


@pytest.mark.parametrize("blank", ["", "  ", "tbd", " TBD ", "n/a", ".", None])
def test_a_next_step_that_says_nothing_is_none(blank):
    assert dates(next_step=blank)["next_step"] is None


def test_a_next_step_that_says_something_is_kept():
    assert dates(next_step=" Call the CFO ")["next_step"] == "Call the CFO"


def test_days_are_days_in_the_reporting_zone():
    row = dates(source_created_at=at(2026, 11, 1, 3), last_stage_change_at=at(2026, 11, 10, 12))
    assert (row["created_on"], row["stage_entered_on"]) == (date(2026, 10, 31), date(2026, 11, 10))
    assert row["last_meaningful_change_on"] == date(2026, 11, 10)


def test_what_nobody_dated_has_no_day():
    row = dates()
    assert (row["created_on"], row["stage_entered_on"], row["last_meaningful_change_on"]) == (None, None, None)
    assert row["push_count"] == 0


def test_landed_versions_count_beside_the_sources_own_counter():
    seen = ("a", 2, date(2026, 1, 31), at(2026, 11, 20, 12))
    row = dates([seen], push_count=1, source_created_at=at(2026, 1, 1, 12), source_close_date=date(2026, 12, 1))
    assert (row["push_count"], row["original_close_date"]) == (2, date(2026, 1, 31))
    assert row["last_meaningful_change_on"] == date(2026, 11, 20)
    assert dates([seen], push_count=5)["push_count"] == 5


def test_what_was_landed_after_the_day_of_the_report_changed_on_that_day_at_the_latest():
    row = dates([("a", 0, None, at(2027, 3, 1, 12))], source_created_at=at(2026, 1, 1, 12))
    assert row["last_meaningful_change_on"] == AS_OF


def test_a_won_deal_has_a_sales_cycle():
    days = {"source_created_at": at(2026, 1, 1, 12), "closed_at": at(2026, 1, 31, 12)}
    assert dates(is_won=True, **days)["sales_cycle_days"] == 30
    assert dates(is_won=False, **days)["sales_cycle_days"] is None


@pytest.mark.parametrize(
    ("amount", "currency", "corporate"),
    [
        ("100.10", "USD", "100.10"),
        ("100.10", "EUR", "108.11"),
        ("0.05", "eur", "0.05"),
        ("100.10", "JPY", None),
        ("100.10", None, None),
        (None, "EUR", None),
        ("1000000000", "VND", "38500"),
    ],
    ids=[
        "reporting currency",
        "rate, halves away from zero",
        "case",
        "no rate",
        "no currency",
        "no amount",
        "a small unit",
    ],
)
def test_an_amount_is_converted_exactly_or_not_at_all(amount, currency, corporate):
    frame = pl.DataFrame(
        {"amount": [None if amount is None else Decimal(amount)], "currency_code": [currency]},
        schema={"amount": pl.Decimal(18, 2), "currency_code": pl.String},
    )
    told = with_corporate_amount(frame, {"EUR": 1.08, "VND": 0.0000385}, "USD")["amount_corporate"].to_list()
    assert told == [None if corporate is None else Decimal(corporate)]


def stage_rows(*rows):
    schema = schema_of(STAGE.fields)
    given = [{"is_deleted": False, "is_closed": False, "is_won": False, "source_system": "hs", **row} for row in rows]
    return stages(pl.DataFrame([{name: row.get(name) for name in schema} for row in given], schema=schema), HANDOFF)


def on_stage(stage, **given):
    frame = pl.DataFrame(
        {
            "source_system": ["hs"], "pipeline_id": ["p"], "source_stage": [stage],
            "is_closed": [given.get("is_closed")], "is_won": [given.get("is_won")],
            "probability": [given.get("probability")], "forecast_category": [None],
        },
        schema={
            **dict.fromkeys(("source_system", "pipeline_id", "source_stage"), pl.String),
            **dict.fromkeys(("is_closed", "is_won"), pl.Boolean),
            "probability": pl.Float64, "forecast_category": pl.String,
        },
    )  # fmt: skip
    table = stage_rows(
        {
            "record_key": "1",
            "pipeline_id": "p",
            "source_stage": "7",
            "stage_name": "Offer",
            "canonical_stage": "proposal",
        },
        {"record_key": "2", "pipeline_id": "p", "source_stage": "8", "is_closed": True, "is_won": True},
        {"record_key": "3", "pipeline_id": "p", "source_stage": "9", "is_closed": True},
    )
    return with_stage(frame, table).row(0, named=True)


def test_the_stage_table_says_what_a_stage_is():
    row = on_stage("7", is_closed=True)
    assert (row["stage_name"], row["canonical_stage"], row["is_open"]) == ("Offer", "proposal", True)
    assert (row["stage_order"], row["stage_phase"]) == (4, "opportunity")
    assert row["probability"] == next(one.probability for one in HANDOFF.stages if one.stage == "proposal")
    assert row["stage_age_limit_days"] is not None


def test_the_chance_a_deal_tells_goes_before_the_one_of_its_stage():
    assert on_stage("7", probability=0.9)["probability"] == 0.9


def test_a_deal_of_a_record_type_stands_in_the_stage_that_all_of_them_share():
    shared = {"record_key": "1", "source_stage": "7", "canonical_stage": "proposal"}
    own = {"record_key": "2", "pipeline_id": "p", "source_stage": "8", "canonical_stage": "closing"}
    deals = pl.DataFrame(
        {"source_system": "hs", "pipeline_id": ["p", "p", "q"], "source_stage": ["7", "8", "8"]}
        | {"is_closed": False, "is_won": False, "probability": None, "forecast_category": None}
    )
    told = with_stage(deals, stage_rows(shared, own))
    assert told["canonical_stage"].to_list() == ["proposal", "closing", None]


def test_a_closed_stage_nobody_mapped_is_won_or_lost_as_its_source_says():
    assert on_stage("8")["canonical_stage"] == "closed_won"
    row = on_stage("9")
    assert (row["canonical_stage"], row["is_won"], row["is_open"], row["stage_age_limit_days"]) == (
        "closed_lost", False, False, None,
    )  # fmt: skip


def test_a_deal_of_an_unknown_stage_keeps_what_it_claims():
    row = on_stage("404", is_closed=True, is_won=True, probability=0.3)
    assert (row["stage_name"], row["is_won"], row["probability"]) == ("404", True, 0.3)
    assert on_stage("404")["is_open"] is True


def test_people_on_a_deal():
    roles = pl.DataFrame(
        {
            "opportunity_id": ["a", "a", "b", "d", "d"],
            "person_id": ["ada", "bob", "cyd", "dot", "eve"],
            "is_primary": [False, True, False, False, False],
            "is_decision_maker": [True, False, False, False, False],
        }
    )
    told = with_contacts(pl.DataFrame({"opportunity_id": ["a", "b", "c", "d"]}), roles)
    assert told.select("contact_count", "has_decision_maker", "primary_person_id").rows() == [
        (2, True, "bob"),
        (1, False, "cyd"),
        (0, False, None),
        (2, False, None),
    ]


def test_the_latest_activity_is_the_latest_that_took_place():
    acts = pl.DataFrame(
        [
            ("a", True, True, at(2026, 11, 1)),
            ("a", True, False, at(2026, 11, 9)),
            ("a", False, True, at(2026, 11, 10)),
            ("a", True, True, at(2026, 12, 1)),
            ("d", True, True, at(2026, 11, 23, 4)),
            ("d", True, True, at(2026, 11, 23, 5)),
        ],
        schema=["opportunity_id", "is_human", "is_completed", "occurred_at"],
        orient="row",
    )
    claimed = pl.DataFrame(
        {
            "opportunity_id": ["a", "b", "c", "d"],
            "source_system": ["crm", "crm", "file", "crm"],
            "created_on": [date(2026, 9, 1)] * 4,
            "last_activity_at": [at(2026, 10, 1), None, None, None],
        },
        schema_overrides={"last_activity_at": MOMENT},
    )
    told = with_last_activity(claimed, acts, HANDOFF, as_of=AS_OF)
    assert told["last_activity_at"].to_list() == [at(2026, 11, 1), None, None, at(2026, 11, 23, 4)]
    # Nobody ever touched b, which is quiet since it was created; c comes from a file that tells of no activity at all;
    # the evening of the day itself counts for d, the night after it does not.
    assert told["last_activity_on"].to_list() == [date(2026, 10, 31), date(2026, 9, 1), None, AS_OF]


@pytest.mark.parametrize(
    ("reason", "family"),
    [
        (" Lost to Competitor ", "competitor"),
        ("Duplicate", "duplicate"),
        ("Cosmic rays", "unknown"),
        ("Other", "other"),
        ("", None),
        (None, None),
    ],
)
def test_loss_reasons_have_families(reason, family):
    frame = pl.DataFrame({"loss_reason": [reason]}, schema={"loss_reason": pl.String})
    assert with_loss_family(frame, HANDOFF)["loss_family"].to_list() == [family]
