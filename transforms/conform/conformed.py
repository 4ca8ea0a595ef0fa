"""Result of conforming: valid records, quarantined ones with their reasons, and values that could not be read."""

from dataclasses import dataclass, field

import polars as pl

from definitions.schema.column import BOOLEAN, Column
from definitions.schema.columns import columns_named
from transforms.frames import empty

QUARANTINE = (
    *columns_named("record_key source_system stream reason_code field_name expected detail location page"),
    Column("is_unlisted", BOOLEAN, "Whether a complete listing of the source no longer shows the record."),
)
VALUE_FAULTS = columns_named("record_key source_system stream field_name reason_code expected detail")


def nothing_quarantined() -> pl.DataFrame:
    """Make an empty quarantine frame."""
    return empty(QUARANTINE).collect()


def no_value_faults() -> pl.DataFrame:
    """Make an empty frame of value faults."""
    return empty(VALUE_FAULTS).collect()


@dataclass(frozen=True, slots=True)
class Conformed:
    """`records` keep the contract of their kind; `quarantined` has one row per quarantined record.

    `versions`, for opportunities only, has one row per landed version: record_key, version_at, location, is_deleted,
    pipeline_id, source_stage, last_stage_change_at, source_close_date, amount, is_closed. `value_faults` has one row
    per value of a live record that could not be read; it is null in `records`.
    """

    records: pl.DataFrame
    quarantined: pl.DataFrame
    versions: pl.DataFrame | None = None
    value_faults: pl.DataFrame = field(default_factory=no_value_faults)
