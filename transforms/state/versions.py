"""State from landing: the latest version of every record a stream has ever shown, and nothing older unless asked.

A fold: whatever the page size, the page order and the number of runs, the same landed records give the same state.
What has to be known of all versions at once is small (`filed`), so that their texts need not be held together.
"""

from functools import cache, partial
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl
import polars_hash

from definitions.mapping.envelope import Envelope
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
`location` is `run/file:line` of the landed record. `unlisted_by` is the run that completed a listing which no longer
showed the record alive, and so made the version a tombstone; null: none did. The flag history
(`transforms.state.flags`) is that of the record. Rows are in the order of landing."""

# The run that observed a version as it stands: a tombstone of a listing is as new as the listing.
_LANDED_BY = pl.col("location").str.slice(0, pl.col("location").str.find("/", literal=True))
_RUN = pl.coalesce("unlisted_by", _LANDED_BY)


@step(partition_by=ROW)
def opened(landed: pl.LazyFrame, envelope: Envelope) -> pl.LazyFrame:
    """Landed lines (raw, location) as versions.

    Of a name that comes twice in a record the last one counts, as it did when the record was let in. Raises
    `PolarsError` for a line that is not one record.
    """
    read = landed.with_columns(told=_told_of(pl.col("raw"), envelope))
    version = pl.lit(None, MOMENT)
    if envelope.version is not None:
        version = moment(pl.col("told").struct.field("version"))
    deleted = pl.lit(value=False)
    if envelope.deleted is not None:
        mark = pl.col("told").struct.field("deleted").str.to_lowercase()
        deleted = (mark == "true").fill_null(value=False)
    versions = read.select(
        source_id=pl.col("told").struct.field("id"),
        version_at=version,
        is_deleted=deleted,
        is_latest=pl.lit(value=True),
        raw="raw",
        location="location",
        unlisted_by=pl.lit(None, pl.String),
        flag=pl.lit(None, pl.String) if envelope.flag is None else pl.col("told").struct.field("flag"),
    )
    return _with_own_flag(versions) if envelope.flag is not None else versions.with_columns(**NO_FLAG).drop("flag")


@step(partition_by=ROW, delivers=("flag_unset_at", "flag_set_at"))
def with_flag_of_text(versions: pl.LazyFrame, envelope: Envelope) -> pl.LazyFrame:
    """Give each kept version the flag history that its own text tells: for a state that keeps none."""
    return _with_own_flag(versions.with_columns(flag=_told_of(pl.col("raw"), envelope).struct.field("flag")))


def _with_own_flag(versions: pl.LazyFrame) -> pl.LazyFrame:
    told = flag_of_version(pl.col("flag"), at=pl.col("version_at"), is_deleted=pl.col("is_deleted"))
    return versions.with_columns(**told).drop("flag")


def _told_of(raw: pl.Expr, envelope: Envelope) -> pl.Expr:
    shape = pl.Struct(dict.fromkeys(envelope.paths(), pl.String))
    return raw.map_batches(partial(_told, envelope=envelope), return_dtype=shape, is_elementwise=True)


def _told(raw: pl.Series, envelope: Envelope) -> pl.Series:
    """What the envelope tells of each record (a struct of texts), null where the record has none."""
    # Polars makes all of a record to take three values out of it; a parser that skips the rest takes half the time.
    try:
        records = _decoder(envelope).decode_lines(b"\n".join(raw.drop_nulls().cast(pl.Binary)))
    except msgspec.MsgspecError:
        return _told_with_care(raw, envelope)
    if len(records) != raw.len():
        return _told_with_care(raw, envelope)
    paths = {name: f"{name}.inner" if inner else name for name, (_, inner) in envelope.paths().items()}
    columns = [
        pl.Series(name, [*map(attrgetter(path), records)], pl.String, strict=False) for name, path in paths.items()
    ]
    return pl.DataFrame(columns).to_struct(raw.name)


def _told_with_care(raw: pl.Series, envelope: Envelope) -> pl.Series:
    """Tell the same of records among which one has a fraction; raises `PolarsError` for what is no record."""
    paths = envelope.paths()
    shape = {outer: pl.Struct({inner: pl.String}) if inner else pl.String() for outer, inner in paths.values()}
    record = raw.str.json_decode(pl.Struct(shape)).struct
    columns = [
        (record.field(outer).struct.field(inner) if inner else record.field(outer)).alias(ours)
        for ours, (outer, inner) in paths.items()
    ]
    return pl.DataFrame(columns).to_struct(raw.name)


@cache
def _decoder(envelope: Envelope) -> msgspec.json.Decoder[Any]:
    """Make a parser of what the envelope tells; it takes texts, whole numbers and flags."""
    text, paths = str | int | bool | None, envelope.paths()
    fields: list[tuple[str, Any, Any]] = []
    for ours, (_, inner) in paths.items():
        if inner:
            nested = msgspec.defstruct("Nested", [("inner", text, None)], rename={"inner": inner}, gc=False)
            fields.append((ours, nested, msgspec.field(default_factory=nested)))
        else:
            fields.append((ours, text, None))
    names = {ours: outer for ours, (outer, _) in paths.items()}
    return msgspec.json.Decoder(msgspec.defstruct("Told", fields, rename=names, gc=False))


@step(partition_by=ROW, delivers=("source_id", "version_at", "is_deleted", "unlisted_by", "run", "content"))
def filed(versions: pl.LazyFrame, *, reads_text: bool = True) -> pl.LazyFrame:
    """What decides which versions stay: source_id, version_at, is_deleted, unlisted_by, run and content (text's hash).

    `run` observed the version: it landed it, or completed the listing that made it a tombstone. With the flag history
    of each. Without `reads_text` the content is null, and the text is not read: enough where it decides nothing.
    """
    content = polars_hash.col("raw").nchash.xxh3_64() if reads_text else pl.lit(None, pl.UInt64)
    unlisted_by, run = (column.cast(pl.Categorical) for column in (pl.col("unlisted_by"), _RUN))
    return versions.select(
        "source_id", "version_at", "is_deleted", *FLAG_HISTORY, unlisted_by=unlisted_by, run=run, content=content
    )


@step(partition_by="source_id", delivers=("stays", "is_latest"))
def standing(files: pl.DataFrame, *, keeps_versions: bool, revives: bool = True) -> pl.DataFrame:
    """Which of the versions stay in the state, and which are the latest of their records.

    `files` as `filed`, in the order of landing; gives `stays` and `is_latest` (Boolean) row for row with it. The latest
    version wins; of one moment's versions, the later run's, then the deletion, then the greater content hash, and of
    equal ones the one landed later. With `keeps_versions` all stay but those with the text of the next.
    `revives`: a deletion does not stand against a later run that saw the record alive, whatever the change times, for a
    source may restore a record without a new one. Within a run it stands: an index that lags still shows what is gone.
    Without `revives` the change times alone decide: for increments of files, which may be read in any order.
    A version without an id stands for itself.
    """
    runs = files["run"].cast(pl.String).unique().drop_nulls().sort()
    # Most records come once, and nothing has to be weighed: only the others are put in order.
    contested = (
        files.with_columns(place=pl.int_range(pl.len(), dtype=pl.UInt32))
        .filter(pl.col("source_id").is_duplicated(), pl.col("source_id").is_not_null())
        .with_columns(pl.col("run").cast(pl.Enum(runs)))
    )
    ordered = _in_order(contested.with_columns(stands=pl.lit(value=True)))
    while revives and (outlived := _outlived(ordered)).any():
        ordered = _in_order(ordered.with_columns(stands=pl.col("stands") & ~outlived))
    is_last = (pl.col("source_id") != pl.col("source_id").shift(-1)).fill_null(value=True)
    stays = is_last
    if keeps_versions:
        stays = is_last | pl.col("content").ne_missing(pl.col("content").shift(-1))
    verdict = ordered.select("place", stays=stays, is_latest=is_last)
    # Whoever is alone stays, and is the latest.
    return pl.DataFrame([_scattered(verdict[name], verdict["place"], files.height) for name in ("stays", "is_latest")])


@step(partition_by="source_id")
def folded(parts: list[pl.LazyFrame], *, keeps_versions: bool, revives: bool = True) -> pl.DataFrame:
    """The state after these parts, in their order, held in memory; `standing` says which versions stay."""
    versions = pl.concat(parts).collect()
    verdict = standing(filed(versions.lazy()).collect(), keeps_versions=keeps_versions, revives=revives)
    return with_flag_history(versions).with_columns(verdict["is_latest"]).filter(verdict["stays"])


def _in_order(versions: pl.DataFrame) -> pl.DataFrame:
    """Versions of each id, the one that wins last; one that does not stand comes before all that do."""
    return versions.sort("source_id", "stands", "version_at", "run", "is_deleted", "content", "place", nulls_last=False)


def _outlived(ordered: pl.DataFrame) -> pl.Series:
    """Whether a version no longer stands, nor what came before it: a deletion wins, and a later run found it undone.

    What wins then may be such a deletion again, so ask until there is none: then it is as if run followed run.
    """
    winner_run, winner_is_gone = (pl.col(name).last().over("source_id") for name in ("run", "is_deleted"))
    found_alive = pl.col("run").filter(~pl.col("is_deleted")).max().over("source_id")
    is_restored = winner_is_gone & (found_alive > winner_run).fill_null(value=False)
    return ordered.select(outlived=is_restored & (pl.col("run") <= winner_run))["outlived"]


def _scattered(told: pl.Series, places: pl.Series, height: int) -> pl.Series:
    """True everywhere, but for the places of which something is told."""
    return pl.repeat(value=True, n=height, eager=True).scatter(places, told).alias(told.name)
