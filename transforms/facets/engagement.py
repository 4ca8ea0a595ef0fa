"""Engagement facets: activities with the interest they show, and each person's clocks, scores and silence."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from definitions.agreement.model import Definitions
from transforms.step import ROW, step

_LEVELS = ("none", "passive", "proactive")
_CONVERSATIONS = ("meeting", "call", "discovery_call")


@step(partition_by=ROW, needs=("bridges",), delivers=("activity_id", "engagement_level", "is_human"))
def activities(
    records: pl.LazyFrame,
    definitions: Definitions,
    *,
    bridges: Mapping[str, pl.DataFrame],
    ignored_owners: Sequence[str],
) -> pl.LazyFrame:
    """Return one row per activity that was not deleted, with its interest and an id for each kind in `bridges`.

    `bridges` (record_key, entity_id) lead from a key of that kind to its golden id; null for an unknown key.
    Interest is that of the type in the definitions, and only the buyer's own moves show any. Activities of an owner in
    `ignored_owners` (record keys of integration users) are kept and marked as not human. In no particular order.
    """
    level = _level(pl.col("activity_type"), definitions)
    frame = records.filter(~pl.col("is_deleted")).with_columns(
        activity_id=pl.col("record_key"),
        engagement_level=pl.when(pl.col("direction") == "inbound").then(level).otherwise(pl.lit("none")),
        is_human=~pl.col("owner_key").is_in(list(ignored_owners)).fill_null(value=False),
    )
    for kind, bridge in bridges.items():
        ids = bridge.lazy().select(pl.col("record_key").alias(f"{kind}_key"), pl.col("entity_id").alias(f"{kind}_id"))
        frame = frame.join(ids, on=f"{kind}_key", how="left")
    return frame


def _level(activity_type: pl.Expr, definitions: Definitions) -> pl.Expr:
    """Look up the interest of a kind of activity: none where it is unknown or not in the definitions."""
    levels = {name: definitions.engagement.level_of(name) for name in sorted(definitions.engagement.listed_types)}
    return activity_type.replace_strict(levels, default="none", return_dtype=pl.String)


@step(partition_by=ROW)
def moves(acts: pl.DataFrame, people: pl.DataFrame, definitions: Definitions, *, as_of: date) -> pl.DataFrame:
    """Return one row per completed move of or towards a person up to `as_of`: day, direction, interest, kind.

    A person's origin counts as a move on the day of the first record, of unknown day (null) where no
    source has that. `people` has person_id, lead_since_on, origin_activity_type and
    last_activity_at (what the source itself claims as the latest activity).
    """
    zone = definitions.reporting.time_zone
    day = pl.col("occurred_at").dt.convert_time_zone(zone).dt.date()
    done = acts.filter(
        pl.col("person_id").is_not_null(),
        pl.col("occurred_at").is_not_null(),
        pl.col("is_completed").fill_null(value=True),
        "is_human",
    ).select("person_id", "activity_type", "engagement_level", "direction", "is_inferred", day=day)
    origin = people.filter(pl.col("origin_activity_type").is_not_null()).select(
        "person_id",
        activity_type=pl.col("origin_activity_type"),
        engagement_level=_level(pl.col("origin_activity_type"), definitions),
        direction=pl.lit("inbound"),
        is_inferred=pl.lit(value=True),
        day=pl.col("lead_since_on"),
    )
    # A badge scan or an imported list is no move of the buyer.
    origin = origin.filter(pl.col("engagement_level") != "none")
    claimed = people.filter(pl.col("last_activity_at").is_not_null()).select(
        "person_id",
        activity_type=pl.lit("claimed_by_source"),
        engagement_level=pl.lit("none"),
        direction=pl.lit("internal"),
        is_inferred=pl.lit(value=True),
        day=pl.col("last_activity_at").dt.convert_time_zone(zone).dt.date(),
    )
    return pl.concat([done, origin, claimed]).filter((pl.col("day") <= as_of) | pl.col("day").is_null())


@step(
    partition_by="person_id",
    delivers=(
        "last_inbound_on",
        "last_outbound_on",
        "last_proactive_on",
        "last_activity_on",
        "has_discovery",
        "engagement_score",
        "engagement_level",
    ),
)
def clocks(people_moves: pl.DataFrame, definitions: Definitions, *, as_of: date) -> pl.DataFrame:
    """Return one row per person with any move: last days by direction, interest, conversation held, engagement score.

    A kind of move earns its points once, however often it was made, and by the line that gives most.
    """
    outbound = pl.col("direction") == "outbound"
    proactive = pl.col("engagement_level") == "proactive"
    rank = pl.col("engagement_level").replace_strict(
        {name: rank for rank, name in enumerate(_LEVELS)}, return_dtype=pl.Int8
    )
    age = (pl.lit(as_of) - pl.col("day")).dt.total_days()
    talked = pl.col("activity_type").is_in(_CONVERSATIONS) & ~pl.col("is_inferred")
    earned: dict[str, list[pl.Expr]] = {}
    for line in definitions.engagement_points:
        made = (pl.col("activity_type") == line.activity) & (pl.col("direction") == "inbound")
        earned.setdefault(line.activity, []).append((made & (age <= line.within_days)).any() * line.points)
    score = pl.sum_horizontal(*(pl.max_horizontal(*lines) for lines in earned.values())) if earned else pl.lit(0)
    return (
        people_moves.group_by("person_id")
        .agg(
            last_inbound_on=pl.col("day").filter(_is_buyer_move()).max(),
            last_outbound_on=pl.col("day").filter(outbound).max(),
            last_proactive_on=pl.col("day").filter(proactive).max(),
            last_activity_on=pl.col("day").max(),
            level=rank.max(),
            has_discovery=talked.any(),
            engagement_score=score.clip(0, 100).cast(pl.Int32),
        )
        .with_columns(engagement_level=pl.col("level").replace_strict(dict(enumerate(_LEVELS)), return_dtype=pl.String))
        .drop("level")
    )


def _is_buyer_move() -> pl.Expr:
    """Return whether a move is the buyer's own: a machine that opens a mail, or a scanned badge, shows nothing."""
    return (pl.col("direction") == "inbound") & (pl.col("engagement_level") != "none")


