"""Answers of a library that is asked value by value, kept from run to run: a value is asked once per version of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl


@dataclass(slots=True)
class LibraryAnswers:
    """What a library answered. `kept` has one row per value: its columns, and `answer`, null where there is none."""

    kept: pl.DataFrame
    _used: list[pl.DataFrame] = field(default_factory=list)

    def answered(self, rows: pl.DataFrame, ask: Callable[[pl.DataFrame], pl.Series]) -> pl.Series:
        """Answer distinct rows in place: from what is kept, and by `ask` for those that are not.

        `rows` have the columns of `kept` but `answer`; `ask` must depend on them and on the library alone.
        """
        numbered = rows.with_row_index("row")
        kept = numbered.join(self.kept, on=rows.columns, how="inner", nulls_equal=True)
        new = numbered.join(kept, on="row", how="anti", maintain_order="left")
        if new.height:
            kept = pl.concat([kept, new.with_columns(ask(new.drop("row")).alias("answer"))])
        answers = kept.sort("row").drop("row")
        self._used.append(answers)
        return answers["answer"]

    def used(self) -> pl.DataFrame:
        """Give what was answered since, one row per value, in the order of the values: no other value is of use."""
        answers = pl.concat([self.kept.clear(), *self._used])
        return answers.unique().sort(pl.all().exclude("answer"))
