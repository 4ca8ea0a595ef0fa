"""What an activity tells about interest, how a person first came in, and when a lead is silent."""

from datetime import date, timedelta
from functools import cache
from typing import Any

import polars as pl

from tests.definitions.handoff_records import HANDOFF
from tests.definitions.page.company import Company, ago, company, did
from tests.definitions.page.statements import Statement, checks
from tests.transforms.small_company import AS_OF
from transforms.conform.typed import translated

SECTION = "What an activity tells about interest"
SILENCE = "When a lead is silent"
KINDS = sorted(HANDOFF.engagement.listed_types)


@cache
def active() -> Company:
    """A person for each kind of activity, theirs, ours, and as the way in which they first came."""
    theirs = {f"theirs: {kind}": {"acts": [did(kind, 3)]} for kind in (*KINDS, "sky_writing")}
    ours = {f"ours: {kind}": {"acts": [did(kind, 3, "outbound")]} for kind in KINDS}
    first = {f"first: {kind}": {"origin_activity_type": kind, "source_created_at": ago(20)} for kind in KINDS}
    return company(theirs | ours | first)


def person(name: str) -> dict[str, Any]:
    row = active().person(name)
    assert row is not None
    return row


def interest(name: str) -> str:
    return person(name)["engagement_level"]


@checks(SECTION, columns=("Activities",))
def these_activities_show_this_interest(statement: Statement) -> None:
    kinds = statement.text.replace(" and ", ", ").split(", ")
    assert {kind for kind in KINDS if interest(f"theirs: {kind}") == statement.row} == set(kinds)


@checks(SECTION, "Only the buyer's own activities show interest; one that is not listed shows none.")
def ours_and_unlisted_ones_show_none(statement: Statement) -> None:
    assert {interest(f"ours: {kind}") for kind in KINDS} == {"none"}
    assert (interest("theirs: sky_writing"), interest("theirs: demo_request")) == ("none", "proactive")


@checks(
    SECTION,
    "S3 - a lead has come to us asking for something; a scanned badge or a bought list is not a lead.",
    "S2 - a newsletter or a download is passive interest.",
    "Mail programs open mail by themselves, so an open shows nothing.",
)
def the_reasons_are_those_of_the_table(statement: Statement) -> None:
    classes = {
        "demo_request": "mql", "event_scan": "list_record", "list_import": "list_record", "newsletter": "lead",
        "content_download": "lead", "email_open": "list_record",
    }  # fmt: skip
    assert {kind: person(f"theirs: {kind}")["lifecycle_class"] for kind in classes} == classes


@checks(
    SECTION,
    "How a person first came in counts as an activity of the buyer on the day they were first seen, where it shows "
    "interest:",
)
def the_way_in_counts_on_the_first_day(statement: Statement) -> None:
    for kind in KINDS:
        row, level = person(f"first: {kind}"), HANDOFF.engagement.level_of(kind)
        day = None if level == "none" else ago(20).date()
        told = (row["engagement_level"], row["last_inbound_on"], row["last_activity_on"], row["last_proactive_on"])
        assert told == (level, day, day, day if level == "proactive" else None), kind


@checks(SECTION, columns=("Counts as",))
def a_lead_source_counts_as_this_activity(statement: Statement) -> None:
    spelled = pl.Series([statement.row, f" {statement.row.upper()} ", f"{statement.row} of another kind"])
    told = pl.select(translated(pl.lit(spelled), HANDOFF.lead_sources)).to_series().to_list()
    assert told == [statement.text, statement.text, None]


def silent_since(**people: dict[str, Any]) -> dict[str, date | None]:
    """Since when each is silent; of a person first seen 400 days ago unless said otherwise."""
    made = company({name: {"source_created_at": ago(400), **told} for name, told in people.items()})
    rows = {name: made.person(name) for name in people}
    return {name: row["silent_since_on"] for name, row in rows.items() if row}


def day(days_ago: int) -> date:
    return AS_OF - timedelta(days=days_ago)


@checks(
    SILENCE,
    "A lead is silent from the first day after it last asked for something on which it has been a lead for 180 days, "
    "has not moved for 180 days, and nothing at all has happened for 90 days.",
)
@checks(
    SILENCE,
    "Two quarters, so that every campaign has had its turn, and no activity of either side for one (practice; "
    "calibrate from your own history).",
)
def silence_begins_when_all_limits_are_reached(statement: Statement) -> None:
    assert silent_since(
        today={"source_created_at": ago(180)},
        tomorrow={"source_created_at": ago(179)},
        moved={"acts": [did("web_visit", 180 + 100)]},
        moved_later={"acts": [did("web_visit", 220), did("web_visit", 179)]},
        called={"acts": [did("call", 400 - 170, "outbound")]},
        called_lately={"source_created_at": ago(180), "acts": [did("call", 89, "outbound")]},
        asked={"acts": [did("demo_request", 180)]},
        asked_later={"acts": [did("demo_request", 179)]},
    ) == {
        "today": AS_OF,
        "tomorrow": None,
        "moved": day(100),
        "moved_later": None,
        "called": day(140),
        "called_lately": None,
        "asked": AS_OF,
        "asked_later": None,
    }


@checks(SILENCE, "Only the buyer asking for something, or sales taking the lead up, ends it.")
@checks(SILENCE, "S4 - a dead lead stays silent whatever is done.")
def only_asking_and_taking_up_end_the_silence(statement: Statement) -> None:
    since = day(400 - 180)
    told = silent_since(
        nothing={},
        asked={"acts": [did("reply", 3)]},
        accepted={"sales_accepted_at": ago(3)},
        qualified={"sales_qualified_at": ago(3)},
        converted={"converted_at": ago(3)},
        visited={"acts": [did("web_visit", 3)]},
        mailed={"acts": [did("email", 3, "outbound")]},
        met={"acts": [did("meeting", 3, "outbound")]},
        qualified_by_marketing={"mql_at": ago(3)},
    )
    ended = {"asked", "accepted", "qualified", "converted"}
    assert told == {name: None if name in ended else since for name in told}


@checks(
    SILENCE,
    "Where a source keeps the date of the latest move only, nobody knows of earlier ones: the silence then counts from "
    "that move.",
)
def silence_counts_from_a_latest_move(statement: Statement) -> None:
    assert silent_since(
        of_many={"acts": [did("web_visit", 190)]},
        latest={"acts": [did("web_visit", 190, is_inferred=True)]},
        latest_of_late={"acts": [did("web_visit", 3, is_inferred=True)]},
    ) == {"of_many": day(400 - 180), "latest": day(10), "latest_of_late": None}
