"""Value faults: what a value that cannot be read costs, and how many of them a field may have.

It costs itself: the value is null and the record stays. Only an unreadable id or deletion mark, a missing value that
the contract requires, and a field declared `on_unreadable: quarantine` cost the record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from definitions.errors import TransformError
from definitions.fault_limit import FaultLimit
from definitions.mapping.custom_fields import PREFIX
from definitions.mapping.source_mapping import OnUnreadable
from definitions.polars_types import schema_of
from definitions.quarantine_reasons import sentence
from transforms.conform.conformed import QUARANTINE, VALUE_FAULTS
from transforms.step import ROW, step

# Without them nobody knows which record it is, or whether it still exists.
IDENTITY = ("record_key", "source_id", "is_deleted")
_RECORD = ("row", "record_key", "source_system", "location", "unlisted_by", "is_latest", "is_deleted")
_MAX_FIELDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparatedFaults:
    """Faults of some rows by what they cost.

    `quarantined` (the columns of `QUARANTINE`) and `values` (those of `VALUE_FAULTS`) are of the latest version of each
    record. Of every version, `costly` has the rows (row) that are no records, and `unread` the fields (row,
    field_name, reason_code) that are null.
    """

    quarantined: pl.DataFrame
    values: pl.DataFrame
    costly: pl.DataFrame
    unread: pl.DataFrame


@step(partition_by=ROW)
def separated_faults(
    rows: pl.DataFrame,
    columns: Sequence[str],
    *,
    required: frozenset[str],
    on_unreadable: Mapping[str, OnUnreadable],
    stream: str,
) -> SeparatedFaults:
    """Separate the faults in `columns` of `rows`, each a `FAULT` or null, by what they cost.

    `rows` has row (its number) and the columns of the record: record_key, source_system, location, unlisted_by,
    is_latest and is_deleted. Of several faults that cost a record the first column's is its reason. `required` fields
    are never null.
    """
    # Selected first: a filter of the whole row would be applied to all its columns, once for each fault.
    found = (rows.select(*_RECORD, fault=name).filter(pl.col("fault").is_not_null()) for name in columns)
    faults = pl.concat(found).unnest("fault").with_columns(stream=pl.lit(stream))
    costly = _costly(faults, required, on_unreadable)
    unread = faults.join(costly, on="row", how="anti", maintain_order="left")
    return SeparatedFaults(
        quarantined=_quarantined(costly),
        values=_of_live_records(unread),
        costly=costly.select("row"),
        unread=unread.select("row", "field_name", "reason_code"),
    )


def _costly(faults: pl.DataFrame, required: frozenset[str], on_unreadable: Mapping[str, OnUnreadable]) -> pl.DataFrame:
    """Select of each row that is to be quarantined the first fault that says why."""
    fields = [*IDENTITY, *(name for name, cost in on_unreadable.items() if cost == "quarantine")]
    is_costly = (pl.col("reason_code") == "missing_value") | pl.col("field_name").is_in(fields)
    costly = faults.filter(is_costly)
    # That a required value is missing follows from why it cannot be read.
    causes = faults.filter(is_costly | pl.col("field_name").is_in(sorted(required)))
    return causes.join(costly, on="row", how="semi").unique("row", keep="first", maintain_order=True).sort("row")


def _quarantined(faults: pl.DataFrame) -> pl.DataFrame:
    rows = faults.filter("is_latest").with_columns(page=pl.lit(None), is_unlisted=pl.col("unlisted_by").is_not_null())
    return rows.select(field.name for field in QUARANTINE).cast(schema_of(QUARANTINE))


def _of_live_records(faults: pl.DataFrame) -> pl.DataFrame:
    live = faults.filter("is_latest", ~pl.col("is_deleted").fill_null(value=False))
    return live.select(field.name for field in VALUE_FAULTS).cast(schema_of(VALUE_FAULTS))


def refuse_unreadable(
    faults: pl.DataFrame,
    records: pl.LazyFrame,
    *,
    limit: FaultLimit,
    on_unreadable: Mapping[str, OnUnreadable],
    where: str,
) -> None:
    """Raise `TransformError` where a field is declared to stop the run, or too many of its values cannot be read.

    `faults` are those of one stream, `records` its records. A field with more unreadable values than `limit` allows is
    wrongly mapped; one of the customer's own never stops the run unless it is declared so, as nothing of ours reads it.
    All such fields are named at once, with count and reason, never with a value of a person.
    """
    if faults.is_empty():
        return
    reasons = faults.group_by("field_name", maintain_order=True).agg(
        values=pl.col("record_key").n_unique(),
        is_word=(pl.col("reason_code") == "unmapped_value").any(),
        reason_code=pl.col("reason_code").first(),
        expected=pl.col("expected").drop_nulls().first(),
        detail=pl.col("detail").drop_nulls().first(),
    )
    filled = _filled(records, reasons["field_name"].to_list())
    stopping, excessive = [], []
    for row in reasons.sort("values", descending=True, maintain_order=True).iter_rows(named=True):
        name, count = row["field_name"], row["values"]
        # A word that nobody mapped stays in the field that holds the source's own.
        of = max(count, filled[name] + (0 if row["is_word"] or name not in records.collect_schema() else count))
        why = sentence(row["reason_code"], expected=row["expected"], detail=row["detail"])
        message = f"{count} of {of} values of {name} cannot be read ({why})"
        if on_unreadable.get(name) == "stop":
            stopping.append(message)
        elif not name.startswith(PREFIX) and limit.is_exceeded(count, of=of):
            excessive.append(message)
    if stopping:
        raise TransformError(
            f"{where}: {'; '.join(stopping[:_MAX_FIELDS])}, and bantam.yaml says `on_unreadable: stop`. Correct the "
            "source, or write `on_unreadable: null` to publish without them."
        )
    if excessive:
        raise TransformError(
            f"{where}: {'; '.join(excessive[:_MAX_FIELDS])}. Map the words or the field in bantam.yaml, or raise "
            "unreadable_ceiling."
        )


def _filled(records: pl.LazyFrame, names: Sequence[str]) -> dict[str, int]:
    """Count the live records that have a value of each field; of a field that is no column, all of them."""
    columns = records.collect_schema()
    live = records.filter(~pl.col("is_deleted"))
    counts = live.select((pl.col(name).count() if name in columns else pl.len()).alias(name) for name in names)
    return counts.collect().row(0, named=True)
