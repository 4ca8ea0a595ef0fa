"""Compaction of landed records to the state of a stream: the latest version of every record, older ones on request.

The same landed records give the same state, whatever the page size, the page order and the number of runs. Only the
small `version_index` of all versions is held in memory at once, never their texts.
"""

from functools import cache, partial
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl
import polars_hash

from definitions.mapping.envelope import Envelope
from definitions.mapping.ids import canonical_id
from definitions.polars_types import MOMENT
from transforms.state.flags import FLAG_HISTORY, NO_FLAG, flag_of_version, with_flag_history
from transforms.step import ROW, step
from transforms.values.dates import moment

STATE = pl.Schema(
    {
        "source_id": pl.String(),
        "version_at": MOMENT,
        "is_deleted": pl.Boolean(),
        "is_latest": pl.Boolean(),
        "raw": pl.String(),
        "location": pl.String(),
        "unlisted_by": pl.String(),
        **FLAG_HISTORY,
    }
)
"""Grain: one version of one record. `version_at` null: the source keeps no change time, the later run wins.
`location` is `run/file:line` of the landed record. `unlisted_by` is the run that completed a listing without the live
record, and so made the version a tombstone; null: none did. The flag history
(`transforms.state.flags`) is that of the record. Rows are in the order of landing."""

# The run that observed a version in its present state: a tombstone of a listing is as new as the listing.
_LANDED_BY = pl.col("location").str.slice(0, pl.col("location").str.find("/", literal=True))
_RUN = pl.coalesce("unlisted_by", _LANDED_BY)


@step(partition_by=ROW)
def parsed_versions(landed: pl.LazyFrame, envelope: Envelope) -> pl.LazyFrame:
    """Parse landed lines (raw, location) to versions.

    Of a name that occurs twice in a record the last one counts, as when the record was validated. Raises `PolarsError`
    for a line that is not exactly one record.
    """
    parsed = landed.with_columns(envelope=_envelope_fields(pl.col("raw"), envelope))
    version = pl.lit(None, MOMENT)
    if envelope.version is not None:
        version = moment(pl.col("envelope").struct.field("version"))
    deleted = pl.lit(value=False)
    if envelope.deleted is not None:
        mark = pl.col("envelope").struct.field("deleted").str.to_lowercase()
        deleted = (mark == "true").fill_null(value=False)
    versions = parsed.select(
        source_id=canonical_id(pl.col("envelope").struct.field("id")),
        version_at=version,
        is_deleted=deleted,
        is_latest=pl.lit(value=True),
        raw="raw",
        location="location",
        unlisted_by=pl.lit(None, pl.String),
        flag=pl.lit(None, pl.String) if envelope.flag is None else pl.col("envelope").struct.field("flag"),
    )
    return _with_own_flag(versions) if envelope.flag is not None else versions.with_columns(**NO_FLAG).drop("flag")


@step(partition_by=ROW, delivers=("flag_unset_at", "flag_set_at"))
def with_flag_of_text(versions: pl.LazyFrame, envelope: Envelope) -> pl.LazyFrame:
    """Add to each version the flag history read from its own text: for a state without flag columns."""
    return _with_own_flag(versions.with_columns(flag=_envelope_fields(pl.col("raw"), envelope).struct.field("flag")))


def _with_own_flag(versions: pl.LazyFrame) -> pl.LazyFrame:
    history = flag_of_version(pl.col("flag"), at=pl.col("version_at"), is_deleted=pl.col("is_deleted"))
    return versions.with_columns(**history).drop("flag")


def _envelope_fields(raw: pl.Expr, envelope: Envelope) -> pl.Expr:
    shape = pl.Struct(dict.fromkeys(envelope.paths(), pl.String))
    return raw.map_batches(partial(_parse_envelope, envelope=envelope), return_dtype=shape, is_elementwise=True)


def _parse_envelope(raw: pl.Series, envelope: Envelope) -> pl.Series:
    """Extract the envelope fields of each record (a struct of texts); null where the record has none."""
    # Polars parses all of a record to take three values out of it; a parser that skips other fields is twice as fast.
    try:
        records = _decoder(envelope).decode_lines(b"\n".join(raw.drop_nulls().cast(pl.Binary)))
    except msgspec.MsgspecError:
        return _parse_whole_record(raw, envelope)
    if len(records) != raw.len():
        return _parse_whole_record(raw, envelope)
    paths = {name: f"{name}.inner" if inner else name for name, (_, inner) in envelope.paths().items()}
    columns = [
        pl.Series(name, [*map(attrgetter(path), records)], pl.String, strict=False) for name, path in paths.items()
    ]
    return pl.DataFrame(columns).to_struct(raw.name)


def _parse_whole_record(raw: pl.Series, envelope: Envelope) -> pl.Series:
    """Extract the same fields where a record holds a fraction; raises `PolarsError` for a line that is no record."""
    paths = envelope.paths()
    shape = {outer: pl.Struct({inner: pl.String}) if inner else pl.String() for outer, inner in paths.values()}
    record = raw.str.json_decode(pl.Struct(shape)).struct
    columns = [
        (record.field(outer).struct.field(inner) if inner else record.field(outer)).alias(name)
        for name, (outer, inner) in paths.items()
    ]
    return pl.DataFrame(columns).to_struct(raw.name)


