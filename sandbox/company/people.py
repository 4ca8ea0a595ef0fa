"""The true people: who they are, where they work, which systems know them, and how far their interest goes.

A story says what a person did and did not do. Every record of the person, in every system, is told from the one story.
"""

import numpy as np
import polars as pl

from sandbox.company.chance import Dice, Draws, Flags, Ids, Units
from sandbox.company.firms import worked_firm
from sandbox.company.moments import DAY, MOMENT, moments
from sandbox.company.names import NAMES
from sandbox.company.places import PLACES
from sandbox.company.qualification import OF_A_LEAD, qualification
from sandbox.company.trades import FREE_MAIL, OWN_DOMAIN, PASSIVE_FORMS, PROACTIVE_FORMS, TITLES
from sandbox.company.whereabouts import NUMBERS, with_whereabouts

# Share of people by where they are known: h HubSpot contact, l Salesforce lead, c Salesforce contact (lc: converted).
PATTERNS = {"h": 50, "hl": 9, "hc": 8, "hlc": 5, "l": 15, "c": 11, "lc": 2}
_DEALT_WITH: dict[str, float] = {"buyer": 88, "silent": 8, "nurture": 4}
STORIES: dict[str, dict[str, float]] = {
    "h": {
        "subscriber": 26,
        "download": 24,
        "asker": 9,
        "silent": 17,
        "list": 14,
        "worked": 2,
        "nurture": 3,
        "refused": 3,
        "test": 2,
    },
    "hl": {"download": 16, "asker": 24, "silent": 22, "list": 7, "worked": 16, "nurture": 8, "refused": 6, "test": 1},
    "l": {"asker": 18, "silent": 25, "list": 22, "worked": 14, "nurture": 9, "refused": 10, "test": 2},
    "hc": _DEALT_WITH,
    "c": _DEALT_WITH,
    "hlc": {"buyer": 1},
    "lc": {"buyer": 1},
}
# Days since the buyer last moved: lowest, highest.
LAST_INBOUND = {
    "subscriber": (0, 170),
    "download": (0, 150),
    "asker": (0, 100),
    "silent": (190, 720),
    "list": (0, 0),
    "worked": (0, 60),
    "nurture": (90, 300),
    "refused": (30, 600),
    "test": (5, 300),
    "buyer": (0, 120),
}
SILENT_DAYS = 182
PROACTIVE_STORIES = ("asker", "worked", "buyer")
EVIDENCE = {"form": 60, "click": 20, "visit": 12, "reply": 8}
# Chance that anybody asked the qualification questions.
ASKED = {"worked": 0.85, "buyer": 0.55, "asker": 0.45, "nurture": 0.5, "refused": 0.4, "silent": 0.2, "download": 0.1}
ASKED_ELSE = 0.03


def true_people(ids: Ids, firms: pl.DataFrame, dice: Dice, last_change: int) -> pl.DataFrame:
    """One row a person; see the module."""
    draws = Draws(dice, "person", ids)
    pattern = dice.weigh(PATTERNS, "person pattern", ids)
    story = _stories(pattern, dice, ids)
    # A few firms have many people: the low numbers are drawn more often. Sales knows people where it works.
    draw = dice.unit("person firm", ids)
    dealt_with = pattern.str.contains("c").to_numpy()
    anyone = np.floor(draw**1.7 * len(firms)).astype(np.int64)
    firm = np.where(dealt_with, worked_firm(firms, pl.col("in_salesforce"), draw), anyone)
    abroad = dice.happens(0.15, "person abroad", ids)
    anywhere = dice.index([place.weight for place in PLACES], "person place", ids)
    place = np.where(abroad, anywhere, firms["place"].to_numpy()[firm])
    frame = pl.DataFrame({"person": ids, "pattern": pattern, "story": story, "firm": firm, "place": place})
    frame = pl.concat([frame, _names(place, dice, ids), _dates(story, dice, ids, last_change)], how="horizontal")
    listed = (pl.col("story") == "list") & draws.sometimes(0.1, "listed free mail")
    frame = frame.with_columns(
        *(firms[column].gather(firm).alias(f"firm_{column}") for column in ("name", "domain", "industry", "employees")),
        phone_number=draws.whole(0, NUMBERS, "phone"),
        free_mail=draws.sometimes(0.08, "free mail") | listed,
        title=draws.weighed(TITLES, "title"),
        opted_out=draws.sometimes(0.06, "opted out"),
        bounced=draws.sometimes(0.03, "bounced"),
        converted=pl.when(pl.col("pattern").is_in(["lc", "hlc"]))
        .then(pl.col("born") + pl.duration(hours=draws.whole(300, 1200, "converted")))
        .cast(MOMENT),
        dealing=pl.lit(None, dtype=pl.String),
    )
    frame = with_whereabouts(_with_address(frame, draws, first=int(ids[0]) if len(ids) else 0), draws)
    asked = story.replace_strict(ASKED, default=ASKED_ELSE, return_dtype=pl.Float64).to_numpy()
    return pl.concat([frame, qualification(draws, asked, OF_A_LEAD)], how="horizontal")


