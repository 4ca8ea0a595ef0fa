"""Chance that can be repeated: every draw is a pure function of (seed, what is drawn, whose draw it is).

A draw does not depend on how many others were drawn before it, so a thing added to the company changes nothing else.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Units = NDArray[np.float64]
Flags = NDArray[np.bool_]
Choice = str | int | float | None
Weights = Mapping[str, float] | Mapping[str | None, float] | Mapping[int, float]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class Dice:
    """Draws for one company; `salt` names what is drawn, `ids` whose draw it is."""

    seed: int

    def unit(self, salt: str, ids: Ids) -> Units:
        """Draw evenly from [0, 1).

        >>> bool(Dice(1).unit("eye colour", np.arange(9)).max() < 1)
        True
        """
        start = int.from_bytes(hashlib.blake2b(f"{self.seed}/{salt}".encode(), digest_size=8).digest(), "little")
        with np.errstate(over="ignore"):
            bits = (ids.astype(np.uint64) + np.uint64(1)) * _STEP + np.uint64(start)
            bits = (bits ^ (bits >> np.uint64(30))) * _MIX_1
            bits = (bits ^ (bits >> np.uint64(27))) * _MIX_2
            bits ^= bits >> np.uint64(31)
        return np.asarray((bits >> np.uint64(11)).astype(np.float64) / float(1 << 53), dtype=np.float64)

    def happens(self, share: float, salt: str, ids: Ids) -> Flags:
        """Draw true for about `share` of the ids."""
        return np.asarray(self.unit(salt, ids) < share)

    def whole(self, low: int, high: int, salt: str, ids: Ids) -> Ids:
        """Draw whole numbers evenly from [low, high)."""
        return np.asarray(low + np.floor(self.unit(salt, ids) * (high - low)), dtype=np.int64)

    def spread(self, low: float, high: float, salt: str, ids: Ids, *, towards_low: float = 1.0) -> Units:
        """Draw numbers from [low, high); `towards_low` above 1 crowds them at the low end."""
        return np.asarray(low + self.unit(salt, ids) ** towards_low * (high - low), dtype=np.float64)

    def index(self, weights: Sequence[float], salt: str, ids: Ids) -> Ids:
        """Draw positions 0, 1, … in proportion to their weights."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        return np.asarray(
            np.minimum(np.searchsorted(edges / edges[-1], self.unit(salt, ids), side="right"), len(edges) - 1),
            dtype=np.int64,
        )

    def pick(self, choices: Sequence[Choice], salt: str, ids: Ids) -> pl.Series:
        """Draw evenly from the choices."""
        return pl.Series(choices, strict=False).gather(self.whole(0, len(choices), salt, ids))

    def weigh(self, weights: Weights, salt: str, ids: Ids) -> pl.Series:
        """Draw from the choices in proportion to their weights."""
        return pl.Series(list(weights), strict=False).gather(self.index(list(weights.values()), salt, ids))


@dataclass(frozen=True, slots=True)
class Draws:
    """Draws for the rows of one table, as expressions over that table; `what` tells them from another table's."""

    dice: Dice
    what: str
    ids: Ids

    def sometimes(self, share: float, salt: str) -> pl.Expr:
        """True for about `share` of the rows."""
        return pl.lit(pl.Series(self.dice.happens(share, f"{self.what} {salt}", self.ids)))

    def known(self, share: float, column: str) -> pl.Expr:
        """The column, as far as anybody filled it in: null for the rest."""
        return pl.when(self.sometimes(share, f"{column} known")).then(column)

    def whole(self, low: int, high: int, salt: str) -> pl.Expr:
        """Whole numbers from [low, high)."""
        return pl.lit(pl.Series(self.dice.whole(low, high, f"{self.what} {salt}", self.ids)))

    def one_of(self, choices: Sequence[Choice], salt: str) -> pl.Expr:
        """One of the choices, evenly."""
        return pl.lit(self.dice.pick(choices, f"{self.what} {salt}", self.ids))

    def weighed(self, weights: Weights, salt: str) -> pl.Expr:
        """One of the choices, in proportion to their weights."""
        return pl.lit(self.dice.weigh(weights, f"{self.what} {salt}", self.ids))
