from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from definitions.agreement.load import load_definitions
from definitions.agreement.model import ClassRule
from definitions.polars_types import schema_of
from definitions.predicates.predicate import parse
from definitions.schema.columns import columns_named
from transforms.classify.classes import classify_opportunities, classify_people
from transforms.classify.predicates import compile_predicate

AS_OF = date(2026, 3, 31)
PERSON = columns_named(
    """person_id is_deleted email_normalised has_won_opportunity lead_since_on last_inbound_on last_activity_on
    sales_accepted_on criteria_met fit_score engagement_score engagement_level title"""
)
DEAL = columns_named(
    """opportunity_id is_deleted is_open is_closed is_won close_date loss_family amount_corporate probability
    missing_criteria_count"""
)
ALWAYS = frozenset({"is_deleted", "is_open", "is_closed", "is_won"})
PEOPLE_LADDER = {
    "merged_or_deleted": "is_deleted",
    "excluded": "email_normalised like '%@bantam.example'",
    "customer": "has_won_opportunity",
    "dead": "days_in_lead_phase >= 180 and coalesce(days_since_inbound, 9999) >= 180",
    "sql": "sales_accepted_on is not null and criteria_met >= 2",
    "mql": "(fit_score >= 60 and engagement_score >= 50) or engagement_level = 'proactive'",
    "lead": "engagement_level in ('passive', 'proactive') or title like '%chief%'",
    "list_record": None,
}
DEAL_LADDER = {
    "merged_or_deleted": "is_deleted",
    "closed_won": "is_won",
    "closed_duplicate": "is_closed and loss_family = 'duplicate'",
    "closed_unqualified": "is_closed and loss_family = 'unqualified'",
    "closed_lost": "is_closed",
    "no_close_date": "close_date is null",
    "overdue": "days_overdue > 7",
    "unqualified_open": "missing_criteria_count > 0",
    "active": None,
}


def ladder(tests, subject, included=()):
    return tuple(
        ClassRule(
            name=name,
            means="x",
            because="x",
            when=None if test is None else parse(test, subject),
            forecast="included" if name in included else "excluded",
        )
        for name, test in tests.items()
    )


@pytest.fixture(scope="module")
def small(agreed):
    people = ladder(PEOPLE_LADDER, "person")
    return agreed(people=people, opportunities=ladder(DEAL_LADDER, "opportunity", {"active"}))


def people(*rows: dict[str, object]) -> pl.LazyFrame:
    return pl.LazyFrame(list(rows), schema=schema_of(PERSON))


def deals(*rows: dict[str, object]) -> pl.LazyFrame:
    return pl.LazyFrame(list(rows), schema=schema_of(DEAL))


def person(**told: object) -> dict[str, object]:
    return {"person_id": "p", "is_deleted": False, "has_won_opportunity": False, "engagement_level": "none"} | told


def deal(**told: object) -> dict[str, object]:
    dated = {"close_date": date(2026, 5, 1), "missing_criteria_count": 0}
    state = {"is_open": True, "is_closed": False, "is_won": False, "is_deleted": False}
    return {"opportunity_id": "d", "amount_corporate": Decimal(1000), "probability": 0.6} | dated | state | told


def closed(**told: object) -> dict[str, object]:
    return deal(is_open=False, is_closed=True) | told


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (person(), "list_record"),
        (person(engagement_level="passive"), "lead"),
        (person(engagement_level="proactive"), "mql"),
        (person(engagement_level="proactive", is_deleted=True), "merged_or_deleted"),
        (person(engagement_level="proactive", has_won_opportunity=True), "customer"),
        (person(engagement_level="passive", sales_accepted_on=AS_OF, criteria_met=2), "sql"),
        (person(engagement_level="passive", sales_accepted_on=AS_OF, criteria_met=None), "lead"),
        (person(fit_score=60, engagement_score=50), "mql"),
        (person(fit_score=60, engagement_score=None), "list_record"),
        (person(lead_since_on=date(2025, 10, 2)), "dead"),
        (person(lead_since_on=date(2025, 10, 3)), "list_record"),
        (person(lead_since_on=date(2025, 10, 2), last_inbound_on=AS_OF), "list_record"),
    ],
    ids=[
        "nothing known",
        "passive interest",
        "asked for something",
        "deleted comes first",
        "customer before lead",
        "accepted and qualified",
        "accepted, nothing known of criteria",
        "fit and engaged",
        "engagement unknown",
        "silent for 180 days",
        "silent for 179 days",
        "moved today",
    ],
)
def test_the_first_true_test_gives_the_class(small, told, expected):
    assert classify_people(people(told), small, AS_OF).collect()["lifecycle_class"].to_list() == [expected]


