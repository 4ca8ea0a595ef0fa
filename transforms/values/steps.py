"""Stepwise parsing of a column: a cheap parser first, expensive ones only for the distinct texts that are left."""

from collections.abc import Callable, Sequence

import polars as pl

Step = Callable[[pl.Series], pl.Series]


def read_in_steps(text: pl.Expr, steps: Sequence[Step], dtype: pl.DataType) -> pl.Expr:
    """Parse text by the first step, and what it leaves null by the next, once per distinct text; null if all fail.

    Every step maps a series of texts to one of `dtype`, value by value.
    """

    def read(values: pl.Series) -> pl.Series:
        done = steps[0](values)
        for step in steps[1:]:
            missed = done.is_null() & values.is_not_null()
            if not missed.any():
                break
            done = done.scatter(missed.arg_true(), _once_each(values.filter(missed), step))
        return done

    return text.cast(pl.String).map_batches(read, return_dtype=dtype, is_elementwise=True)


def _once_each(values: pl.Series, step: Step) -> pl.Series:
    texts = values.unique()
    if texts.len() == values.len():
        return step(values)
    answers = pl.DataFrame([texts.alias("text"), step(texts).alias("read")])
    found = values.alias("text").to_frame().join(answers, on="text", how="left", maintain_order="left")
    return found["read"]
