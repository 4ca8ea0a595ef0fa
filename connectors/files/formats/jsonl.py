"""Reader of JSON lines files: one object a line, numbers as written, nested values as JSON text."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl

from connectors.files.formats.rows import ReadFindings, Row, frames, is_damaged, refuse_missing, refuse_wide, reject
from connectors.json_text import mend
from connectors.landing.reader import Rejected
from definitions.mapping.file_columns import header_name
from definitions.mapping.file_stream import FileStream


def read_json_lines(blocks: Iterator[str], stream: FileStream, findings: ReadFindings) -> Iterator[pl.DataFrame]:
    """Yield one record a line, batch by batch; a line that is no JSON object, or has a key twice, is rejected.

    A key that a line lacks is null there. Raises `FileUnreadableError` naming a mapped column that no line has.
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
    """An object has a key twice, so that its value is ambiguous."""


def _records(blocks: Iterator[str], columns: dict[str, None], where: str) -> Iterator[Row | Rejected]:
    decoder = exact_decoder(_object)
    lines = (line for block in blocks for line in block.removesuffix("\n").split("\n"))
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if is_damaged(line):
            yield reject("undecodable", number, line)
            continue
        try:
            found = decoder.decode(mend(line.encode())[0].decode() if "\\u" in line else line)
            values = {header_name(key): value_text(value) for key, value in found.items()}
        except _DoubledKeyError:
            yield reject("doubled_key", number, line)
        except AttributeError:
            yield reject("not_an_object", number, line)
        except (ValueError, RecursionError):
            yield reject("not_json", number, line)
        else:
            columns.update(dict.fromkeys(values))
            refuse_wide(len(columns), where)
            yield Row(number, values)


def exact_decoder(of_pairs: Callable[[list[tuple[str, Any]]], Any]) -> json.JSONDecoder:
    """Return a decoder that keeps numbers as written and refuses words JSON does not have, such as NaN."""
    return json.JSONDecoder(
        object_pairs_hook=of_pairs, parse_int=_Number, parse_float=_Number, parse_constant=_no_number
    )


class _Number(str):
    """A number as written in the file: no digit is lost in a float."""

    __slots__ = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) or len({header_name(key) for key in found}) < len(found):
        raise _DoubledKeyError
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)


def value_text(value: Any) -> str | None:
    """Convert a value to text: null stays null, a string is unchanged, anything else becomes JSON."""
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    return "".join(json_written(value))


def json_written(value: Any) -> Iterator[str]:
    """Yield the JSON of a decoded value, numbers as written in the file."""
    if isinstance(value, _Number):
        yield str(value)
    elif isinstance(value, dict):
        yield "{"
        for index, (key, item) in enumerate(value.items()):
            yield f"{',' if index else ''}{json.dumps(key)}:"
            yield from json_written(item)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for index, item in enumerate(value):
            yield "," if index else ""
            yield from json_written(item)
        yield "]"
    else:
        yield json.dumps(value)
