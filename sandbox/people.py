"""The true people: who they are, where they work, which systems know them, and how far their interest goes.

A story says what a person did and did not do. Every record of the person, in every system, is told from the one story.
"""

import numpy as np
import polars as pl

from sandbox.chance import Dice, Flags, Ids, Units
from sandbox.firms import with_places
from sandbox.moments import DAY, HOUR, MOMENT, moments
from sandbox.names import NAMES
from sandbox.owners import draw_reps
from sandbox.places import PLACES
from sandbox.trades import (
    AUTHORITIES,
    BUDGETS,
    FREE_MAIL,
    NEEDS,
    OWN_DOMAIN,
    PASSIVE_FORMS,
    PROACTIVE_FORMS,
    TIMELINES,
    TITLES,
)  # fmt: skip

# Share of people by where they are known: HubSpot contact, Salesforce lead, Salesforce contact; converted = lead and contact.
PATTERNS: dict[str, float] = {"h": 50, "hl": 9, "hc": 8, "hlc": 5, "l": 15, "c": 11, "lc": 2}
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
    "hc": {"buyer": 88, "silent": 8, "nurture": 4},
    "c": {"buyer": 88, "silent": 8, "nurture": 4},
    "hlc": {"buyer": 1},
    "lc": {"buyer": 1},
}
# Days since the buyer last moved: lowest, highest.
LAST_INBOUND: dict[str, tuple[int, int]] = {
    "subscriber": (0, 170), "download": (0, 150), "asker": (0, 100), "silent": (190, 720), "list": (0, 0), "worked": (0, 60),
    "nurture": (90, 300), "refused": (30, 600), "test": (5, 300), "buyer": (0, 120),
}  # fmt: skip
MAIN_STORY_IS_PROACTIVE = ("asker", "worked", "buyer")


def true_people(ids: Ids, firms: pl.DataFrame, reps: pl.DataFrame, dice: Dice, last_change: int) -> pl.DataFrame:
    """One row a person; see the module."""
    pattern = dice.weigh(dict(PATTERNS), "person pattern", ids)
    story = _stories(pattern, dice, ids)
    firm = np.floor(dice.unit("person firm", ids) ** 1.7 * len(firms)).astype(np.int64)
    own_country = dice.happens(0.15, "person abroad", ids)
    place = np.where(
        own_country, dice.index([p.weight for p in PLACES], "person place", ids), firms["place"].to_numpy()[firm]
    )
    frame = pl.DataFrame(
        {
            "person": ids,
            "pattern": pattern,
            "story": story,
            "place": place,
            "phone_digits": dice.whole(100, 999, "phone", ids),
        }
    )
    frame = pl.concat([frame, _names(place, dice, ids), _dates(story, dice, ids, last_change)], how="horizontal")
    frame = with_places(frame, dice, "person", ids)
    # A person without a firm still works somewhere: the firm column stays, only the address and employer are hidden.
    free_mail = dice.happens(0.08, "person free mail", ids) | (
        (story == "list").to_numpy() & dice.happens(0.1, "list free mail", ids)
    )
    frame = frame.with_columns(
        firm=pl.Series(firm),
        firm_name=firms["name"].gather(firm),
        firm_domain=firms["domain"].gather(firm),
        free_mail=pl.Series(free_mail),
        title=dice.weigh(dict(TITLES), "person title", ids),
        rep=pl.Series(draw_reps(reps, dice, "person owner", ids)),
        opted_out=pl.Series(dice.happens(0.06, "person opted out", ids)),
        bounced=pl.Series(dice.happens(0.03, "person bounced", ids)),
    )
    frame = _addresses(frame, dice, ids)
    return pl.concat([frame, qualification(dice, "person", ids, knows=_knows(story))], how="horizontal")


def _stories(pattern: pl.Series, dice: Dice, ids: Ids) -> pl.Series:
    frame = pl.DataFrame(
        {"pattern": pattern, **{p: dice.weigh(dict(w), f"person story {p}", ids) for p, w in STORIES.items()}}
    )
    chosen = pl.coalesce(pl.when(pl.col("pattern") == p).then(pl.col(p)) for p in STORIES)
    return frame.select(story=chosen).to_series()


def _names(place: Ids, dice: Dice, ids: Ids) -> pl.DataFrame:
    first, last = np.empty(len(ids), dtype=object), np.empty(len(ids), dtype=object)
    spelt = np.empty(len(ids), dtype=object)
    draw_1, draw_2 = dice.unit("given name", ids), dice.unit("family name", ids)
    for number, where in enumerate(PLACES):
        here = np.flatnonzero(place == number)
        stock = NAMES[where.code]
        given = np.floor(draw_1[here] * len(stock.given)).astype(np.int64)
        family = np.floor(draw_2[here] * len(stock.family)).astype(np.int64)
        first[here] = np.array([shown for shown, _ in stock.given], dtype=object)[given]
        last[here] = np.array([shown for shown, _ in stock.family], dtype=object)[family]
        spelt[here] = np.array([f"{a}.{b}" for _, a in stock.given for _, b in stock.family], dtype=object)[
            given * len(stock.family) + family
        ]
    return pl.DataFrame(
        {"first": first, "last": last, "spelt": spelt}, schema=dict.fromkeys(("first", "last", "spelt"), pl.String)
    )