@pytest.mark.parametrize(
    ("told", "expected", "in_forecast", "in_win_rate", "weight"),
    [
        (deal(), "active", True, False, Decimal("600.00")),
        (deal(close_date=None), "no_close_date", False, False, Decimal(0)),
        (deal(close_date=date(2026, 3, 24)), "active", True, False, Decimal(600)),
        (deal(close_date=date(2026, 3, 23)), "overdue", False, False, Decimal(0)),
        (deal(missing_criteria_count=1), "unqualified_open", False, False, Decimal(0)),
        (deal(amount_corporate=None), "active", True, False, None),
        (deal(probability=None), "active", True, False, None),
        (deal(probability=float("nan")), "active", True, False, None),
        (deal(amount_corporate=None, close_date=None), "no_close_date", False, False, Decimal(0)),
        (deal(amount_corporate=Decimal("0.05"), probability=0.1), "active", True, False, Decimal("0.01")),
        (deal(amount_corporate=Decimal("90071992547409.93"), probability=1.0), "active", True, False,
         Decimal("90071992547409.93")),
        (closed(is_won=True), "closed_won", False, True, Decimal(0)),
        (closed(), "closed_lost", False, True, Decimal(0)),
        (closed(loss_family="duplicate"), "closed_duplicate", False, False, Decimal(0)),
        (closed(loss_family="unqualified"), "closed_unqualified", False, False, Decimal(0)),
        (closed(is_deleted=True), "merged_or_deleted", False, False, Decimal(0)),
    ],
    ids=[
        "active", "no date", "seven days of grace", "overdue", "unqualified", "amount unknown", "probability unknown",
        "probability no number", "excluded weighs nothing", "half a cent", "more than a double holds", "won", "lost",
        "duplicate", "never qualified", "deleted",
    ],
)  # fmt: skip
def test_a_deal_counts_by_its_class(small, told, expected, in_forecast, in_win_rate, weight):
    row = classify_opportunities(deals(told), small, AS_OF).collect().row(0, named=True)
    assert row["pipeline_class"] == expected
    assert (row["is_forecast_eligible"], row["is_win_rate_eligible"]) == (in_forecast, in_win_rate)
    assert row["weighted_amount"] == weight


@pytest.mark.parametrize(
    ("told", "reasons", "reason"),
    [
        (
            person(has_won_opportunity=True),
            "merged_or_deleted=false; excluded=unknown; customer=true",
            "has_won_opportunity: has_won_opportunity yes",
        ),
        (
            person(lead_since_on=date(2025, 4, 5), email_normalised="a@b.example"),
            "merged_or_deleted=false; excluded=false; customer=false; dead=true",
            (
                "days_in_lead_phase >= 180 and coalesce(days_since_inbound, 9999) >= 180: "
                "days_in_lead_phase 360, days_since_inbound unknown"
            ),
        ),
        (
            person(email_normalised="ada@bantam.example"),
            "merged_or_deleted=false; excluded=true",
            "email_normalised like '%@bantam.example': email_normalised not shown",
        ),
        (
            person(email_normalised="a@b.example"),
            (
                "merged_or_deleted=false; excluded=false; customer=false; dead=unknown; sql=false; mql=unknown; "
                "lead=unknown; list_record=true"
            ),
            "no class above applies",
        ),
    ],
    ids=["up to the class", "the values it saw", "no personal value", "nothing applied"],
)
def test_every_class_can_be_explained(small, told, reasons, reason):
    row = classify_people(people(told), small, AS_OF).collect().row(0, named=True)
    assert row["class_reasons"] == reasons
    assert row["reason"] == reason
    assert row["rule"] == f"small/1/{row['lifecycle_class']}"


