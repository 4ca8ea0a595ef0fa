"""Rows of files to canonical records, as the stream declares each column; nothing is read that was not declared.

A row with a value that cannot be read is set aside. A column in which many cannot is a wrong declaration: then the
stream stops, for the rows that can be read are not to be trusted either (03/04 reads well under either order).
"""

from collections.abc import Mapping, Sequence

import polars as pl

from definitions.errors import FileUnreadableError
from definitions.fault_limit import VALUES, FaultLimit
from definitions.mapping.file_stream import DEFAULTS, FileStream
from definitions.mapping.source_mapping import SourceMapping
from definitions.polars_types import MOMENT
from definitions.quarantine_reasons import not_expected
from definitions.schema.records import STAGE
from transforms.conform.conformed import Conformed
from transforms.conform.custom_fields import custom_object
from transforms.conform.faults import fault
from transforms.conform.files_columns import (
    Cell,
    cells_of,
    fault_column,
    own_cells_of,
    text_column,
    with_fields,
    word,
)
from transforms.conform.raw import KEPT, gathered
from transforms.conform.typed import KnownWords, translated, typed
from transforms.step import ALL, ROW, step
from transforms.values.dates import is_ambiguous, is_in_figures, start_of_day
from transforms.values.money import currency_in
from transforms.values.shapes import shape

_CLOSED = ("closed_won", "closed_lost")
_SHOWN_LINES = 5
_SHOWN_SHAPES = 3
# Excel counts days from 1900: five figures until the year 2173.
_DAY_NUMBER = r"^\s*[0-9]{5}(\.[0-9]+)?\s*$"
_IS_GONE = "is gone"


@step(partition_by=ROW)
def conform_file(
    state: pl.LazyFrame, meaning: SourceMapping, *, stream: FileStream, limit: FaultLimit = VALUES
) -> Conformed:
    """State of a stream to records of its kind, and for opportunities every version of them.

    A closed opportunity without a mapped `closed_at` was closed on its close date; its stage says whether it is closed
    and won; an amount that names no currency is in the source's. Raises `FileUnreadableError` naming file, column,
    count and lines where more values of a column than `limit` allows are not what it is declared to hold.
    """
    where = f"{meaning.source}.{stream.name}"
    ours, own = cells_of(stream, meaning), own_cells_of(stream, meaning)
    cells = [*ours, *own]
    frame = gathered(
        with_fields(state, stream)
        # What is no longer in a complete file is gone too, whatever its row said.
        .select(
            *KEPT, pl.col("is_deleted").alias(_IS_GONE), *(cell.text.alias(text_column(cell.name)) for cell in cells)
        )
        .with_columns(cell.value.alias(cell.name) for cell in cells)
        .with_columns(cell.fault.alias(fault_column(cell.name)) for cell in cells),
        where,
    )
    _refuse_many(frame, cells, limit, f"{where}: {stream.path}")
    faults = [pl.col(fault_column(cell.name)) for cell in ours]
    text = (
        _with_custom(frame.lazy(), stream, own)
        .with_columns(is_deleted=pl.col(_IS_GONE))
        .with_columns(
            pl.lit(value).alias(name)
            for name, value in DEFAULTS.items()
            if name in stream.record_kind.names and name not in frame.columns
        )
    )
    vocabularies: Sequence[KnownWords] = ()
    if stream.kind == "opportunity":
        text = _staged(_priced(text, stream, meaning), stream, meaning)
        faults.append(_contradiction())
        vocabularies = [KnownWords("source_stage", meaning.stages, _scope(stream))] if _has_stage(stream) else []
    return typed(
        text,
        stream.record_kind,
        meaning,
        object_name=stream.name,
        stream=stream.name,
        vocabularies=vocabularies,
        faults=faults,
        keeps_versions=stream.kind == "opportunity",
    )


def _with_custom(frame: pl.LazyFrame, stream: FileStream, own: Sequence[Cell]) -> pl.LazyFrame:
    """Add `custom`, the JSON object of the customer's own fields; a value that cannot be read costs itself alone."""
    if not own:
        return frame
    values = {cell.name: pl.col(cell.name) for cell in own}
    unread = {cell.name: pl.col(fault_column(cell.name)).is_not_null() for cell in own}
    return frame.with_columns(custom=custom_object(stream.custom, values, unread))


@step(partition_by=ALL)
def stages_of_file(state: pl.LazyFrame, meaning: SourceMapping, *, stream: FileStream) -> Conformed:
    """Stages that the settings map, spelt as the opportunities of a stream spell them (grain: pipeline and stage).

    A mapped stage in which no opportunity is keeps the spelling of the settings.
    """
    spelt = {
        name: word(stream.columns[name], stream, meaning) if name in stream.columns else pl.lit(None, pl.String)
        for name in ("pipeline_id", "source_stage")
    }
    found = gathered(with_fields(state, stream).select(**spelt).unique(), f"{meaning.source}.{stream.name}")
    declared = pl.DataFrame({"pipeline_id": None, "source_stage": list(meaning.stages)}, schema=found.schema)
    lower = pl.col("source_stage").str.to_lowercase()
    unseen = declared.filter(~lower.is_in(found["source_stage"].str.to_lowercase().to_list()))
    # With pipelines, a declared stage belongs to those in which it is seen.
    every = found if _scope(stream) else pl.concat([found, unseen])
    places = {label: str(place) for place, label in enumerate(meaning.stages, start=1)}
    text = (
        every.lazy()
        .filter(pl.col("source_stage").is_not_null())
        .with_columns(
            source_id=_scoped(),
            stage_name=pl.col("source_stage"),
            canonical_stage=_by_stage(meaning.stages),
            display_order=_by_stage(places),
            version_at=pl.lit(None, MOMENT),
            is_deleted=pl.lit(value=False),
            is_latest=pl.lit(value=True),
            location=pl.lit(None, pl.String),
            unlisted_by=pl.lit(None, pl.String),
        )
        .filter(pl.col("canonical_stage").is_not_null())
        .with_columns(is_closed=_is_closed(), is_won=_is_won())
        .sort("source_id")
    )
    return typed(text, STAGE, meaning, object_name="stage", stream=stream.name)