@cache
def _decoder(envelope: Envelope) -> msgspec.json.Decoder[Any]:
    """Make a parser of the envelope fields; it accepts texts, whole numbers and flags."""
    text, paths = str | int | bool | None, envelope.paths()
    fields: list[tuple[str, Any, Any]] = []
    for name, (_, inner) in paths.items():
        if inner:
            nested = msgspec.defstruct("Nested", [("inner", text, None)], rename={"inner": inner}, gc=False)
            fields.append((name, nested, msgspec.field(default_factory=nested)))
        else:
            fields.append((name, text, None))
    names = {name: outer for name, (outer, _) in paths.items()}
    return msgspec.json.Decoder(msgspec.defstruct("EnvelopeFields", fields, rename=names, gc=False))


@step(partition_by=ROW, delivers=("source_id", "version_at", "is_deleted", "unlisted_by", "run", "content"))
def version_index(versions: pl.LazyFrame, *, reads_text: bool = True) -> pl.LazyFrame:
    """Select what decides which versions stay: source_id, version_at, is_deleted, unlisted_by, run, content (hash).

    `run` observed the version: it landed it, or completed the listing that made it a tombstone. The flag history of
    each version is included. Without `reads_text` content is null and the text is not read: for states that keep no
    older versions.
    """
    content = polars_hash.col("raw").nchash.xxh3_64() if reads_text else pl.lit(None, pl.UInt64)
    unlisted_by, run = (column.cast(pl.Categorical) for column in (pl.col("unlisted_by"), _RUN))
    return versions.select(
        "source_id", "version_at", "is_deleted", *FLAG_HISTORY, unlisted_by=unlisted_by, run=run, content=content
    )


@step(partition_by="source_id", delivers=("stays", "is_latest"))
def select_current(files: pl.DataFrame, *, keeps_versions: bool, revives: bool = True) -> pl.DataFrame:
    """Decide which versions stay in the state, and which are the latest of their records.

    `files` as from `version_index`, in the order of landing; returns `stays` and `is_latest` (Boolean), one row per row
    of it, same order. The latest version wins; of versions with one change time, the later run's, then the deletion,
    then the greater content hash, then the one landed later. With `keeps_versions` all stay but those with the text of
    the next. `revives`: a later run that saw the record live overrules a deletion, whatever the change times, since a
    source may restore a record without a new change time. Within a run the deletion wins: a search index that lags
    still shows deleted records. Without `revives` the change times alone decide: for increments of files, which may be
    read in any order. A version without an id is a record of its own.
    """
    runs = files["run"].cast(pl.String).unique().drop_nulls().sort()
    # Most records have one version; only the others have to be compared and sorted.
    contested = (
        files.with_columns(position=pl.int_range(pl.len(), dtype=pl.UInt32))
        .filter(pl.col("source_id").is_duplicated(), pl.col("source_id").is_not_null())
        .with_columns(pl.col("run").cast(pl.Enum(runs)))
    )
    ordered = _sorted_by_precedence(contested.with_columns(is_standing=pl.lit(value=True)))
    while revives and (superseded := _superseded(ordered)).any():
        ordered = _sorted_by_precedence(ordered.with_columns(is_standing=pl.col("is_standing") & ~superseded))
    is_last = (pl.col("source_id") != pl.col("source_id").shift(-1)).fill_null(value=True)
    stays = is_last
    if keeps_versions:
        stays = is_last | pl.col("content").ne_missing(pl.col("content").shift(-1))
    decision = ordered.select("position", stays=stays, is_latest=is_last)
    # The only version of a record stays, and is the latest.
    return pl.DataFrame(
        [_true_elsewhere(decision[name], decision["position"], files.height) for name in ("stays", "is_latest")]
    )


@step(partition_by="source_id")
def compact(parts: list[pl.LazyFrame], *, keeps_versions: bool, revives: bool = True) -> pl.DataFrame:
    """Compact parts, given in the order of landing, to a state, in memory; `select_current` decides what stays."""
    versions = pl.concat(parts).collect()
    decision = select_current(version_index(versions.lazy()).collect(), keeps_versions=keeps_versions, revives=revives)
    return with_flag_history(versions).with_columns(decision["is_latest"]).filter(decision["stays"])


def _sorted_by_precedence(versions: pl.DataFrame) -> pl.DataFrame:
    """Sort the versions of each id, the winner last; those that no longer stand come first."""
    return versions.sort(
        "source_id", "is_standing", "version_at", "run", "is_deleted", "content", "position", nulls_last=False
    )


def _superseded(ordered: pl.DataFrame) -> pl.Series:
    """Mark a winning deletion that a later run found undone, and every version observed before it.

    The next winner may be such a deletion again, so repeat until none is marked: the result equals that of run by run.
    """
    winner_run, winner_is_gone = (pl.col(name).last().over("source_id") for name in ("run", "is_deleted"))
    found_live = pl.col("run").filter(~pl.col("is_deleted")).max().over("source_id")
    is_restored = winner_is_gone & (found_live > winner_run).fill_null(value=False)
    return ordered.select(superseded=is_restored & (pl.col("run") <= winner_run))["superseded"]


def _true_elsewhere(flags: pl.Series, positions: pl.Series, height: int) -> pl.Series:
    """Return a series of `height` flags: `flags` at `positions`, true elsewhere."""
    return pl.repeat(value=True, n=height, eager=True).scatter(positions, flags).alias(flags.name)
