"""Conforming of one stream: its state to canonical records, with the records rejected before landing."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from connectors.landing.reader import Rejected
from connectors.stream import Stream
from definitions.fault_limit import FaultLimit, of_fields
from definitions.mapping.file_stream import FileStream
from definitions.mapping.source_mapping import OnUnreadable, SourceMapping
from definitions.polars_types import schema_of
from definitions.quarantine_reasons import LANDING_REASONS
from flows.home.spill import Spill
from flows.home.state_files import StreamState
from transforms.conform.conformed import QUARANTINE, Conformed
from transforms.conform.files import conform_file, stages_of_file
from transforms.conform.files_links import people_of_file, several_references
from transforms.conform.merges import merges_of, with_survivors
from transforms.conform.records import conform_stream
from transforms.conform.typed import NO_COSTS
from transforms.conform.value_faults import refuse_unreadable
from transforms.pipeline.gathering import ConformedStream
from transforms.pipeline.records import StreamCounts

# `is_unlisted` belongs to the run; the published table has no such column.
QUARANTINE_COLUMNS = [field.name for field in QUARANTINE if field.name != "is_unlisted"]


def conform_vendor_stream(
    source_mapping: SourceMapping,
    stream: Stream[Any],
    state: StreamState,
    spill: Spill,
    *,
    limit: FaultLimit,
    pulled: int,
    rejected: pl.DataFrame,
) -> ConformedStream:
    """Conform one stream of a vendor, part by part, so that only one part of its text is in memory at a time.

    Raises `TransformError` where a field has more unreadable values than the limit of fields allows (`of_fields`), or
    is declared to stop the run. `rejected` has one row per record rejected before landing (`quarantine_rejected`),
    `pulled` counts this run's records.
    """
    mapping = stream.mapping
    stream_key = f"{source_mapping.source}.{state.stream}"
    merges = merges_of(state.frame(), mapping, stream_key) if mapping.merged_ids else None
    parts = StreamRecords(spill, stream_key)
    for batch in state.batches():
        records = batch if merges is None else with_survivors(batch, merges)
        parts.add(conform_stream(records, mapping, source_mapping, stream=stream.name))
    kind = mapping.kind.name
    parts.refuse_unreadable(kind, limit, source_mapping.on_unreadable.get(mapping.object, NO_COSTS))
    if mapping.each is not None:
        keys = pl.concat([parts.keys(kind), *(part.lazy().select("record_key") for part in parts.quarantined)])
    else:
        keys = _keys(state, source_mapping.source, mapping.object)
    counts = _counts(source_mapping.source, state, kind, keys, rejected, pulled)
    return parts.collected(replace(counts, object=mapping.object), rejected)


def conform_file_stream(
    source_mapping: SourceMapping,
    stream: FileStream,
    state: StreamState,
    spill: Spill,
    *,
    limit: FaultLimit,
    pulled: int,
    rejected: pl.DataFrame,
) -> ConformedStream:
    """Conform one file, as a whole: a faulty column shows only over all rows.

    Opportunities yield stages, too, and associations with the people in cells that name several.
    Raises `FileUnreadableError` where more values of a column are faulty than `limit` allows, and `TransformError` as
    `conform_vendor_stream`.
    """
    parts = StreamRecords(spill, f"{source_mapping.source}.{stream.name}")
    parts.add({stream.kind: conform_file(state.frame(), source_mapping, stream=stream, limit=limit)})
    parts.refuse_unreadable(stream.kind, limit, stream.on_unreadable)
    if stream.kind == "opportunity":
        parts.add({"stage": stages_of_file(state.frame(), source_mapping, stream=stream)})
        parts.add({"association": people_of_file(state.frame(), source_mapping, stream=stream)})
    keys = _keys(state, source_mapping.source, stream.name)
    counts = _counts(source_mapping.source, state, stream.kind, keys, rejected, pulled)
    several = several_references(state.frame(), source_mapping, stream=stream)
    return parts.collected(replace(counts, object=stream.name, several=several), rejected)


@dataclass(slots=True)
class StreamRecords:
    """Conformed parts of one stream: records on disk; quarantined records, faults and versions of deals in memory."""

    spill: Spill
    stream_key: str
    quarantined: list[pl.DataFrame] = field(default_factory=list)
    _value_faults: list[pl.DataFrame] = field(default_factory=list)
    _kinds: list[str] = field(default_factory=list)
    _versions: list[pl.DataFrame] = field(default_factory=list)

    def add(self, kinds: Mapping[str, Conformed]) -> None:
        """Add the conformed records of one part, by kind."""
        for kind, conformed in kinds.items():
            self.spill.add(self._name(kind), conformed.records)
            self.quarantined.append(conformed.quarantined)
            self._value_faults.append(conformed.value_faults)
            if conformed.versions is not None:
                self._versions.append(conformed.versions)
            if kind not in self._kinds:
                self._kinds.append(kind)

    def keys(self, kind: str) -> pl.LazyFrame:
        """Return the keys of the conformed records of a kind."""
        return self.spill.scan(self._name(kind)).select("record_key")

    def refuse_unreadable(self, kind: str, limit: FaultLimit, on_unreadable: Mapping[str, OnUnreadable]) -> None:
        """Raise `TransformError` where a field of the stream has too many unreadable values (`value_faults`)."""
        refuse_unreadable(
            pl.concat(self._value_faults),
            self.spill.scan(self._name(kind)),
            limit=of_fields(limit),
            on_unreadable=on_unreadable,
            where=self.stream_key,
        )

    def collected(self, shown: StreamCounts, rejected: pl.DataFrame) -> ConformedStream:
        """Return the conformed stream, with `rejected` among its quarantined records."""
        return ConformedStream(
            counts=shown,
            kinds={kind: self.spill.scan(self._name(kind)) for kind in self._kinds},
            quarantined=pl.concat([*self.quarantined, rejected]),
            versions=pl.concat(self._versions) if self._versions else None,
            value_faults=pl.concat(self._value_faults),
        )

    def _name(self, kind: str) -> str:
        return f"{self.stream_key}.{kind}"


def _counts(
    source: str, state: StreamState, kind: str, keys: pl.LazyFrame, rejected: pl.DataFrame, pulled: int
) -> StreamCounts:
    record_keys = pl.concat([keys, rejected.lazy().select("record_key")])
    return StreamCounts(source=source, stream=state.stream, kind=kind, record_keys=record_keys, pulled=pulled)


def _keys(state: StreamState, source: str, object_name: str) -> pl.LazyFrame:
    """Return the keys of all records of the stream, from its state alone."""
    key = pl.concat_str(pl.lit(f"{source}:{object_name}:"), "source_id")
    return state.frame().filter("is_latest").select(record_key=key)


def rejected_rows(quarantine: pl.DataFrame) -> pl.DataFrame:
    """Select the rows of a quarantine, this run's or the published one, that were rejected before landing."""
    rejected = quarantine.filter(pl.col("reason_code").is_in(LANDING_REASONS))
    return rejected.with_columns(is_unlisted=pl.lit(value=False)).select(*QUARANTINE_COLUMNS, "is_unlisted")


def with_earlier_rejected(rejected: pl.DataFrame, before: pl.DataFrame, source: str, stream: str) -> pl.DataFrame:
    """Add the records of a stream that earlier runs rejected; they stay until the whole stream is pulled again."""
    earlier = before.filter(pl.col("source_system") == source, pl.col("stream") == stream)
    return pl.concat([rejected, earlier]).unique("record_key", keep="first", maintain_order=True)


def quarantine_rejected(
    source: str, stream: str, object_name: str, rejected: list[tuple[str, Rejected]]
) -> pl.DataFrame:
    """Return one quarantine row per distinct record rejected before landing.

    Such records have no id, so that `record_key` holds a hash of the content. `rejected` pairs each record with its
    run and file.
    """
    rows = [
        {
            "record_key": f"{source}:{object_name}:@{hashlib.sha256(record.record.encode()).hexdigest()[:24]}",
            "source_system": source,
            "stream": stream,
            "reason_code": record.reason,
            "field_name": record.field,
            "location": f"{location}:{record.number}",
            "page": record.page,
            "is_unlisted": False,
        }
        for location, record in rejected
    ]
    return pl.DataFrame(rows, schema=schema_of(QUARANTINE)).unique("record_key", keep="first", maintain_order=True)
