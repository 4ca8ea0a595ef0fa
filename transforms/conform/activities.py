"""Activities that a source keeps only as dates on a person: the last form, click, reply, visit and touch.

Each becomes an inferred activity of its own, so that marketing's moves and sales' moves are counted in one place.
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
from transforms.conform.raw import gathered
from transforms.conform.typed import translated
from transforms.step import ROW, step
from transforms.values.dates import moment


@step(partition_by=ROW)
def activities_of(opened: pl.LazyFrame, mapping: StreamMapping, source: SourceMapping, *, stream: str) -> Conformed:
    """One row per record and filled date that can be read; of one that cannot, `unreadable_dates` tells.

    A record that was merged away tells nothing any more: the survivor has its dates.
    """
    live = opened.filter("is_latest", ~pl.col("is_deleted"))
    if mapping.merged_ids is not None:
        live = live.filter(pl.col("survivor").is_null())
    live = live.with_columns(source_updated_at=moment(expression(mapping.fields["source_updated_at"], source)))
    parts = [_dated(live, one, mapping, source) for one in mapping.activities]
    return Conformed(gathered(pl.concat(parts), f"{source.source}.{stream}"), nothing_quarantined())


def unreadable_dates(activities: Iterable[DatedActivity]) -> list[pl.Expr]:
    """What is wrong with the dates of an opened record, each a `FAULT` or null: the record's own."""
    return [
        pl.when(filled(name).is_not_null() & moment(source_field(name)).is_null()).then(
            fault("unreadable_value", name, expected=Kind.MOMENT.value)
        )
        for name in (one.date for one in activities)
    ]


def _dated(records: pl.LazyFrame, one: DatedActivity, mapping: StreamMapping, source: SourceMapping) -> pl.LazyFrame:
    """The activities that one date tells of, in the contract of an activity."""
    kind = pl.lit(one.activity_type)
    if one.label is not None:
        kind = pl.coalesce(translated(source_field(one.label), source.activity_types), kind)
    object_name = f"{mapping.object}_move"
    told = {
        "record_key": pl.concat_str(pl.lit(f"{source.source}:{object_name}:"), "source_id", pl.lit(f"/{one.date}")),
        "source_system": pl.lit(source.source),
        "source_object": pl.lit(object_name),
        "source_id": pl.concat_str("source_id", pl.lit(f"/{one.date}")),
        "source_updated_at": pl.col("source_updated_at"),
        "is_deleted": pl.lit(value=False),
        "activity_type": kind,
        "direction": pl.lit(one.direction),
        "is_completed": pl.lit(value=True),
        "is_inferred": pl.lit(value=True),
        "occurred_at": moment(source_field(one.date)),
        "person_key": pl.concat_str(pl.lit(f"{source.source}:{mapping.object}:"), "source_id"),
    }
    schema = schema_of(ACTIVITY.fields)
    columns = [told.get(name, pl.lit(None)).cast(dtype).alias(name) for name, dtype in schema.items()]
    return records.select(columns).filter(pl.col("occurred_at").is_not_null())
