"""Cached results of a value-by-value library, kept between runs: each value is computed once per library version."""

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl


@dataclass(slots=True)
class LibraryAnswers:
    """Results of a library. `kept` has one row per value: its columns, and `answer`, null where it has no result."""

    kept: pl.DataFrame
    _used: list[pl.DataFrame] = field(default_factory=list)

    def look_up(self, rows: pl.DataFrame, compute: Callable[[pl.DataFrame], pl.Series]) -> pl.Series:
        """Return the result of each distinct row, in order: from `kept`, else by `compute`.

        `rows` have the columns of `kept` without `answer`; `compute` must depend on them and on the library alone.
        """
        numbered = rows.with_row_index("row")
        kept = numbered.join(self.kept, on=rows.columns, how="inner", nulls_equal=True)
        new = numbered.join(kept, on="row", how="anti", maintain_order="left")
        if new.height:
            kept = pl.concat([kept, new.with_columns(compute(new.drop("row")).alias("answer"))])
        answers = kept.sort("row").drop("row")
        self._used.append(answers)
        return answers["answer"]

    def used(self) -> pl.DataFrame:
        """Return the results that were looked up, one row per value, sorted by value: only these are worth keeping."""
        answers = pl.concat([self.kept.clear(), *self._used])
        return answers.unique().sort(pl.all().exclude("answer"))
