"""Silence, clocks and scores, as a salesperson would argue about them."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.agreement.load import load_definitions
from definitions.agreement.model import EngagementPoints
from transforms.facets.engagement import clocks, silent_since, wakings

HANDOFF = load_definitions("handoff")
AS_OF = date(2026, 11, 22)
CREATED = date(2025, 1, 1)
MOVES = {
    "person_id": pl.String,
    "activity_type": pl.String,
    "engagement_level": pl.String,
    "direction": pl.String,
    "is_inferred": pl.Boolean,
    "day": pl.Date,
}


def moves(*told):
    """(day, what): 'ask', 'click' (inbound), 'visit' (the last one, as HubSpot tells it), 'open' or 'touch' (ours)."""
    kinds = {
        "ask": ("demo_request", "proactive", "inbound"),
        "click": ("email_click", "passive", "inbound"),
        "visit": ("web_visit", "passive", "inbound"),
        "open": ("email_open", "none", "inbound"),
        "touch": ("call", "none", "outbound"),
    }
    rows = [("ada", *kinds[what], what == "visit", day) for day, what in told]
    return pl.DataFrame(rows, schema=MOVES, orient="row")


def silence(*told, since=CREATED, as_of=AS_OF, taken_up_on=()):
    people = pl.DataFrame({"person_id": ["ada"], "lead_since_on": [since]}, schema_overrides={"lead_since_on": pl.Date})
    taken_up = pl.DataFrame(
        {"person_id": ["ada"] * len(taken_up_on), "day": taken_up_on}, schema={"person_id": pl.String, "day": pl.Date}
    )
    return silent_since(people, moves(*told), taken_up, HANDOFF, as_of=as_of)["silent_since_on"].to_list()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], [date(2025, 6, 30)]),
        ([(date(2025, 12, 1), "ask")], [date(2026, 5, 30)]),
        ([(date(2025, 12, 1), "ask"), (date(2026, 9, 1), "touch")], [date(2026, 5, 30)]),
        (
            [(date(2025, 3, 1), "touch"), (date(2025, 5, 20), "touch"), (date(2025, 8, 1), "touch")],
            [date(2025, 10, 30)],
        ),
        ([(date(2025, 3, 1), "click"), (date(2026, 9, 1), "ask")], []),
        ([(date(2026, 11, 1), "click")], [date(2025, 6, 30)]),
        ([(date(2026, 11, 1), "visit")], []),
        ([(date(2025, 9, 1), "visit")], [date(2026, 2, 28)]),
        ([(date(2025, 5, 1), "open")], [date(2025, 7, 30)]),
        ([(date(2025, 6, 30), "click")], [date(2025, 12, 27)]),
    ],
    ids=[
        "never moved: 180 days after the first day",
        "180 days after the last request",
        "our own call does not wake the dead",
        "our calls 90 days apart keep it alive until they stop",
        "a request wakes the dead, and the clock starts anew",
        "a click does not wake the dead",
        "of the last visit alone nobody knows that there was none before",
        "silence counts from the last visit",
        "mail that a machine opened is no move of the buyer, only something that happened",
        "a click on the very day the silence would begin is in time",
    ],
)
def test_silence(told, expected):
    assert silence(*told) == expected


def test_sales_taking_a_lead_up_wakes_the_dead():
    assert silence(taken_up_on=[date(2026, 11, 1)]) == []
    assert silence(taken_up_on=[date(2025, 12, 1)]) == [date(2026, 5, 30)]


def test_accepted_qualified_and_converted_days_wake_and_days_to_come_do_not():
    people = pl.DataFrame(
        {
            "person_id": ["ada"],
            "sales_accepted_on": [date(2026, 1, 1)],
            "sales_qualified_on": [date(2027, 1, 1)],
            "converted_at": [datetime(2026, 3, 1, 3, tzinfo=UTC)],
        }
    )
    assert wakings(people, HANDOFF, as_of=AS_OF)["day"].to_list() == [date(2026, 1, 1), date(2026, 2, 28)]


def test_a_lead_whose_first_day_nobody_knows_is_never_called_silent():
    assert silence(since=None) == []


def test_the_day_before_the_limits_is_not_silent():
    assert silence(as_of=date(2025, 6, 29)) == []
    assert silence(as_of=date(2025, 6, 30)) == [date(2025, 6, 30)]


@st.composite
def histories(draw):
    days = st.integers(0, 690).map(lambda number: CREATED + timedelta(days=number))
    return draw(st.lists(st.tuples(days, st.sampled_from(["ask", "click", "visit", "open", "touch"])), max_size=12))


def silent_by_walking(told):
    """The same rule told day by day, in plain Python: the first day all limits hold after the last request or visit."""
    known_from = max((day for day, what in told if what in ("ask", "visit")), default=None)
    start = CREATED if known_from is None else max(CREATED, known_from)
    day = min([CREATED, *(moved for moved, _ in told)]) if known_from is None else known_from
    while day <= AS_OF:
        heard = max([CREATED, *(moved for moved, what in told if moved <= day and what not in ("touch", "open"))])
        active = max([CREATED, *(moved for moved, _ in told if moved <= day)])
        if day >= start and (day - CREATED).days >= 180 and (day - heard).days >= 180 and (day - active).days >= 90:
            return [day]
        day += timedelta(days=1)
    return []


@given(histories())
def test_silence_is_what_walking_the_days_finds(told):
    assert silence(*told) == silent_by_walking(told)


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_activities_does_not_matter(told, chance):
    shuffled = list(told)
    chance.shuffle(shuffled)
    assert silence(*told) == silence(*shuffled)


def test_clocks_tell_who_moved_and_when():
    told = clocks(moves((date(2026, 11, 1), "touch"), (date(2026, 10, 1), "click")), HANDOFF, as_of=AS_OF)
    row = told.row(0, named=True)
    assert (row["last_inbound_on"], row["last_outbound_on"]) == (date(2026, 10, 1), date(2026, 11, 1))
    assert (row["engagement_level"], row["last_proactive_on"], row["has_discovery"]) == ("passive", None, True)


def test_a_machine_that_opens_mail_is_not_the_buyer():
    told = clocks(moves((date(2026, 11, 1), "open"), (date(2026, 6, 1), "click")), HANDOFF, as_of=AS_OF)
    assert told["last_inbound_on"].to_list() == [date(2026, 6, 1)]
    assert told["last_activity_on"].to_list() == [date(2026, 11, 1)]


def test_a_conversation_that_is_only_inferred_was_not_held():
    called = moves((date(2026, 10, 1), "touch"))
    guessed = called.with_columns(is_inferred=pl.lit(value=True))
    told = [clocks(one, HANDOFF, as_of=AS_OF)["has_discovery"].item() for one in (called, guessed)]
    assert told == [True, False]


@pytest.mark.parametrize(("days_ago", "points"), [(0, 60), (30, 60), (31, 0)])
def test_a_demo_request_earns_its_points_for_thirty_days(days_ago, points):
    told = clocks(moves((AS_OF - timedelta(days=days_ago), "ask")), HANDOFF, as_of=AS_OF)
    assert told["engagement_score"].to_list() == [points]


def test_points_are_for_the_buyers_moves_and_each_kind_counts_once():
    lines = [{"activity": "email_click", "points": points, "within_days": 30} for points in (20, 15)]
    agreed = HANDOFF.model_copy(update={"engagement_points": [EngagementPoints(**line) for line in lines]})
    click = moves((date(2026, 11, 1), "click"), (date(2026, 11, 2), "click"))
    ours = click.with_columns(direction=pl.lit("outbound"))
    assert clocks(click, agreed, as_of=AS_OF)["engagement_score"].to_list() == [20]
    assert clocks(ours, agreed, as_of=AS_OF)["engagement_score"].to_list() == [0]
