"""Table batches: computed rows of a curated table in its contract, with a row hash for change detection."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from definitions.polars_types import MONEY
from definitions.run_context import RunContext
from definitions.schema.classified import CLASS_COLUMN, Classified
from definitions.schema.column import Step
from definitions.schema.tables import FCT_CLASSIFICATION_CHANGE, FCT_HYGIENE_ISSUE, Table
from transforms.classify.hygiene import findings
from transforms.frames import conformed, require_columns, with_record_hash
from transforms.history.changes import class_changes, issue_lives


@dataclass(frozen=True, slots=True)
class TableBatch:
    """Some rows of a table; its batches together have all of them. A lazy frame is collected by the consumer.

    The columns that publishing adds (`warehouse.tables.STAMPED`) are missing, or null.
    """

    table: Table
    rows: pl.DataFrame | pl.LazyFrame


def table_batch(table: Table, rows: pl.DataFrame | pl.LazyFrame) -> TableBatch:
    """Conform rows to the table's contract and add `record_hash`; sort an eager frame by key, a lazy one not.

    Raises `TransformError` naming the columns that the rows lack.
    """
    require_columns(rows, table, Step.HISTORY)
    if isinstance(rows, pl.LazyFrame):
        return TableBatch(table, with_record_hash(conformed(rows, table), table))
    whole = conformed(_in_order(rows, table.key).lazy(), table)
    return TableBatch(table, with_record_hash(whole, table).collect())


def history_batches(
    kind: Classified, live: pl.DataFrame, classes: pl.DataFrame, issues: pl.LazyFrame, run: RunContext
) -> Iterator[TableBatch]:
    """Yield the changes of persons or deals: class changes, then issues opened, still open and resolved.

    `classes` and `issues` are the published rows of these records.
    """
    yield table_batch(FCT_CLASSIFICATION_CHANGE, _class_changes(kind, live, classes, run))
    found = findings(live.lazy(), run.definitions, kind, run.as_of)
    lives = issue_lives(issues, found, as_of=run.as_of, is_baseline=run.is_baseline)
    yield table_batch(FCT_HYGIENE_ISSUE, lives.collect())


def _class_changes(kind: Classified, live: pl.DataFrame, classes: pl.DataFrame, run: RunContext) -> pl.DataFrame:
    value = pl.col("amount_corporate") if kind == "opportunity" else pl.lit(None, MONEY)
    after = live.lazy().select(
        "claimed_class",
        "rule",
        "reason",
        **{"record_id": f"{kind}_id", "class": CLASS_COLUMN[kind]},
        value=value,
    )
    return class_changes(
        classes.lazy(),
        after,
        kind=kind,
        as_of=run.as_of,
        profile=run.definitions.profile,
        run_id=run.run_id,
    ).collect()


def _in_order(frame: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Sort rows by key; a frame that is sorted already, as most are, is not copied."""
    first, *others = key
    return frame if not others and frame[first].is_sorted() else frame.sort(key)
