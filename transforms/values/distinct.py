"""Do dear work on distinct values only, and join the answers back."""

from collections.abc import Callable

import polars as pl

Values = tuple[str | None, ...]


def read_distinct(
    read: Callable[[pl.DataFrame], pl.Series], *, dtype: pl.DataType | type[pl.DataType], **columns: pl.Expr
) -> pl.Expr:
    """Make a column of `dtype`: what `read` says of each row's `columns`, asked once for every distinct row.

    `read` gets the distinct rows in no defined order, null in none of their first column, and answers each
    in place; it is not called for none at all. Where the first column is null the answer is null. Order and number of
    rows stay.
    """
    keys = list(columns)

    def ask(values: pl.Series) -> pl.Series:
        rows = values.struct.unnest()
        distinct = rows.unique().drop_nulls(keys[0])
        if distinct.is_empty():  # what `read` looks things up in may take a second to make
            return pl.repeat(None, rows.height, dtype=dtype, eager=True)
        answers = distinct.with_columns(read(distinct).alias("answer"))
        return rows.join(answers, on=keys, how="left", nulls_equal=True, maintain_order="left").get_column("answer")

    asked = pl.struct(column.alias(key) for key, column in columns.items())
    return asked.map_batches(ask, return_dtype=dtype)


def map_distinct(*columns: pl.Expr, answer: Callable[..., Values], names: tuple[str, ...]) -> pl.Expr:
    """Make a struct of the text fields `names`: what `answer` says of each row's values, asked once per distinct row.

    `answer` gets one text or null for each column and returns one text or null for each name. Rows whose
    first column is null are not asked about: they have no struct. Order and number of rows stay. `answer` must depend
    on its arguments alone, as the order in which values are asked about is not defined.

    >>> shout = map_distinct(pl.col("word"), answer=lambda word: (word.upper(),), names=("loud",))
    >>> pl.LazyFrame({"word": ["hey", None, "hey"]}).select(shout.struct.field("loud")).collect()["loud"].to_list()
    ['HEY', None, 'HEY']
    """

    def read(rows: pl.DataFrame) -> pl.Series:
        told = [answer(*row) for row in rows.rows()]
        fields = [pl.Series(name, [one[place] for one in told], pl.String) for place, name in enumerate(names)]
        return pl.DataFrame(fields).to_struct("answer")

    asked = {f"column_{place}": column.cast(pl.String) for place, column in enumerate(columns)}
    return read_distinct(read, dtype=pl.Struct(dict.fromkeys(names, pl.String())), **asked)