def _dates(story: pl.Series, dice: Dice, ids: Ids, last_change: int) -> pl.DataFrame:
    low, high = (
        story.replace_strict({s: r[n] for s, r in LAST_INBOUND.items()}, return_dtype=pl.Int64).to_numpy()
        for n in (0, 1)
    )
    inbound = low + dice.unit("last inbound", ids) * (high - low)
    is_list = (story == "list").to_numpy()
    older = dice.spread(0, 500, "known before", ids, towards_low=2) + np.where((story == "buyer").to_numpy(), 60, 0)
    age = np.where(is_list, dice.spread(4, 900, "list age", ids), inbound + older)
    touched = _outbound(story, inbound, age, dice, ids)
    evidence = dice.weigh({"form": 60, "click": 20, "visit": 12, "reply": 8}, "evidence", ids)
    proactive = story.is_in(MAIN_STORY_IS_PROACTIVE).to_numpy() | dice.happens(0.15, "old ask", ids)
    now = float(last_change)
    return pl.DataFrame(
        {
            "born": moments(np.floor(now - age * DAY)),
            "inbound": moments(np.where(is_list, np.nan, np.floor(now - inbound * DAY))),
            "outbound": moments(np.floor(now - touched * DAY)),
            "evidence": np.where(proactive, "form", evidence.to_numpy()),
            "proactive": proactive,
            "form": np.where(
                proactive,
                dice.pick(PROACTIVE_FORMS, "proactive form", ids).to_numpy(),
                dice.pick(PASSIVE_FORMS, "passive form", ids).to_numpy(),
            ),
        },
        schema_overrides={"evidence": pl.String, "form": pl.String},
    )


def _outbound(story: pl.Series, inbound: Units, age: Units, dice: Dice, ids: Ids) -> Units:
    lag = dice.spread(0, 1, "outbound lag", ids)
    touched = inbound * (1 - 0.4 * lag)
    silent: Flags = (story == "silent").to_numpy()
    touched = np.where(silent, np.maximum(182.0, touched), touched)
    lists: Flags = (story == "list").to_numpy()
    touched = np.where(lists, np.where(dice.happens(0.4, "list called", ids), age * 0.8, np.nan), touched)
    nobody_called = story.is_in(["subscriber", "download", "test"]).to_numpy() & dice.happens(0.8, "never called", ids)
    waiting = (story == "asker").to_numpy() & dice.happens(0.3, "asker waits", ids)
    return np.where(nobody_called | waiting, np.nan, touched)


def _addresses(frame: pl.DataFrame, dice: Dice, ids: Ids) -> pl.DataFrame:
    domain = (
        pl.when(pl.col("story") == "test").then(pl.lit(OWN_DOMAIN))
        .when("free_mail").then(dice.pick(FREE_MAIL, "free mail", ids))
        .otherwise("firm_domain")
    )  # fmt: skip
    name = pl.when("free_mail").then(pl.col("spelt") + (1000 + pl.col("person")).cast(pl.String)).otherwise("spelt")
    frame = frame.with_columns(_local=name, _domain=domain)
    again = pl.col("person").cum_count().over("_local", "_domain")
    suffix = pl.when(again > 1).then(again.cast(pl.String)).otherwise(pl.lit(""))
    # People who come later are numbered by themselves, so that the company as it was founded need not be looked at.
    later = pl.lit(bool(len(ids) and ids[0] > 0))
    suffix = pl.when(later).then("." + pl.col("person").cast(pl.String)).otherwise(suffix)
    return frame.with_columns(email=pl.col("_local") + suffix + "@" + pl.col("_domain")).drop("_local", "_domain")


def _knows(story: pl.Series) -> Units:
    shares = {
        "worked": 0.85,
        "buyer": 0.55,
        "asker": 0.45,
        "nurture": 0.5,
        "refused": 0.4,
        "silent": 0.2,
        "download": 0.1,
    }
    return story.replace_strict(shares, default=0.03, return_dtype=pl.Float64).to_numpy()


def qualification(dice: Dice, salt: str, ids: Ids, *, knows: Units) -> pl.DataFrame:
    """BANT answers in the words of the field; `knows` is the chance that anybody asked. Blank, not "unknown", is usual."""
    asked = dice.unit(f"{salt} asked", ids) < knows
    words = {"budget": BUDGETS, "authority": AUTHORITIES, "need": NEEDS, "timeline": TIMELINES}
    weights = {
        "budget": (4, 6, 25, 25, 25, 15), "authority": (4, 8, 18, 25, 25, 20), "need": (4, 4, 17, 75), "timeline": (4, 4, 14, 50, 28),
    }  # fmt: skip
    columns: dict[str, pl.Series] = {}
    for name, ladder in words.items():
        known = asked & dice.happens(0.92, f"{salt} {name} filled", ids)
        drawn = pl.Series(list(ladder)).gather(dice.index(weights[name], f"{salt} {name}", ids))
        columns[name] = pl.select(pl.when(pl.Series(known)).then(drawn)).to_series()
    return pl.DataFrame(columns).with_columns(
        asked_ahead=pl.Series(
            np.where(
                asked & dice.happens(0.6, f"{salt} dated", ids), dice.whole(-20, 400, f"{salt} buys in", ids), -999
            )
        )
    )


def hours(column: str, dice: Dice, salt: str, ids: Ids, low: int, high: int) -> pl.Expr:
    """The moment some hours after the one in `column`."""
    return (pl.col(column) + pl.Series(dice.whole(low * HOUR, high * HOUR, salt, ids)).cast(pl.Duration("ms"))).cast(
        MOMENT
    )
