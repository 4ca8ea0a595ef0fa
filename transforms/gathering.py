"""From the conformed streams of all sources to one set of records by kind, with what was shown and set aside."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from definitions.records import RECORD_KINDS
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
    """Put all streams together, by kind, sorted by record key; a kind that no stream has is empty."""
    heard = list(streams)
    parts = [(kind, conformed) for stream in heard for kind, conformed in stream.kinds.items()]
    kinds = {}
    for name, kind in RECORD_KINDS.items():
        frames = [conformed.records for other, conformed in parts if other == name]
        kinds[name] = pl.concat([pl.DataFrame(schema=schema_of(kind.fields)), *frames]).sort("record_key")
    kinds["association"] = without_the_dead(
        kinds["association"], [kinds[end] for end in ("person", "account", "opportunity")]
    )
    return Records(
        kinds=kinds,
        versions=pl.concat(
            [pl.DataFrame(schema=_VERSIONS), *(one.versions for _, one in parts if one.versions is not None)]
        ),
        quarantined=pl.concat(
            [empty(QUARANTINE).collect(), *(one.quarantined for _, one in parts), *(one.aside for one in heard)]
        ),
        shown=pl.concat(
            [pl.DataFrame(schema=_SHOWN)]
            + [
                pl.DataFrame({"record_key": one.record_keys}).select(
                    source_system=pl.lit(one.source), stream=pl.lit(one.stream), record_key="record_key"
                )
                for one in heard
            ]
        ),
        pulled=pl.DataFrame([(one.source, one.stream, one.pulled) for one in heard], schema=_PULLED, orient="row"),
    )
