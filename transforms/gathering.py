"""From the conformed streams of all sources to one set of records by kind, with what was shown and set aside."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from definitions.records import RECORD_KINDS, RecordKind
from transforms.conform.conformed import QUARANTINE, Conformed
from transforms.frames import empty, schema_of
from transforms.links import without_the_dead
from transforms.terms import Records

_VERSIONS = pl.Schema(
    {
        "record_key": pl.String(),
        "version_at": pl.Datetime("us", "UTC"),
        "location": pl.String(),
        "is_deleted": pl.Boolean(),
        "pipeline_id": pl.String(),
        "source_stage": pl.String(),
        "last_stage_change_at": pl.Datetime("us", "UTC"),
        "source_close_date": pl.Date(),
        "amount": pl.Decimal(18, 2),
        "is_closed": pl.Boolean(),
    }
)
_SHOWN = pl.Schema({"source_system": pl.String(), "stream": pl.String(), "record_key": pl.String()})
_PULLED = pl.Schema({"source_system": pl.String(), "stream": pl.String(), "pulled": pl.Int64()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One stream, conformed.

    `kinds` holds its records by kind, `aside` what was set aside before it could be landed; `record_keys` has every
    record the stream has shown, read from the state and not from what became of it; `pulled` counts the versions this
    run landed.
    """

    source: str
    stream: str
    kinds: Mapping[str, Conformed]
    record_keys: pl.Series
    pulled: int
    aside: pl.DataFrame


def gathered_records(streams: Iterable[Heard]) -> Records:
    """Put all streams together, by kind, sorted by record key; a kind that no stream has is empty.

    `streams` may let go of each stream as it is taken: no frame of theirs is held once its kind is put together.
    """
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in RECORD_KINDS}
    versions, aside, shown = (
        [pl.DataFrame(schema=_VERSIONS)],
        [empty(QUARANTINE).collect()],
        [pl.DataFrame(schema=_SHOWN)],
    )
    pulled = []
    for stream in streams:
        for kind, conformed in stream.kinds.items():
            parts[kind].append(conformed.records)
            aside.append(conformed.quarantined)
            if conformed.versions is not None:
                versions.append(conformed.versions)
        aside.append(stream.aside)
        shown.append(_shown(stream))
        pulled.append((stream.source, stream.stream, stream.pulled))
    kinds = {name: _sorted(kind, parts.pop(name)) for name, kind in RECORD_KINDS.items()}
    kinds["association"] = without_the_dead(
        kinds["association"], [kinds[end] for end in ("person", "account", "opportunity")]
    )
    return Records(
        kinds=kinds,
        versions=pl.concat(versions),
        quarantined=pl.concat(aside),
        shown=pl.concat(shown),
        pulled=pl.DataFrame(pulled, schema=_PULLED, orient="row"),
    )


def _sorted(kind: RecordKind, frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=schema_of(kind.fields)), *frames]).sort("record_key")


def _shown(stream: Heard) -> pl.DataFrame:
    """Every record the stream has shown, under its name."""
    return pl.DataFrame({"record_key": stream.record_keys}).select(
        source_system=pl.lit(stream.source), stream=pl.lit(stream.stream), record_key="record_key"
    )
