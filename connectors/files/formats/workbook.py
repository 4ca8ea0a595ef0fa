"""Reader of Excel workbooks (.xlsx): one sheet, whose cells become the text that a CSV export would have."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import polars as pl
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    XmlError,
    ZipError,
)

from connectors.files.formats.csv_records import CsvRecord
from connectors.files.formats.delimited import Table
from connectors.files.formats.header import HeaderLine, header_of
from connectors.files.formats.rows import ReadFindings, frames
from definitions.errors import FileUnreadableError
from definitions.mapping.file_stream import FileStream

_MEGABYTE = 1_000_000
# Beyond it a number has no exact text of its own in a workbook: 15 digits are kept.
_EXACT = 10**15


def read_workbook(content: bytes, stream: FileStream, findings: ReadFindings) -> Iterator[pl.DataFrame]:
    """Yield the rows of a sheet, batch by batch; lines are row numbers of the sheet.

    Days and moments are ISO 8601, whole numbers have no point, others the decimal mark declared for their column;
    a formula is its last value, an error (`#N/A`) is empty. Raises `FileUnreadableError`: no whole workbook, too
    large, no such sheet, and what `header_of` raises.
    """
    where = findings.where
    _refuse_large(content, stream, where)
    rows = _rows(_sheet(content, stream, findings))
    head = (HeaderLine(line, [_text(cell) for cell in cells], "") for line, cells in rows)
    table = Table(stream, header_of(head, stream, findings), findings)
    findings.columns, findings.id_at = table.header.named, table.header.names.index(stream.id)
    commas = comma_columns(stream)
    marks = ["," if name in commas else "." for name in table.header.names]
    texts = ((line, [_text(cell, mark) for cell, mark in zip(cells, marks, strict=True)]) for line, cells in rows)
    records = (CsvRecord(line, "", cells if any(cells) else []) for line, cells in texts)
    yield from frames(table.rows(records), stream, findings)
    findings.notes += table.notes()


def comma_columns(stream: FileStream) -> set[str]:
    """Return the columns whose numbers are declared to have a decimal comma: a workbook's number has no mark."""
    return {
        column.column for column in stream.columns.values() if column.column and stream.declared_mark(column) == ","
    }


def _sheet(content: bytes, stream: FileStream, findings: ReadFindings) -> CalamineSheet:
    where = findings.where
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        visible = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
        name = _chosen([sheet.name for sheet in sheets], visible, stream, where)
        if stream.sheet is None and len(visible) > 1:
            others = ", ".join(map(repr, visible[1:]))
            findings.notes.append(f"{where}: sheet {name!r} is read, not {others}; `sheet` names another")
        return workbook.get_sheet_by_name(name)
    except PasswordError:
        raise FileUnreadableError(f"{where}: has a password. Save it without one.") from None
    except (CalamineError, XmlError, ZipError):
        raise FileUnreadableError(f"{where}: is no whole Excel workbook. Copy or save it again.") from None


def _chosen(names: list[str], visible: list[str], stream: FileStream, where: str) -> str:
    wanted = stream.sheet
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        return names[wanted - 1]
    if isinstance(wanted, str) and wanted in names:
        return wanted
    if wanted is None and visible:
        return visible[0]
    sheets = ", ".join(map(repr, names)) or "none"
    raise FileUnreadableError(
        f"{where}: has no sheet {'that is shown' if wanted is None else repr(wanted)}, but "
        f"{sheets}. Name one in `sheet`, or give its number from 1."
    )


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows of a sheet, typed, with their numbers from 1."""
    first = 1 if sheet.start is None else sheet.start[0] + 1
    yield from enumerate(sheet.to_python(), start=first)


def _text(value: Any, mark: str = ".") -> str:
    """Return the text of a cell; a time of midnight is a day."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        is_whole = value.is_integer() and abs(value) < _EXACT
        return str(int(value)) if is_whole else repr(value).replace(".", mark)
    if isinstance(value, datetime):
        return value.isoformat() if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _refuse_large(content: bytes, stream: FileStream, where: str) -> None:
    """Raise where the parts of a workbook, which is a zip archive, unpack to more than the stream allows."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile:
        raise FileUnreadableError(f"{where}: is no whole Excel workbook. Copy or save it again.") from None
    if size > stream.unpacked_limit_mb * _MEGABYTE:
        raise FileUnreadableError(
            f"{where}: unpacks to {size // _MEGABYTE:,} MB, more than the {stream.unpacked_limit_mb:,} MB that its "
            "stream allows. If it is the right file, raise `unpacked_limit_mb`."
        )