def _priced(text: pl.LazyFrame, stream: FileStream, meaning: SourceMapping) -> pl.LazyFrame:
    """Add `currency_code`: the column's, or what stands beside the amount, or the source's."""
    beside, told = pl.lit(None, pl.String), pl.lit(None, pl.String)
    if amount := stream.columns.get("amount"):
        beside = currency_in(pl.col(text_column("amount")), decimal=amount.decimal or stream.decimal)
    if "currency_code" in stream.columns:
        told = pl.col("currency_code")
    return text.with_columns(currency_code=pl.coalesce(told, beside, pl.lit(meaning.currency)), beside=beside)


def _contradiction() -> pl.Expr:
    """A fault where the amount is written in another currency than its column names."""
    differ = pl.col("beside") != pl.col("currency_code")
    return pl.when(differ).then(fault("contradiction", "amount"))


def _staged(text: pl.LazyFrame, stream: FileStream, meaning: SourceMapping) -> pl.LazyFrame:
    """Add what the stage says: closed, won, and when it was closed."""
    if not _has_stage(stream):
        return text
    staged = text.with_columns(canonical_stage=_by_stage(meaning.stages, is_scoped=_scope(stream) is not None))
    derived = {"is_closed": _is_closed(), "is_won": _is_won()}
    staged = staged.with_columns(**{name: said for name, said in derived.items() if name not in stream.columns})
    if "closed_at" in stream.columns or "source_close_date" not in stream.columns:
        return staged
    closed_on = pl.when("is_closed").then("source_close_date")
    return staged.with_columns(closed_at=start_of_day(closed_on, meaning.time_zone))


def _by_stage(meanings: Mapping[str, str], *, is_scoped: bool = True) -> pl.Expr:
    """What is said of `pipeline/stage`, or else of the stage."""
    plain = translated(pl.col("source_stage"), meanings)
    return pl.coalesce(translated(_scoped(), meanings), plain) if is_scoped else plain


def _scoped() -> pl.Expr:
    return pl.concat_str("pipeline_id", "source_stage", separator="/", ignore_nulls=True)


def _is_closed() -> pl.Expr:
    return pl.col("canonical_stage").is_in(_CLOSED)


def _is_won() -> pl.Expr:
    return pl.col("canonical_stage") == "closed_won"


def _has_stage(stream: FileStream) -> bool:
    return "source_stage" in stream.columns


def _scope(stream: FileStream) -> str | None:
    return "pipeline_id" if "pipeline_id" in stream.columns else None


def _refuse_many(frame: pl.DataFrame, cells: Sequence[Cell], limit: FaultLimit, where: str) -> None:
    """Raise where columns hold too many values that are not what they are declared to hold; names all of them."""
    # What a file no longer holds is not in it, whatever an earlier one said.
    latest = frame.filter("is_latest", ~pl.col(_IS_GONE))
    complaints = [found for cell in cells if (found := _complaint(latest, cell, limit))]
    if complaints:
        remedies = dict.fromkeys(remedy for _, remedy in complaints)
        told = "; ".join(said for said, _ in complaints)
        raise FileUnreadableError(f"{where}: {told}. {'. '.join(remedies)}.")


def _complaint(latest: pl.DataFrame, cell: Cell, limit: FaultLimit) -> tuple[str, str] | None:
    """What is wrong with a column, and the remedy; None where at most single values are."""
    reason = pl.col(fault_column(cell.name)).struct.field("reason_code")
    wrong = latest.filter(reason.is_in(["unreadable_value", "out_of_range"]))
    filled = wrong.height + latest[cell.name].count()
    if not limit.is_exceeded(wrong.height, of=filled):
        return None
    text = wrong.select(text=text_column(cell.name))
    lines = wrong["location"].str.extract(r":([0-9]+)$").cast(pl.Int64).sort()
    shown = ", ".join(map(str, lines.head(_SHOWN_LINES))) + (" and more" if lines.len() > _SHOWN_LINES else "")
    told = (
        f"column {cell.column!r} ({cell.name}): {wrong.height} of {filled} values: {not_expected(cell.expected)}, in "
        f"lines {shown}, written as {_shapes(text)}"
    )
    if not cell.is_dated:
        return told, cell.remedy
    if both := text.filter(is_ambiguous(pl.col("text"))).height:
        told += f" ({both} of them are ambiguous: a day whether the day or the month comes first)"
    if not text.filter(~pl.col("text").str.contains(_DAY_NUMBER)).height:
        return (
            told,
            "They look like the day numbers of a spreadsheet: give the column a date format, and export it again",
        )
    if not text.filter(is_in_figures(pl.col("text"))).height:
        # An order that is declared for figures says nothing of them.
        return told, "Export ISO days, such as 2026-04-15"
    return told, cell.remedy


def _shapes(text: pl.DataFrame) -> str:
    """The commonest ways in which values are written, without what they say."""
    counted = (
        text.select(shape=shape(pl.col("text"))).group_by("shape").len().sort("len", "shape", descending=[True, False])
    )
    shown = ", ".join(repr(one) for one in counted["shape"].head(_SHOWN_SHAPES))
    return shown + (" and others" if counted.height > _SHOWN_SHAPES else "")
