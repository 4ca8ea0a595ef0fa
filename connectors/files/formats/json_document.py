"""Reader of a JSON document: an array of objects, or an object that holds one such array."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from connectors.files.formats.jsonl import exact_decoder, json_written, value_text
from connectors.files.formats.rows import ReadFindings, Row, frames, is_damaged, refuse_missing, refuse_wide, reject
from connectors.json_text import mend
from connectors.landing.reader import Rejected
from definitions.errors import FileUnreadableError
from definitions.mapping.file_columns import header_name
from definitions.mapping.file_stream import FileStream


def read_json(blocks: Iterable[str], stream: FileStream, findings: ReadFindings) -> Iterator[pl.DataFrame]:
    """Yield one record an object of the array, batch by batch; lines are their numbers in it, from 1.

    An object with a key twice is rejected, and so is an element that is no object. Raises `FileUnreadableError`: no
    JSON, no array of objects or several, a mapped column that no object has.
    """
    columns: dict[str, None] = {}
    found = _array(_document("".join(blocks), stream, findings.where), findings.where)
    yield from frames(_records(found, columns, findings.where), stream, findings)
    if findings.rows:
        refuse_missing(stream.needed_columns, tuple(columns), findings.where)
    findings.columns = tuple(columns)


class _Doubled(dict[str, Any]):
    """An object that has a key twice, so that its value is ambiguous."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    is_doubled = len({header_name(key) for key in found}) < len(pairs)
    return _Doubled(found) if is_doubled else found


def _document(text: str, stream: FileStream, where: str) -> Any:
    if is_damaged(text):
        raise FileUnreadableError(
            f"{where}: is not {stream.encoding}. Declare its `encoding`, such as cp1252 or utf-16."
        )
    try:
        if "\\u" in text:
            text = mend(text.encode())[0].decode()
        return exact_decoder(_object).decode(text)
    except json.JSONDecodeError as error:
        remedy = "Copy or export it again, whole."
        if error.msg == "Extra data":
            remedy = "Where each line is an object of its own, declare `format: jsonl`."
        raise FileUnreadableError(f"{where}: is no JSON document (line {error.lineno}). {remedy}") from None
    except (ValueError, RecursionError):
        raise FileUnreadableError(
            f"{where}: is no JSON document: it holds a word such as NaN, or is nested too deep. Export it again."
        ) from None


def _array(document: Any, where: str) -> list[Any]:
    """Return the array of records: the document, or the only array of objects in it, or one level deeper."""
    if isinstance(document, list):
        return document
    level = document if isinstance(document, dict) else {}
    for _ in range(2):
        arrays = {name: value for name, value in level.items() if _is_of_objects(value)}
        if len(arrays) == 1:
            return next(iter(arrays.values()))
        if arrays:
            names = ", ".join(map(repr, arrays))
            raise FileUnreadableError(
                f"{where}: holds several arrays of objects ({names}). Put one of them in a file of its own."
            )
        deeper = [
            (f"{name}.{key}", value)
            for name, inner in level.items()
            if isinstance(inner, dict)
            for key, value in inner.items()
        ]
        level = dict(deeper)
    raise FileUnreadableError(
        f"{where}: holds no array of objects. Write its records as one array, `[{{...}}, {{...}}]`, or one a line with "
        "`format: jsonl`."
    )


def _is_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _records(array: list[Any], columns: dict[str, None], where: str) -> Iterator[Row | Rejected]:
    for number, item in enumerate(array, start=1):
        if not isinstance(item, dict):
            yield reject("not_an_object", number, "".join(json_written(item)))
        elif _is_doubled(item):
            yield reject("doubled_key", number, "".join(json_written(item)))
        else:
            values = {header_name(key): value_text(value) for key, value in item.items()}
            columns.update(dict.fromkeys(values))
            refuse_wide(len(columns), where)
            yield Row(number, values)


def _is_doubled(value: Any) -> bool:
    if isinstance(value, dict):
        return isinstance(value, _Doubled) or any(map(_is_doubled, value.values()))
    return isinstance(value, list) and any(map(_is_doubled, value))
