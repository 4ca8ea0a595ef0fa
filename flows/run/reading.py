"""From the states of streams to canonical records, one stream after the other."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from connectors.landing.reader import Rejected
from connectors.stream import Stream
from definitions.fault_limit import FaultLimit
from definitions.mapping.file_stream import FileStream
from definitions.mapping.source_mapping import SourceMapping
from definitions.polars_types import schema_of
from definitions.quarantine_reasons import LANDING_REASONS
from flows.home.spill import Spill
from flows.home.state_files import StreamState
from transforms.conform.conformed import QUARANTINE, Conformed
from transforms.conform.files import conform_file, stages_of_file
from transforms.conform.merges import merges_of, with_survivors
from transforms.conform.records import conform_stream
from transforms.pipeline.gathering import ConformedStream
from transforms.pipeline.records import StreamCounts

# `is_unlisted` is of the run, not of the published table.
QUARANTINE_COLUMNS = [field.name for field in QUARANTINE if field.name != "is_unlisted"]


def heard_vendor(
    meaning: SourceMapping,
    stream: Stream[Any],
    state: StreamState,
    spill: Spill,
    *,
    pulled: int,
    aside: pl.DataFrame,
) -> ConformedStream:
    """Conform one stream of a vendor, part by part, so that only a part of its text is ever in memory.

    `aside` holds the records that were set aside before they were landed.
    """
    mapping = stream.mapping
    where = f"{meaning.source}.{state.stream}"
    merges = merges_of(state.frame(), mapping, where) if mapping.merged_ids else None
    kept = StreamRecords(spill, where)
    for batch in state.batches():
        known = batch if merges is None else with_survivors(batch, merges)
        kept.add(conform_stream(known, mapping, meaning, stream=stream.name))
    kind = mapping.kind.name
    if mapping.each is not None:
        keys = pl.concat([kept.keys(kind), *(part.lazy().select("record_key") for part in kept.quarantined)])
    else:
        keys = _keys(state, meaning.source, mapping.object)
    return kept.heard(_shown(meaning.source, state, kind, keys, aside, pulled), aside)


def heard_file(
    meaning: SourceMapping,
    stream: FileStream,
    state: StreamState,
    spill: Spill,
    *,
    limit: FaultLimit,
    pulled: int,
    aside: pl.DataFrame,
) -> ConformedStream:
    """Conform one file, whole: what is wrong with a column shows only in all of it. Opportunities tell stages too."""
    kept = StreamRecords(spill, f"{meaning.source}.{stream.name}")
    kept.add({stream.kind: conform_file(state.frame(), meaning, stream=stream, limit=limit)})
    if stream.kind == "opportunity":
        kept.add({"stage": stages_of_file(state.frame(), meaning, stream=stream)})
    keys = _keys(state, meaning.source, stream.name)
    return kept.heard(_shown(meaning.source, state, stream.kind, keys, aside, pulled), aside)


@dataclass(slots=True)
class StreamRecords:
    """What has been conformed of one stream: records on disk, what was set aside and versions of deals in memory."""

    spill: Spill
    where: str
    quarantined: list[pl.DataFrame] = field(default_factory=list)
    _kinds: list[str] = field(default_factory=list)
    _versions: list[pl.DataFrame] = field(default_factory=list)

    def add(self, kinds: Mapping[str, Conformed]) -> None:
        """Put a part beside the others."""
        for kind, conformed in kinds.items():
            self.spill.add(self._name(kind), conformed.records)
            self.quarantined.append(conformed.quarantined)
            if conformed.versions is not None:
                self._versions.append(conformed.versions)
            if kind not in self._kinds:
                self._kinds.append(kind)

    def keys(self, kind: str) -> pl.LazyFrame:
        """Record keys of what could be read."""
        return self.spill.scan(self._name(kind)).select("record_key")

    def heard(self, shown: StreamCounts, aside: pl.DataFrame) -> ConformedStream:
        """The stream as the computation takes it."""
        return ConformedStream(
            counts=shown,
            kinds={kind: self.spill.scan(self._name(kind)) for kind in self._kinds},
            quarantined=pl.concat([*self.quarantined, aside]),
            versions=pl.concat(self._versions) if self._versions else None,
        )

    def _name(self, kind: str) -> str:
        return f"{self.where}.{kind}"


def _shown(
    source: str, state: StreamState, kind: str, keys: pl.LazyFrame, aside: pl.DataFrame, pulled: int
) -> StreamCounts:
    told = pl.concat([keys, aside.lazy().select("record_key")])
    return StreamCounts(source=source, stream=state.stream, kind=kind, record_keys=told, pulled=pulled)


def _keys(state: StreamState, source: str, object_name: str) -> pl.LazyFrame:
    """Keys of all records the stream has shown, from the state alone."""
    key = pl.concat_str(pl.lit(f"{source}:{object_name}:"), "source_id")
    return state.frame().filter("is_latest").select(record_key=key)


def unfiled_of(quarantine: pl.DataFrame) -> pl.DataFrame:
    """Of what is in quarantine, this run's or the published one, the rows that `set_aside` made."""
    unfiled = quarantine.filter(pl.col("reason_code").is_in(LANDING_REASONS))
    return unfiled.with_columns(is_unlisted=pl.lit(value=False)).select(*QUARANTINE_COLUMNS, "is_unlisted")


def with_unfiled(aside: pl.DataFrame, before: pl.DataFrame, source: str, stream: str) -> pl.DataFrame:
    """Add what earlier runs set aside of a stream; it stands until the whole stream is read again."""
    known = before.filter(pl.col("source_system") == source, pl.col("stream") == stream)
    return pl.concat([aside, known]).unique("record_key", keep="first", maintain_order=True)


def set_aside(source: str, stream: str, object_name: str, rejected: list[tuple[str, Rejected]]) -> pl.DataFrame:
    """Quarantine rows of records that had no envelope; without an id the content names them, as a hash.

    `rejected` pairs each record with the run and file it was landed in. The same content counts once.
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
