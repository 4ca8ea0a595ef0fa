"""Uniqueness of ids: rows without an id, or with a contested one, are rejected, since no rule could choose."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from connectors.files.formats.footer import NO_FOOTER, LastRows
from connectors.files.formats.rows import ROWS, FileRows, ReadFindings, reject
from connectors.landing.reader import Rejected
from definitions.mapping.file_formats import TABLES
from definitions.mapping.file_stream import FileStream
from definitions.mapping.ids import canonical_id

Read = Callable[[ReadFindings], Iterator[pl.DataFrame]]
"""Reads a file from its beginning, batch by batch, and fills the findings."""

_KEYS = pl.Schema({"line": pl.Int64(), "id": pl.String(), "version": pl.String(), "content": pl.UInt64()})
_NAMED_LINES = 5


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Lines that are removed: `rejected` (line, reason) and `repeats` of an earlier line."""

    rejected: pl.DataFrame
    repeats: pl.Series


def identified(read: Read, stream: FileStream, where: str, *, with_text: bool) -> tuple[FileRows, int]:
    """Return the rows with unique ids, in the order of the file, and the number of exact repetitions.

    A row without an id is rejected, and so is every row of an id that several rows have with different content; rows
    with different mapped `source_updated_at` are versions of one record. A footer is no row. Without `with_text` `raw`
    is left out, so that a file is counted without holding its text; it is read again where rows are rejected.
    """
    findings = ReadFindings(stream, where)
    last = LastRows(stream)
    parts: list[pl.DataFrame] = []
    keys: list[pl.DataFrame] = [pl.DataFrame(schema=_KEYS)]
    for part in read(findings):
        findings.counted(part)
        last.add(part)
        keys.append(_keys(part))
        if with_text:
            parts.append(part)
    footer = last.footer(findings, pl.concat(keys)) if stream.format in TABLES else NO_FOOTER
    verdict = _verdict(pl.concat(_without(keys, footer)))
    of_footer = set(footer)
    rejected = [row for row in findings.rejected if row.offset not in of_footer]
    if verdict.rejected.height:
        texts = iter(parts) if with_text else read(ReadFindings(stream, where))
        rejected += _rejected_rows(texts, verdict.rejected, stream.id)
        rejected.sort(key=lambda row: row.offset)
    dropped = pl.concat([verdict.rejected["line"], verdict.repeats, footer])
    notes = [*findings.notes, *_repeats_noted(verdict.repeats, where), *_footer_noted(footer, stream, where)]
    held = [pl.DataFrame(schema=ROWS), *parts] if with_text else [part.select("line") for part in keys]
    rows = pl.concat(_without(held, dropped))
    found = FileRows(rows=rows, rejected=tuple(rejected), columns=findings.columns, notes=tuple(notes))
    return found, verdict.repeats.len()


def _keys(part: pl.DataFrame) -> pl.DataFrame:
    """Select what identifies each row, and a hash of its text."""
    return part.select(
        "line",
        canonical_id(_visible(pl.col("id"))),
        _visible(pl.col("version")),
        content=pl.col("raw").hash().cast(pl.UInt64),
    )


def _verdict(keys: pl.DataFrame) -> _Verdict:
    has_id = (pl.col("id") != "").fill_null(value=False)
    anonymous, named = keys.filter(~has_id), keys.filter(has_id)
    shared = named.filter(pl.struct("id", "version").is_duplicated())
    is_first = pl.struct("id", "version", "content").is_first_distinct()
    distinct, repeats = shared.filter(is_first), shared.filter(~is_first)
    disputed = distinct.filter(pl.struct("id", "version").is_duplicated())
    reasons = [(anonymous, "missing_id"), (disputed, "id_repeated")]
    rejected = pl.concat([rows.select("line", reason=pl.lit(reason)) for rows, reason in reasons])
    return _Verdict(rejected=rejected, repeats=repeats["line"])


def _rejected_rows(parts: Iterator[pl.DataFrame], rejected: pl.DataFrame, field: str) -> Iterator[Rejected]:
    for part in parts:
        for line, raw, reason in part.join(rejected, on="line").select("line", "raw", "reason").rows():
            yield reject(reason, line, raw, field)


def _without(parts: list[pl.DataFrame], dropped: pl.Series) -> list[pl.DataFrame]:
    if not dropped.len():
        return parts
    gone = dropped.to_frame("line")
    return [part.join(gone, on="line", how="anti", maintain_order="left") for part in parts]


def _repeats_noted(lines: pl.Series, where: str) -> list[str]:
    if not lines.len():
        return []
    repeated = "1 line repeats another" if lines.len() == 1 else f"{lines.len():,} lines repeat others"
    return [f"{where}: {repeated} word for word (line {_numbers(lines)}); each is counted once"]


def _footer_noted(lines: pl.Series, stream: FileStream, where: str) -> list[str]:
    if not lines.len():
        return []
    reason = "`skip_last`" if stream.skip_last else "a footer, no rows"
    return [f"{where}: {lines.len()} of the last lines (line {_numbers(lines)}) are passed over: {reason}"]


def _numbers(lines: pl.Series) -> str:
    return ", ".join(map(str, lines.sort().head(_NAMED_LINES))) + (" …" if lines.len() > _NAMED_LINES else "")


def _visible(text: pl.Expr) -> pl.Expr:
    """Remove characters that conforming may later drop: ids that differ only in them are one id."""
    return text.str.replace_all(r"[\p{Cc}\p{Cf}]", "").str.normalize("NFC").str.strip_chars()
