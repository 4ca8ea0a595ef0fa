"""Call a library that works value by value on distinct values only, and join its answers back."""

from collections.abc import Callable

import polars as pl

Answer = tuple[str | None, ...]


def map_distinct(*columns: pl.Expr, answer: Callable[..., Answer], names: tuple[str, ...]) -> pl.Expr:
    """Make a struct of the text fields `names`: what `answer` says of each row's values, asked once per distinct row.

    Row by row. `answer` gets one text or null for each column and returns one text or null for each name. Rows whose
    first column is null are not asked about: all their fields are null. Order and number of rows stay. `answer` must
    depend on its arguments alone, as the order in which values are asked about is not defined.

    >>> shout = map_distinct(pl.col("word"), answer=lambda word: (word.upper(),), names=("loud",))
    >>> pl.LazyFrame({"word": ["hey", None, "hey"]}).select(shout.struct.field("loud")).collect()["loud"].to_list()
    ['HEY', None, 'HEY']
    """
    keys = [f"key_{position}" for position in range(len(columns))]
    asked = pl.struct(column.cast(pl.String).alias(key) for column, key in zip(columns, keys, strict=True))

    def ask(values: pl.Series) -> pl.Series:
        rows = values.struct.unnest()
        distinct = rows.unique().drop_nulls(keys[0])
        told = [answer(*row) for row in distinct.rows()]
        answers = [pl.Series(name, [one[place] for one in told], pl.String) for place, name in enumerate(names)]
        joined = rows.join(distinct.hstack(answers), on=keys, how="left", nulls_equal=True, maintain_order="left")
        return joined.select(pl.struct(names)).to_series()

    return asked.map_batches(ask, return_dtype=pl.Struct(dict.fromkeys(names, pl.String())))
