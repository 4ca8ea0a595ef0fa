"""Evaluation on distinct values: expensive functions run once per distinct value, results are joined back."""

from collections.abc import Callable

import polars as pl

Values = tuple[str | None, ...]


def read_distinct(
    read: Callable[[pl.DataFrame], pl.Series], *, dtype: pl.DataType | type[pl.DataType], **columns: pl.Expr
) -> pl.Expr:
    """Compile a column of `dtype`: the result of `read` for `columns`, evaluated once per distinct row.

    `read` gets the distinct rows in no defined order and returns one value per row, in their order; it is not called
    without rows. A row whose first column is null is not evaluated: its result is null. Rows keep their order.
    """
    keys = list(columns)

    def evaluate(values: pl.Series) -> pl.Series:
        rows = values.struct.unnest()
        distinct = rows.unique().drop_nulls(keys[0])
        if distinct.is_empty():  # lookup tables of `read` may take a second to build
            return pl.repeat(None, rows.height, dtype=dtype, eager=True)
        results = distinct.with_columns(read(distinct).alias("result"))
        return rows.join(results, on=keys, how="left", nulls_equal=True, maintain_order="left").get_column("result")

    arguments = pl.struct(column.alias(key) for key, column in columns.items())
    return arguments.map_batches(evaluate, return_dtype=dtype)


def map_distinct(*columns: pl.Expr, function: Callable[..., Values], names: tuple[str, ...]) -> pl.Expr:
    """Compile a struct of the text fields `names`: the result of `function`, evaluated once per distinct row.

    `function` gets one text or null per column and returns one text or null per name. A row whose first column is null
    is not evaluated: its struct is null. Rows keep their order. `function` must depend on its arguments alone, since
    the order of evaluation is not defined.

    >>> shout = map_distinct(pl.col("word"), function=lambda word: (word.upper(),), names=("loud",))
    >>> pl.LazyFrame({"word": ["hey", None, "hey"]}).select(shout.struct.field("loud")).collect()["loud"].to_list()
    ['HEY', None, 'HEY']
    """

    def read(rows: pl.DataFrame) -> pl.Series:
        results = [function(*row) for row in rows.rows()]
        fields = [pl.Series(name, [one[index] for one in results], pl.String) for index, name in enumerate(names)]
        return pl.DataFrame(fields).to_struct("result")

    arguments = {f"column_{index}": column.cast(pl.String) for index, column in enumerate(columns)}
    return read_distinct(read, dtype=pl.Struct(dict.fromkeys(names, pl.String())), **arguments)
