"""Qualification: the BANT answers of a lead or a deal, in the words of the field, and how likely each is."""

import polars as pl

from sandbox.company.chance import Draws, Units

Answers = dict[str, dict[str, float]]

OF_A_LEAD: Answers = {
    "budget": {"unknown": 4, "none": 6, "identified": 25, "realistic": 25, "allocated": 25, "confirmed": 15},
    "authority": {
        "unknown": 4,
        "contact_only": 8,
        "influencer": 18,
        "dm_aware": 25,
        "dm_involved": 25,
        "dm_direct": 20,
    },
    "need": {"unknown": 4, "none": 4, "suspected": 17, "acknowledged": 75},
    "timeline": {"unknown": 4, "none": 4, "far": 14, "near": 50, "agreed": 28},
}
OF_AN_EARLY_DEAL: Answers = {
    "budget": {"unknown": 1, "none": 3, "identified": 30, "realistic": 30, "allocated": 26, "confirmed": 10},
    "authority": {"unknown": 1, "contact_only": 3, "influencer": 9, "dm_aware": 37, "dm_involved": 30, "dm_direct": 20},
    "need": {"unknown": 1, "none": 1, "suspected": 8, "acknowledged": 90},
    "timeline": {"unknown": 2, "none": 2, "far": 5, "near": 61, "agreed": 30},
}
OF_A_LATE_DEAL: Answers = {
    "budget": {"none": 2, "realistic": 8, "allocated": 45, "confirmed": 45},
    "authority": {"influencer": 5, "dm_aware": 10, "dm_involved": 45, "dm_direct": 40},
    "need": {"suspected": 6, "acknowledged": 94},
    "timeline": {"far": 3, "near": 52, "agreed": 45},
}
FILLED = 0.95
NOT_KNOWN = -999


def qualification(draws: Draws, asked: Units, answers: Answers) -> pl.DataFrame:
    """`budget`, `authority`, `need`, `timeline`, and `asked_ahead`, the days until the buyer means to buy.

    All null (`asked_ahead`: -999) where nobody asked; `asked` is the chance that somebody did, mostly all at once.
    """
    knows = pl.lit(pl.Series(draws.dice.unit(f"{draws.what} asked", draws.ids) < asked))
    dated = knows & draws.sometimes(0.6, "purchase dated")
    told = [
        pl.when(knows & draws.sometimes(FILLED, f"{name} filled")).then(draws.weighed(words, name)).alias(name)
        for name, words in answers.items()
    ]
    return pl.select(*told, asked_ahead=pl.when(dated).then(draws.whole(-20, 400, "buys in")).otherwise(NOT_KNOWN))
