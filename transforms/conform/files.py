"""Conforming of file rows to canonical records, as the stream declares each column; undeclared columns are ignored.

A value that cannot be read is null and its row stays. A column with many such values is wrongly declared: then the
stream stops, since its readable values cannot be trusted either (03/04 is valid under either order).
"""

from collections.abc import Mapping, Sequence

import polars as pl

from definitions.errors import FileUnreadableError
from definitions.fault_limit import VALUES, FaultLimit
from definitions.mapping.file_columns import DEFAULTS, DecimalMark
from definitions.mapping.file_stream import FileStream
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
    custom_cells_of,
    decimal_marks,
    fault_column,
    resolved_text,
    text_column,
    with_fields,
)
from transforms.conform.raw import STATE_COLUMNS, collected
from transforms.conform.typed import KnownWords, translated, typed
from transforms.step import ALL, step
from transforms.values.dates import is_ambiguous, is_in_figures, start_of_day
from transforms.values.money import currency_in
from transforms.values.shapes import shape

_CLOSED = ("closed_won", "closed_lost")
_MAX_LINES = 5
_MAX_SHAPES = 3
# Excel counts days from 1900: five figures until the year 2173.
_DAY_NUMBER = r"^\s*[0-9]{5}(\.[0-9]+)?\s*$"
_IS_DELETED = "is gone"


@step(partition_by=ALL)
def conform_file(
    state: pl.LazyFrame, source: SourceMapping, *, stream: FileStream, limit: FaultLimit = VALUES
) -> Conformed:
    """Conform the state of a stream to records of its kind, and for opportunities to every version of them.

    A closed opportunity without a mapped `closed_at` was closed on its close date; its stage says whether it is closed
    and won; an amount that names no currency is in the source's. Raises `FileUnreadableError` naming file, column,
    count and lines where more values of a column than `limit` allows are not what it is declared to hold.
    """
    where = f"{source.source}.{stream.name}"
    marks = decimal_marks(state, stream, source)
    mapped, custom = cells_of(stream, source, marks), custom_cells_of(stream, source, marks)
    cells = [*mapped, *custom]
    frame = collected(
        with_fields(state, stream)
        # A record missing from a complete file is deleted too, whatever its last row has.
        .select(
            *STATE_COLUMNS,
            pl.col("is_deleted").alias(_IS_DELETED),
            *(cell.text.alias(text_column(cell.name)) for cell in cells),
        )
        .with_columns(cell.value.alias(cell.name) for cell in cells)
        .with_columns(cell.fault.alias(fault_column(cell.name)) for cell in cells),
        where,
    )
    _check_faults(frame, cells, limit, f"{where}: {stream.path}")
    faults = [pl.col(fault_column(cell.name)) for cell in cells]
    text = _with_defaults(
        _with_custom(frame.lazy(), stream, custom).with_columns(is_deleted=pl.col(_IS_DELETED)), stream
    )
    vocabularies: Sequence[KnownWords] = ()
    if stream.kind == "opportunity":
        text = _with_stage(_with_currency(text, stream, source, marks), stream, source)
        faults.append(pl.when("is_contradicted").then(fault("contradiction", "amount")))
        vocabularies = [KnownWords("source_stage", source.stages, _scope(stream))] if _has_stage(stream) else []
    return typed(
        text,
        stream.record_kind,
        source,
        object_name=stream.name,
        stream=stream.name,
        vocabularies=vocabularies,
        faults=faults,
        on_unreadable=stream.on_unreadable,
        keeps_versions=stream.kind == "opportunity",
    )


def _with_defaults(text: pl.LazyFrame, stream: FileStream) -> pl.LazyFrame:
    """Fill the required flags that no column maps, or whose value is blank or unreadable, with their defaults."""
    filled = text.collect_schema()
    return text.with_columns(
        (pl.col(name).fill_null(value=value) if name in filled else pl.lit(value)).alias(name)
        for name, value in DEFAULTS.items()
        if name in stream.record_kind.names
    )


def _with_custom(frame: pl.LazyFrame, stream: FileStream, custom: Sequence[Cell]) -> pl.LazyFrame:
    """Add `custom`, the JSON object of the custom fields; an unreadable value becomes null."""
    if not custom:
        return frame
    values = {cell.name: pl.col(cell.name) for cell in custom}
    unread = {cell.name: pl.col(fault_column(cell.name)).is_not_null() for cell in custom}
    return frame.with_columns(custom=custom_object(stream.custom, values, unread))


