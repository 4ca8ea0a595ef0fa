"""Inferred activities, from dates that a source keeps on a person: last form, click, reply, visit and touch.

Each date becomes an activity, so that marketing and sales activities are counted together.
"""

from collections.abc import Iterable

import polars as pl

from definitions.mapping.entries import filled, source_field
from definitions.mapping.source_mapping import SourceMapping
from definitions.mapping.stream_mapping import DatedActivity, StreamMapping
from definitions.polars_types import schema_of
from definitions.schema.column import Kind
from definitions.schema.records import ACTIVITY
from transforms.conform.conformed import Conformed, nothing_quarantined
from transforms.conform.expressions import expression
from transforms.conform.faults import fault
from transforms.conform.raw import collected
from transforms.conform.typed import translated
from transforms.step import ROW, step
from transforms.values.dates import moment


@step(partition_by=ROW)
def activities_of(decoded: pl.LazyFrame, mapping: StreamMapping, source: SourceMapping, *, stream: str) -> Conformed:
    """Return one row per record and readable date; `unreadable_dates` reports the others.

    A record that was merged into another has none: the survivor has its dates.
    """
    live = decoded.filter("is_latest", ~pl.col("is_deleted"))
    if mapping.merged_ids is not None:
        live = live.filter(pl.col("survivor").is_null())
    live = live.with_columns(source_updated_at=moment(expression(mapping.fields["source_updated_at"], source)))
    frames = [_dated(live, dated, mapping, source) for dated in mapping.activities]
    return Conformed(collected(pl.concat(frames), f"{source.source}.{stream}"), nothing_quarantined())


def unreadable_dates(activities: Iterable[DatedActivity]) -> list[pl.Expr]:
    """Compile the faults of the dates of a decoded record, each a `FAULT` or null."""
    return [
        pl.when(filled(name).is_not_null() & moment(source_field(name)).is_null()).then(
            fault("unreadable_value", name, expected=Kind.MOMENT.value)
        )
        for name in (dated.date for dated in activities)
    ]


def _dated(records: pl.LazyFrame, dated: DatedActivity, mapping: StreamMapping, source: SourceMapping) -> pl.LazyFrame:
    """Make the activities of one date field, in the contract of an activity."""
    kind = pl.lit(dated.activity_type)
    if dated.label is not None:
        kind = pl.coalesce(translated(source_field(dated.label), source.activity_types), kind)
    object_name = f"{mapping.object}_move"
    values = {
        "record_key": pl.concat_str(pl.lit(f"{source.source}:{object_name}:"), "source_id", pl.lit(f"/{dated.date}")),
        "source_system": pl.lit(source.source),
        "source_object": pl.lit(object_name),
        "source_id": pl.concat_str("source_id", pl.lit(f"/{dated.date}")),
        "source_updated_at": pl.col("source_updated_at"),
        "is_deleted": pl.lit(value=False),
        "activity_type": kind,
        "direction": pl.lit(dated.direction),
        "is_completed": pl.lit(value=True),
        "is_inferred": pl.lit(value=True),
        "occurred_at": moment(source_field(dated.date)),
        "person_key": pl.concat_str(pl.lit(f"{source.source}:{mapping.object}:"), "source_id"),
    }
    schema = schema_of(ACTIVITY.fields)
    columns = [values.get(name, pl.lit(None)).cast(dtype).alias(name) for name, dtype in schema.items()]
    return records.select(columns).filter(pl.col("occurred_at").is_not_null())
