"""From the states of streams to canonical records, one stream after the other."""

import hashlib
from typing import Any

import polars as pl

from connectors.files_settings import FilesSource
from connectors.landed import Rejected
from connectors.source import Stream
from definitions.file_stream import FileStream
from definitions.model import Definitions
from flows.sources import VendorSource, meaning_of, meaning_of_files
from flows.state_files import StreamState
from transforms.conform.conformed import QUARANTINE, Conformed
from transforms.conform.files import conform_file, stages_of_file
from transforms.conform.readings import READINGS
from transforms.frames import schema_of
from transforms.gathering import Heard

QUARANTINE_COLUMNS = [field.name for field in QUARANTINE]
_UNFILED = "the record cannot be filed"


def heard_vendor(
    source: VendorSource,
    stream: Stream[Any],
    state: StreamState,
    definitions: Definitions,
    *,
    pulled: int,
    aside: pl.DataFrame,
) -> Heard:
    """Conform one stream of a vendor; `aside` holds the records that were set aside before they were landed."""
    reading = READINGS[source.kind][state.stream]
    meaning = meaning_of(source, definitions)
    conformed = reading.read(state.frame(), meaning)
    kinds = {reading.kind: conformed}
    for kind, read in (reading.also or {}).items():
        kinds[kind] = read(state.frame(), meaning)
    keys = _own_keys(conformed) if reading.explodes else _keys(state, source.name, stream.source_object)
    return _heard(source.name, state.stream, kinds, keys, pulled=pulled, aside=aside)


def heard_file(
    source: FilesSource,
    stream: FileStream,
    state: StreamState,
    definitions: Definitions,
    *,
    pulled: int,
    aside: pl.DataFrame,
) -> Heard:
    """Conform one file; a file of opportunities tells its stages too."""
    meaning = meaning_of_files(source, definitions)
    kinds = {stream.kind: conform_file(state.frame(), meaning, stream=stream)}
    if stream.kind == "opportunity":
        kinds["stage"] = stages_of_file(state.frame(), meaning, stream=stream)
    return _heard(source.name, stream.name, kinds, _keys(state, source.name, stream.name), pulled=pulled, aside=aside)


def _heard(
    source: str, stream: str, kinds: dict[str, Conformed], keys: pl.Series, *, pulled: int, aside: pl.DataFrame
) -> Heard:
    keys = pl.concat([keys, aside["record_key"]])
    return Heard(source=source, stream=stream, kinds=kinds, record_keys=keys, pulled=pulled, aside=aside)


def _keys(state: StreamState, source: str, object_name: str) -> pl.Series:
    """Keys of all records the stream has shown, from the state alone."""
    key = pl.concat_str(pl.lit(f"{source}:{object_name}:"), "source_id")
    return state.frame().filter("is_latest").select(record_key=key).collect()["record_key"]


def _own_keys(conformed: Conformed) -> pl.Series:
    """Keys of records that lie several in one landed record."""
    return pl.concat([conformed.records["record_key"], conformed.quarantined["record_key"]])


def unfiled_of(quarantine: pl.DataFrame) -> pl.DataFrame:
    """Of what is in quarantine, the rows that `set_aside` made."""
    return quarantine.filter(pl.col("detail") == _UNFILED)


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
            "reason_code": record.reason,
            "field_name": record.field,
            "location": f"{location}: page {record.page}, offset {record.offset}",
        }
        for location, record in rejected
    ]
    schema = dict.fromkeys(("record_key", "reason_code", "field_name", "location"), pl.String)
    return (
        pl.DataFrame(rows, schema=schema)
        .unique("record_key", keep="first", maintain_order=True)
        .select(
            "record_key",
            source_system=pl.lit(source),
            stream=pl.lit(stream),
            reason_code="reason_code",
            field_name="field_name",
            location="location",
            detail=pl.lit(_UNFILED),
        )
        .cast(schema_of(QUARANTINE))
    )
