"""Footer of a table: totals and remarks that a report has after its last row, which are no rows.

A footer begins after a blank line, or with a word that footers begin with. Each of its lines has an id unlike those of
the rows and says one thing only, or has fewer cells than the header. A last row that was cut off is none: it follows
the row before it, and its text may be anything.
"""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from connectors.files.formats.csv_records import kind_of_text
from connectors.files.formats.rows import ROWS, ReadFindings
from connectors.landing.reader import Rejected
from definitions.mapping.file_stream import FileStream

NO_FOOTER = pl.Series("line", [], pl.Int64)
# The longest footer that is looked for, in lines.
_MOST_LINES = 50
_WORDS = re.compile(
    r"\s*((grand |sub-?)?totals?|count|sums?|(gesamt)?summe|gesamt|records?|rows?|confidential|copyright|generated|"
    r"exported|printed|©|\(c\)|all rights reserved|filtered by|as of|report|page|end of|vertraulich|erstellt)\b"
    r"|^\s*[0-9][0-9.,]* (records?|rows?|results?|items?|datensätze|zeilen)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Line:
    """One of the last lines: its cells, that of the id, and whether it has fewer cells than the header."""

    line: int
    cells: Sequence[str]
    id: str
    is_short: bool

    @property
    def filled(self) -> list[str]:
        return [cell for cell in self.cells if cell.strip()]

    @property
    def is_worded(self) -> bool:
        """Whether it begins with a word of footers."""
        return bool(self.filled) and _WORDS.match(self.filled[0]) is not None


class LastRows:
    """The last rows of a file, collected while it is read."""

    def __init__(self, stream: FileStream) -> None:
        self._stream = stream
        self._count = max(_MOST_LINES, stream.skip_last)
        self._rows = pl.DataFrame(schema=ROWS)

    def add(self, part: pl.DataFrame) -> None:
        """Add a batch of rows, of which the last are kept."""
        self._rows = pl.concat([self._rows, part.tail(self._count)]).tail(self._count)

    def footer(self, findings: ReadFindings, keys: pl.DataFrame) -> pl.Series:
        """Return the numbers of the lines that are no rows: the last `skip_last`, or those of a footer.

        `keys` has `line` and `id` of every row; rejected rows are those of the findings.
        """
        lines = sorted(self._lines(findings), key=lambda one: one.line)
        if self._stream.skip_last:
            return _numbers(lines[-self._stream.skip_last :])
        begun = len(lines)
        while begun and _may_be_of_footer(lines[begun - 1]):
            begun -= 1
        candidates = lines[begun:]
        if not candidates:
            return NO_FOOTER
        ids = _kinds_of_ids(keys.filter(pl.col("line") < candidates[0].line))
        while candidates and not all(_is_of_footer(one, ids) for one in candidates):
            candidates = candidates[1:]
        before = lines[: len(lines) - len(candidates)]
        previous = before[-1].line if before else 0
        for index, one in enumerate(candidates):
            if one.is_worded or any(previous < blank < one.line for blank in findings.blank_lines):
                return _numbers(candidates[index:])
            previous = one.line
        return NO_FOOTER

    def _lines(self, findings: ReadFindings) -> Iterator[_Line]:
        for line, raw, row_id in self._rows.select("line", "raw", "id").rows():
            cells = [cell or "" for cell in json.loads(raw).values()]
            yield _Line(line, cells, row_id or "", is_short=False)
        for rejected in findings.rejected[-self._count :]:
            yield _rejected_line(rejected, self._stream, findings.id_at)


def _rejected_line(rejected: Rejected, stream: FileStream, id_at: int) -> _Line:
    try:
        cells = next(csv.reader([rejected.record], delimiter=stream.delimiter, quotechar=stream.quote), [])
    except csv.Error:
        cells = []
    row_id = cells[id_at] if len(cells) > id_at else ""
    return _Line(rejected.offset, cells, row_id, is_short=rejected.reason == "short_row")


def _may_be_of_footer(one: _Line) -> bool:
    return bool(one.filled) and (one.is_short or one.is_worded or len(one.filled) == 1)


def _is_of_footer(one: _Line, ids: set[tuple[bool, ...]]) -> bool:
    """Whether a line is none of the rows: its id is unlike theirs, or it says one thing, in words of a footer."""
    if not ids:
        return one.is_worded
    is_like = bool(one.id.strip()) and kind_of_text(one.id) in ids
    return not is_like or (one.is_worded and len(one.filled) == 1)


def _kinds_of_ids(keys: pl.DataFrame) -> set[tuple[bool, ...]]:
    """Return which kinds of text the ids are, as `kind_of_text` tells them."""
    text = pl.col("id").drop_nulls()
    kinds = (text.str.contains(r"\p{Nd}"), text.str.contains(r"\p{L}"), text.str.contains(" ", literal=True))
    columns = [kind.alias(name) for name, kind in zip("abc", kinds, strict=True)]
    return set(keys.select(columns).unique().rows())


def _numbers(lines: Sequence[_Line]) -> pl.Series:
    return pl.Series("line", [one.line for one in lines], pl.Int64)
