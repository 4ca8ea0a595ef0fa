"""The page to sign, taken apart into statements, and the checks that run what each of them says.

A statement is a sentence, or a cell of a table. A check module says with `checks` which statements it runs, and
`test_page.py` holds that each has a check or is listed as prose.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# A table's rows are known by their cells in these columns; of a table that has none of them by their test.
_LABELS = (
    "Class", "Criterion", "Stage", "Interest", "Lead source", "Fit", "Rule", "About", "Family", "Name", "Activity",
    "For",
)  # fmt: skip
_SENTENCE_ENDS = re.compile(r"(?<=[.?])(?<!vs\.) (?=[A-Z0-9`\"*{])")
OPENING = "Opening"
POSITION = "Position"
_CELLS_END = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Statement:
    """`text` as it stands in a section of the page; `row` and `column` are empty outside tables."""

    section: str
    row: str
    column: str
    text: str

    def __str__(self) -> str:
        return " | ".join(part for part in (self.section, self.row, self.column, self.text) if part)


Check = Callable[[Statement], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """Which statements a check runs: those of a section that have one of the rows, columns and texts named."""

    section: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    texts: tuple[str, ...]
    check: Check

    def covers(self, statement: Statement) -> bool:
        return (
            statement.section == self.section
            and (not self.rows or statement.row in self.rows)
            and (statement.column in self.columns if self.columns else bool(self.texts))
            and (not self.texts or statement.text in self.texts)
        )


CHECKED: list[Checked] = []


def checks(
    section: str, *texts: str, rows: tuple[str, ...] = (), columns: tuple[str, ...] = ()
) -> Callable[[Check], Check]:
    """Register a check of sentences (`texts`), of cells (`columns`), or of sentences in cells (both)."""

    def register(check: Check) -> Check:
        CHECKED.append(Checked(section, rows, columns, texts, check))
        return check

    return register


def statements_of(page: str) -> list[Statement]:
    """Every statement of a page, in its order."""
    return [
        Statement(section, row, column, sentence)
        for section, row, column, text in _texts(page)
        for sentence in _SENTENCE_ENDS.split(text)
    ]


def _texts(page: str) -> Iterator[tuple[str, str, str, str]]:
    section, columns = "", list[str]()
    for line in page.splitlines():
        if line.startswith("#"):
            section = line.removeprefix("## ") if line.startswith("## ") else OPENING
        elif not line.startswith("|"):
            columns = []
            if line:
                yield section, "", "", line.removeprefix("- ")
        elif not columns:
            columns = _cells(line)
        elif not line.startswith("| ---"):
            cells = dict(zip([name or POSITION for name in columns], _cells(line), strict=True))
            row = _row(cells)
            yield from ((section, row, name, text) for name, text in cells.items() if text and name not in _LABELS)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELLS_END.split(line)[1:-1]]


def _row(cells: dict[str, str]) -> str:
    named = [cells[name].strip("*`") for name in _LABELS if name in cells]
    return " of ".join(named) or cells["Test"].strip("`")
