"""From the states of streams to canonical records, one stream after the other."""

import hashlib

import polars as pl

from connectors.landed import Rejected
from definitions.model import Definitions
from flows.sources import VendorSource, meaning_of
from flows.state_files import StreamState
from transforms.conform.conformed import QUARANTINE, Conformed
from transforms.conform.readings import READINGS
from transforms.frames import schema_of
from transforms.gathering import Heard


def heard(
    source: VendorSource, state: StreamState, object_name: str, definitions: Definitions, *, pulled: int, aside: Conformed
) -> Heard:
    """Conform one stream; `aside` holds the records that were set aside before they were landed."""
    reading = READINGS[source.kind][state.stream]
    meaning = meaning_of(source, definitions)
    conformed = reading.read(state.frame(), meaning)
    kinds = {reading.kind: _with(conformed, aside)}
    for kind, read in (reading.also or {}).items():
        kinds[kind] = read(state.frame(), meaning)
    if reading.explodes:
        keys = pl.concat([conformed.records["record_key"], conformed.quarantined["record_key"]])
    else:
        latest = state.frame().filter("is_latest").select(
            record_key=pl.concat_str(pl.lit(f"{source.name}:{object_name}:"), "source_id")
        )
        keys = latest.collect()["record_key"]
    keys = pl.concat([keys, aside.quarantined["record_key"]])
    return Heard(source=source.name, stream=state.stream, kinds=kinds, record_keys=keys, pulled=pulled)


def _with(conformed: Conformed, aside: Conformed) -> Conformed:
    quarantined = pl.concat([conformed.quarantined, aside.quarantined])
    return Conformed(conformed.records, quarantined, conformed.versions)


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
            detail=pl.lit("the record cannot be filed"),
        )
        .cast(dict(schema_of(QUARANTINE)))
    )
