"""Each row has an id, and each id one row: what does not keep to that is set aside, for no rule could choose."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from connectors.files.rows import ROWS, FileRows, ReadFindings, set_aside
from connectors.landing.reader import Rejected
from definitions.mapping.file_stream import FileStream

Read = Callable[[ReadFindings], Iterator[pl.DataFrame]]
"""Read the rows of a file from its beginning, part by part, with what else is found."""

_KEYS = pl.Schema({"line": pl.Int64(), "id": pl.String(), "version": pl.String(), "content": pl.UInt64()})
_SHOWN_LINES = 5


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Lines that are not kept: `aside` (line, reason) and `repeats` of a line before them."""

    aside: pl.DataFrame
    repeats: pl.Series


def identified(read: Read, stream: FileStream, where: str, *, with_text: bool) -> tuple[FileRows, int]:
    """Rows with one id each, in the order of the file, and how many repeated another one entirely.

    A row without an id is set aside, and so is every row of an id that several rows claim with different content;
    rows that a mapped `source_updated_at` tells apart are versions of one record. `with_text` false leaves out `raw`,
    so that a file is counted without its text being held; it is read again where rows have to be set aside.
    """
    findings = ReadFindings(stream, where)
    parts: list[pl.DataFrame] = []
    keys: list[pl.DataFrame] = [pl.DataFrame(schema=_KEYS)]
    for part in read(findings):
        findings.counted(part)
        keys.append(_keys(part))
        if with_text:
            parts.append(part)
    verdict = _verdict(pl.concat(keys))
    rejected = list(findings.rejected)
    if verdict.aside.height:
        texts = iter(parts) if with_text else read(ReadFindings(stream, where))
        rejected += _set_aside(texts, verdict.aside, stream.id)
        rejected.sort(key=lambda row: row.offset)
    dropped = pl.concat([verdict.aside["line"], verdict.repeats])
    notes = [*findings.notes, *_repeats_noted(verdict.repeats, where)]
    held = [pl.DataFrame(schema=ROWS), *parts] if with_text else [one.select("line") for one in keys]
    kept = pl.concat(_without(held, dropped))
    whole = FileRows(rows=kept, rejected=tuple(rejected), columns=findings.columns, notes=tuple(notes))
    return whole, verdict.repeats.len()


def _keys(part: pl.DataFrame) -> pl.DataFrame:
    """What identifies each row, and a hash of its text in its place."""
    return part.select(
        "line", _visible(pl.col("id")), _visible(pl.col("version")), content=pl.col("raw").hash().cast(pl.UInt64)
    )


def _verdict(keys: pl.DataFrame) -> _Verdict:
    has_id = (pl.col("id") != "").fill_null(value=False)
    anonymous, named = keys.filter(~has_id), keys.filter(has_id)
    shared = named.filter(pl.struct("id", "version").is_duplicated())
    is_first = pl.struct("id", "version", "content").is_first_distinct()
    distinct, repeats = shared.filter(is_first), shared.filter(~is_first)
    disputed = distinct.filter(pl.struct("id", "version").is_duplicated())
    reasons = [(anonymous, "missing_id"), (disputed, "id_repeated")]
    aside = pl.concat([rows.select("line", reason=pl.lit(reason)) for rows, reason in reasons])
    return _Verdict(aside=aside, repeats=repeats["line"])


def _set_aside(parts: Iterator[pl.DataFrame], aside: pl.DataFrame, field: str) -> Iterator[Rejected]:
    for part in parts:
        for line, raw, reason in part.join(aside, on="line").select("line", "raw", "reason").rows():
            yield set_aside(reason, line, raw, field)


def _without(parts: list[pl.DataFrame], dropped: pl.Series) -> list[pl.DataFrame]:
    if not dropped.len():
        return parts
    gone = dropped.to_frame("line")
    return [part.join(gone, on="line", how="anti", maintain_order="left") for part in parts]


def _repeats_noted(lines: pl.Series, where: str) -> list[str]:
    if not lines.len():
        return []
    in_order = lines.sort()
    shown = ", ".join(map(str, in_order.head(_SHOWN_LINES))) + (" …" if lines.len() > _SHOWN_LINES else "")
    told = "1 line repeats another" if lines.len() == 1 else f"{lines.len():,} lines repeat others"
    return [f"{where}: {told} word for word (line {shown}); each is counted once"]


def _visible(text: pl.Expr) -> pl.Expr:
    """Text without anything that reading may later drop: ids that differ only in that are one id."""
    return text.str.replace_all(r"[\p{Cc}\p{Cf}]", "").str.normalize("NFC").str.strip_chars()