@step(partition_by=ROW, delivers=("person_id", "day"))
def wakings(people: pl.DataFrame, definitions: Definitions, *, as_of: date) -> pl.DataFrame:
    """Return one row per person and day on which sales accepted, qualified or converted them: person_id, day.

    A salesperson's decision on one lead is evidence of a conversation; a date set by marketing's own automation is not.
    """
    converted_on = pl.col("converted_at").dt.convert_time_zone(definitions.reporting.time_zone).dt.date()
    days = [pl.col("sales_accepted_on"), pl.col("sales_qualified_on"), converted_on]
    touches = pl.concat([people.select("person_id", day=day) for day in days])
    return touches.filter(pl.col("day") <= as_of)


@step(partition_by="person_id", delivers=("person_id", "silent_since_on"))
def silent_since(
    people: pl.DataFrame, people_moves: pl.DataFrame, woken: pl.DataFrame, definitions: Definitions, *, as_of: date
) -> pl.DataFrame:
    """Return one row per silent person: person_id, silent_since_on.

    That is the first day after the last proactive move on which they had been a lead for `lead_days`, without inbound
    for `inbound_days` and without any activity for `activity_days`.

    Computed from the history of moves and not from an earlier result, so a full refresh gives the same day, and only a
    proactive move, or a decision of sales on the person (`wakings`), ends the silence (semantics B0.7, B2 dead).
    Of some moves a source keeps the latest only (`is_inferred`: HubSpot's last visit): earlier ones are unknown,
    so no silence is found before the last of them. People whose first day is unknown are never silent.
    """
    limits = definitions.silence
    first = people.filter(pl.col("lead_since_on").is_not_null()).select("person_id", "lead_since_on")
    start = first.select(
        "person_id",
        day=pl.col("lead_since_on"),
        is_inbound=pl.lit(value=True),
        is_proactive=pl.lit(value=False),
        hides_earlier=pl.lit(value=False),
    )
    done = people_moves.filter(pl.col("day").is_not_null()).select(
        "person_id",
        "day",
        is_inbound=_is_buyer_move(),
        is_proactive=pl.col("engagement_level") == "proactive",
        hides_earlier=_is_buyer_move() & pl.col("is_inferred"),
    )
    sales_touches = woken.with_columns(
        is_inbound=pl.lit(value=True), is_proactive=pl.lit(value=True), hides_earlier=pl.lit(value=False)
    )
    steps = (
        pl.concat([start, done, sales_touches])
        .sort("person_id", "day")
        .join(first, on="person_id", maintain_order="left")
    )
    # No silence begins before this day: the person made a proactive move, or earlier moves are unknown.
    known_from = pl.col("day").filter(pl.col("is_proactive") | pl.col("hides_earlier")).max().over("person_id")
    last_inbound = pl.when("is_inbound").then("day").cum_max().forward_fill().over("person_id")
    reached = pl.max_horizontal(
        pl.col("day") + timedelta(days=limits.activity_days),
        last_inbound + timedelta(days=limits.inbound_days),
        pl.col("lead_since_on") + timedelta(days=limits.lead_days),
    )
    steps = steps.with_columns(
        known_from=known_from, reached=reached, next_day=pl.col("day").shift(-1).over("person_id")
    )
    return (
        steps.filter(
            pl.col("known_from").is_null() | (pl.col("day") >= pl.col("known_from")),
            pl.col("reached") <= as_of,
            pl.col("next_day").is_null() | (pl.col("next_day") > pl.col("reached")),
        )
        .group_by("person_id")
        .agg(silent_since_on=pl.col("reached").min())
    )
