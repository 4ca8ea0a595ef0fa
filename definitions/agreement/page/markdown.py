"""Markdown helpers: tables, lists of words, tests as code."""

from collections.abc import Iterable, Iterator

from definitions.predicates.predicate import Predicate


def code_of(predicate: Predicate | None) -> str:
    """Write a test as code; empty for None."""
    return f"`{predicate.text}`" if predicate is not None else ""


def listed(words: Iterable[str]) -> str:
    """Join words with commas and a final "and".

    >>> listed(["need", "budget", "authority"])
    'need, budget and authority'
    """
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def paragraph(text: str | None) -> Iterator[str]:
    """Write a text and an empty line; nothing for None or an empty text."""
    if text:
        yield text
        yield ""


def table(columns: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """Write a Markdown table and an empty line; a bar or a line end in a cell does not break it."""
    yield f"| {' | '.join(columns)} |"
    yield f"|{'|'.join(' --- ' for _ in columns)}|"
    for row in rows:
        cells = (" ".join(cell.split()).replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
    yield ""
