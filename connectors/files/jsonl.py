"""Rows of a JSON lines file: one object a line, numbers as they are written, what is nested as JSON text."""

import json
from collections.abc import Iterator
from typing import Any

import polars as pl

from connectors.files.rows import ReadFindings, Row, frames, is_damaged, refuse_missing, refuse_wide, set_aside
from connectors.json_text import mend
from connectors.landing.reader import Rejected
from definitions.mapping.file_stream import FileStream, header_name


def read_json_lines(blocks: Iterator[str], stream: FileStream, findings: ReadFindings) -> Iterator[pl.DataFrame]:
    """Read one record a line, part by part; a line that is no JSON object, or names a key twice, is set aside.

    A key that some lines lack is null there. Raises `FileUnreadableError` naming a mapped column that no line has.
    """
    columns: dict[str, None] = {}
    count = 0
    for part in frames(_records(blocks, columns, findings.where), stream, findings):
        count += part.height
        yield part
    if count:
        refuse_missing(stream.needed_columns, tuple(columns), findings.where)
    findings.columns = tuple(columns)


class _DoubledKeyError(ValueError):
    """An object names one key twice; which value holds cannot be known."""


def _records(blocks: Iterator[str], columns: dict[str, None], where: str) -> Iterator[Row | Rejected]:
    decoder = json.JSONDecoder(
        object_pairs_hook=_object, parse_int=_Number, parse_float=_Number, parse_constant=_no_number
    )
    lines = (line for block in blocks for line in block.removesuffix("\n").split("\n"))
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if is_damaged(line):
            yield set_aside("undecodable", number, line)
            continue
        try:
            found = decoder.decode(mend(line.encode())[0].decode() if "\\u" in line else line)
            values = {header_name(key): _text(value) for key, value in found.items()}
        except _DoubledKeyError:
            yield set_aside("doubled_key", number, line)
        except AttributeError:
            yield set_aside("not_an_object", number, line)
        except (ValueError, RecursionError):
            yield set_aside("not_json", number, line)
        else:
            columns.update(dict.fromkeys(values))
            refuse_wide(len(columns), where)
            yield Row(number, values)


class _Number(str):
    """A number as the file writes it: no digit is lost on the way through a float."""

    __slots__ = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) or len({header_name(key) for key in found}) < len(found):
        raise _DoubledKeyError
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _text(value: Any) -> str | None:
    """Value as text: null stays null, a string is itself, anything else is its JSON."""
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    return "".join(_written(value))


def _written(value: Any) -> Iterator[str]:
    """JSON of a decoded value, numbers as they stood in the file."""
    if isinstance(value, _Number):
        yield str(value)
    elif isinstance(value, dict):
        yield "{"
        for place, (key, item) in enumerate(value.items()):
            yield f"{',' if place else ''}{json.dumps(key)}:"
            yield from _written(item)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for place, item in enumerate(value):
            yield "," if place else ""
            yield from _written(item)
        yield "]"
    else:
        yield json.dumps(value)