def test_rows_in_one_frame_keep_their_own_words(small):
    """Another place and other unknowns are another pattern, whatever their numbers add up to."""
    colleague = person(is_deleted=None, email_normalised="ada@bantam.example")
    buyer = person(email_normalised="a@b.example", has_won_opportunity=True)
    classified = classify_people(people(colleague, buyer), small, AS_OF).collect()
    assert classified.select("lifecycle_class", "class_reasons").rows() == [
        ("excluded", "merged_or_deleted=unknown; excluded=true"),
        ("customer", "merged_or_deleted=false; excluded=false; customer=true"),
    ]


def asked(frame: pl.LazyFrame, rules: tuple[ClassRule, ...]) -> list[tuple[str, str]]:
    """Class and reasons of each row, every test asked by itself."""
    answers = frame.select(
        (pl.lit(value=True) if rule.when is None else compile_predicate(rule.when, AS_OF)).alias(rule.name)
        for rule in rules
    ).collect()
    words = {True: "true", False: "false", None: "unknown"}
    found = []
    for row in answers.to_dicts():
        told = [f"{name}={words[answer]}" for name, answer in row.items()]
        place = list(row.values()).index(True)
        found.append((rules[place].name, "; ".join(told[: place + 1])))
    return found


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_every_row_has_the_first_class_whose_test_it_satisfies(small, rows_of, data):
    given_rows = people(*data.draw(rows_of(PERSON, ALWAYS)))
    classified = classify_people(given_rows, small, AS_OF).collect()
    assert_frame_equal(classified.select(given_rows.collect_schema().names()), given_rows.collect())
    assert classified.select("lifecycle_class", "class_reasons").rows() == asked(given_rows, small.people)


@pytest.fixture(scope="module")
def handoff():
    return load_definitions("handoff")


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_the_hand_off_profile_gives_every_record_one_class_of_the_vocabulary(handoff, rows_of, data):
    for kind, ladder, key, words in (
        (classify_people, handoff.people, "person_id", [rule.name for rule in handoff.people]),
        (
            classify_opportunities,
            handoff.opportunities,
            "opportunity_id",
            [rule.name for rule in handoff.opportunities],
        ),
    ):
        read = set().union(*(rule.when.columns for rule in ladder if rule.when is not None))
        read |= {"is_closed", "amount_corporate", "probability"} if key == "opportunity_id" else set()
        columns = columns_named(f"{key} {' '.join(sorted(read))}")
        frame = pl.LazyFrame(data.draw(rows_of(columns, ALWAYS, 5)), schema=schema_of(columns))
        classified = kind(frame, handoff, AS_OF).collect()
        column = "lifecycle_class" if key == "person_id" else "pipeline_class"
        assert classified.select(column, "class_reasons").rows() == asked(frame, ladder)
        assert set(classified[column]) <= set(words)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_deal_is_classified_by_itself_and_again_the_same(small, rows_of, data):
    """Order, other rows, the engine and an earlier classification make no difference."""
    rows = data.draw(rows_of(DEAL, ALWAYS))
    cut = data.draw(st.integers(0, len(rows)))
    whole = classify_opportunities(deals(*rows), small, AS_OF)
    parts = [classify_opportunities(deals(*part), small, AS_OF) for part in (rows[cut:], rows[:cut])]
    expected = whole.collect()
    assert_frame_equal(pl.concat(parts).sort("opportunity_id").collect(), expected.sort("opportunity_id"))
    assert_frame_equal(classify_opportunities(whole, small, AS_OF).collect(), expected, check_column_order=False)
    assert_frame_equal(whole.collect(engine="streaming"), expected)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_only_the_forecast_weighs(small, rows_of, data):
    rows = data.draw(rows_of(DEAL, ALWAYS))
    for row in classify_opportunities(deals(*rows), small, AS_OF).collect().to_dicts():
        if row["pipeline_class"] != "active":
            assert row["weighted_amount"] == 0
        else:
            known = row["amount_corporate"] is not None and row["probability"] is not None
            assert (row["weighted_amount"] is not None) == known