def _stories(pattern: pl.Series, dice: Dice, ids: Ids) -> pl.Series:
    drawn = {name: dice.weigh(weights, f"person story {name}", ids) for name, weights in STORIES.items()}
    chosen = pl.coalesce(pl.when(pl.lit(pattern) == name).then(pl.lit(stories)) for name, stories in drawn.items())
    return pl.select(story=chosen).to_series()


def _names(place: Ids, dice: Dice, ids: Ids) -> pl.DataFrame:
    """`first` and `last` as written, and `spelt`, the local part of an address in Latin letters."""
    columns = {name: np.empty(len(ids), dtype=object) for name in ("first", "last", "spelt")}
    draws = dice.unit("given name", ids), dice.unit("family name", ids)
    for number, where in enumerate(PLACES):
        here = np.flatnonzero(place == number)
        stock = NAMES[where.code]
        given, family = (
            np.floor(draw[here] * len(names)).astype(np.int64)
            for draw, names in zip(draws, (stock.given, stock.family), strict=True)
        )
        columns["first"][here] = np.array([shown for shown, _ in stock.given], dtype=object)[given]
        columns["last"][here] = np.array([shown for shown, _ in stock.family], dtype=object)[family]
        latin = [f"{first}.{last}" for _, first in stock.given for _, last in stock.family]
        columns["spelt"][here] = np.array(latin, dtype=object)[given * len(stock.family) + family]
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def _dates(story: pl.Series, dice: Dice, ids: Ids, last_change: int) -> pl.DataFrame:
    """`born` (first known), `inbound` and `outbound` (last move of the buyer, of us), and evidence of the former."""
    ranges = (
        story.replace_strict({s: days[end] for s, days in LAST_INBOUND.items()}, return_dtype=pl.Int64)
        for end in (0, 1)
    )
    low, high = (days.to_numpy() for days in ranges)
    inbound = low + dice.unit("last inbound", ids) * (high - low)
    is_list: Flags = (story == "list").to_numpy()
    known_before = dice.spread(0, 500, "known before", ids, towards_low=2) + 60 * (story == "buyer").to_numpy()
    age = np.where(is_list, dice.spread(4, 900, "list age", ids), inbound + known_before)
    proactive = story.is_in(PROACTIVE_STORIES).to_numpy() | dice.happens(0.15, "old ask", ids)
    evidence = dice.weigh(EVIDENCE, "evidence", ids).to_numpy()
    forms = (dice.pick(forms, "form", ids).to_numpy() for forms in (PROACTIVE_FORMS, PASSIVE_FORMS))
    return pl.DataFrame(
        {
            "born": _ago(age, last_change),
            "inbound": _ago(np.where(is_list, np.nan, inbound), last_change),
            "outbound": _ago(_outbound(story, inbound, age, dice, ids), last_change),
            "evidence": np.where(proactive, "form", evidence),
            "form": np.where(proactive, *forms),
        },
        schema_overrides={"evidence": pl.String, "form": pl.String},
    )


def _ago(days: Units, last_change: int) -> pl.Series:
    return moments(np.floor(last_change - days * DAY))


def _outbound(story: pl.Series, inbound: Units, age: Units, dice: Dice, ids: Ids) -> Units:
    """Days since we last moved; NaN where we never did."""
    touched = inbound * (1 - 0.4 * dice.unit("outbound lag", ids))
    touched = np.where((story == "silent").to_numpy(), np.maximum(SILENT_DAYS, touched), touched)
    listed = np.where(dice.happens(0.4, "list called", ids), age * 0.8, np.nan)
    touched = np.where((story == "list").to_numpy(), listed, touched)
    marketed = story.is_in(["subscriber", "download", "test"]).to_numpy() & dice.happens(0.8, "never called", ids)
    waiting = (story == "asker").to_numpy() & dice.happens(0.3, "asker waits", ids)
    return np.where(marketed | waiting, np.nan, touched)


def _with_address(frame: pl.DataFrame, draws: Draws, *, first: int) -> pl.DataFrame:
    """Add `email`, one of its own for every person."""
    numbered = (1000 + pl.col("person")).cast(pl.String)
    frame = frame.with_columns(
        _local=pl.when("free_mail").then(pl.col("spelt") + numbered).otherwise("spelt"),
        _domain=pl.when(pl.col("story") == "test").then(pl.lit(OWN_DOMAIN))
        .when("free_mail").then(draws.one_of(FREE_MAIL, "free mail at"))
        .otherwise("firm_domain"),
    )  # fmt: skip
    again = pl.col("person").cum_count().over("_local", "_domain")
    suffix = pl.when(again > 1).then(again.cast(pl.String)).otherwise(pl.lit(""))
    # People who come later are numbered by themselves, so that those already there need not be looked at.
    own = "." + pl.col("person").cast(pl.String)
    email = pl.col("_local") + (own if first else suffix) + "@" + pl.col("_domain")
    return frame.with_columns(email=email).drop("_local", "_domain")