@step(partition_by=ALL)
def stages_of_file(state: pl.LazyFrame, source: SourceMapping, *, stream: FileStream) -> Conformed:
    """Return the stages that the settings map, with the spelling of the opportunities. Grain: pipeline and stage.

    A mapped stage without an opportunity keeps the spelling of the settings.
    """
    spellings = {
        name: resolved_text(stream.columns[name], stream, source) if name in stream.columns else pl.lit(None, pl.String)
        for name in ("pipeline_id", "source_stage")
    }
    found = collected(with_fields(state, stream).select(**spellings).unique(), f"{source.source}.{stream.name}")
    declared = pl.DataFrame({"pipeline_id": None, "source_stage": list(source.stages)}, schema=found.schema)
    lower = pl.col("source_stage").str.to_lowercase()
    unseen = declared.filter(~lower.is_in(found["source_stage"].str.to_lowercase().to_list()))
    # With pipelines, a declared stage belongs to those in which it occurs.
    stages = found if _scope(stream) else pl.concat([found, unseen])
    orders = {label: str(order) for order, label in enumerate(source.stages, start=1)}
    text = (
        stages.lazy()
        .filter(pl.col("source_stage").is_not_null())
        .with_columns(
            source_id=_scoped_stage(),
            stage_name=pl.col("source_stage"),
            canonical_stage=_translated_stage(source.stages),
            display_order=_translated_stage(orders),
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
    return typed(text, STAGE, source, object_name="stage", stream=stream.name)


def _with_currency(
    text: pl.LazyFrame, stream: FileStream, source: SourceMapping, marks: Mapping[str, DecimalMark]
) -> pl.LazyFrame:
    """Add `currency_code`: that of its column, else of the amount's text, else of the source.

    Null where its column cannot be read: the source's would be another claim. An amount that is written in another
    currency than the column names (`is_contradicted`) is null.
    """
    written, declared, of_source = pl.lit(None, pl.String), pl.lit(None, pl.String), pl.lit(source.currency)
    if amount := stream.columns.get("amount"):
        written = currency_in(pl.col(text_column("amount")), decimal=marks["amount"])
    if "currency_code" in stream.columns:
        declared = pl.col("currency_code")
        of_source = pl.when(pl.col(fault_column("currency_code")).is_null()).then(of_source)
    is_contradicted = (written != declared).fill_null(value=False)
    amounts = {} if amount is None else {"amount": pl.when(~is_contradicted).then("amount")}
    return text.with_columns(
        currency_code=pl.coalesce(declared, written, of_source), is_contradicted=is_contradicted, **amounts
    )


def _with_stage(text: pl.LazyFrame, stream: FileStream, source: SourceMapping) -> pl.LazyFrame:
    """Add whether the stage is closed and won, and the time of closing."""
    if not _has_stage(stream):
        return text
    with_stage = text.with_columns(
        canonical_stage=_translated_stage(source.stages, is_scoped=_scope(stream) is not None)
    )
    derived = {"is_closed": _is_closed(), "is_won": _is_won()}
    with_stage = with_stage.with_columns(
        **{name: value for name, value in derived.items() if name not in stream.columns}
    )
    if "closed_at" in stream.columns or "source_close_date" not in stream.columns:
        return with_stage
    closed_on = pl.when("is_closed").then("source_close_date")
    return with_stage.with_columns(closed_at=start_of_day(closed_on, source.time_zone))


def _translated_stage(meanings: Mapping[str, str], *, is_scoped: bool = True) -> pl.Expr:
    """Translate `pipeline/stage`, or else the stage alone."""
    plain = translated(pl.col("source_stage"), meanings)
    return pl.coalesce(translated(_scoped_stage(), meanings), plain) if is_scoped else plain


def _scoped_stage() -> pl.Expr:
    return pl.concat_str("pipeline_id", "source_stage", separator="/", ignore_nulls=True)


def _is_closed() -> pl.Expr:
    return pl.col("canonical_stage").is_in(_CLOSED)


def _is_won() -> pl.Expr:
    return pl.col("canonical_stage") == "closed_won"


def _has_stage(stream: FileStream) -> bool:
    return "source_stage" in stream.columns


def _scope(stream: FileStream) -> str | None:
    return "pipeline_id" if "pipeline_id" in stream.columns else None


def _check_faults(frame: pl.DataFrame, cells: Sequence[Cell], limit: FaultLimit, where: str) -> None:
    """Raise `FileUnreadableError` where columns hold too many values of another kind than declared; name them all."""
    # Records missing from the last file do not count.
    latest = frame.filter("is_latest", ~pl.col(_IS_DELETED))
    column_faults = [found for cell in cells if (found := _column_fault(latest, cell, limit))]
    if column_faults:
        remedies = dict.fromkeys(remedy for _, remedy in column_faults)
        message = "; ".join(text for text, _ in column_faults)
        raise FileUnreadableError(f"{where}: {message}. {'. '.join(remedies)}.")


def _column_fault(latest: pl.DataFrame, cell: Cell, limit: FaultLimit) -> tuple[str, str] | None:
    """Describe the fault of a column and its remedy; None within the limit."""
    reason = pl.col(fault_column(cell.name)).struct.field("reason_code")
    wrong = latest.filter(reason.is_in(["unreadable_value", "out_of_range"]))
    filled = wrong.height + latest[cell.name].count()
    if not limit.is_exceeded(wrong.height, of=filled):
        return None
    text = wrong.select(text=text_column(cell.name))
    lines = wrong["location"].str.extract(r":([0-9]+)$").cast(pl.Int64).sort()
    listed = ", ".join(map(str, lines.head(_MAX_LINES))) + (" and more" if lines.len() > _MAX_LINES else "")
    message = (
        f"column {cell.column!r} ({cell.name}): {wrong.height} of {filled} values: {not_expected(cell.expected)}, in "
        f"lines {listed}, written as {_shapes(text)}"
    )
    if not cell.is_dated:
        return message, cell.remedy
    if both := text.filter(is_ambiguous(pl.col("text"))).height:
        message += f" ({both} of them are ambiguous: a day whether the day or the month comes first)"
    if not text.filter(~pl.col("text").str.contains(_DAY_NUMBER)).height:
        return (
            message,
            "They look like the day numbers of a spreadsheet: declare `dates: excel`, or export it with a date format",
        )
    if not text.filter(is_in_figures(pl.col("text"))).height:
        # A declared order of figures does not apply to them.
        return message, "Export ISO days, such as 2026-04-15"
    return message, cell.remedy


def _shapes(text: pl.DataFrame) -> str:
    """List the most frequent shapes of values, without the values."""
    counted = (
        text.select(shape=shape(pl.col("text"))).group_by("shape").len().sort("len", "shape", descending=[True, False])
    )
    listed = ", ".join(repr(one) for one in counted["shape"].head(_MAX_SHAPES))
    return listed + (" and others" if counted.height > _MAX_SHAPES else "")
