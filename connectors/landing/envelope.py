"""Validation of a record's envelope: id and agreed shape. Invalid records are rejected one by one.

The values of its fields are not checked here.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from connectors.landing.reader import Rejected

Scalar = str | int | float | bool | None
_VALUES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_PATH = re.compile(r"at `\$\.?(?P<path>[^`]*)`")
_MISSING = re.compile(r"missing required field `(?P<field>[^`]*)`")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


class RawRecord(NamedTuple):
    """A valid record: its raw bytes, its id, and its version (the modified time as the source writes it, or '')."""

    raw: bytes
    id: str
    version: str


Identify = Callable[[msgspec.Raw], tuple[str, str]]
"""Return id and version of a record; raises `ValueError` or `RecursionError` when its shape is not the agreed one."""


@dataclass(frozen=True, slots=True)
class ValidatedPage:
    """Valid and rejected records of a page, both in the order of the response."""

    records: list[RawRecord]
    rejected: list[Rejected]


def validate_records(raws: Iterable[msgspec.Raw], identify: Identify, page: int) -> ValidatedPage:
    """Validate each record of a page by itself, so that one bad record does not reject the page."""
    good: list[RawRecord] = []
    bad: list[Rejected] = []
    for offset, raw in enumerate(raws):
        try:
            identity, version = identify(raw)
        except (ValueError, RecursionError) as error:
            bad.append(_reject(bytes(raw), error, page, offset))
        else:
            good.append(RawRecord(bytes(raw), identity, version))
    return ValidatedPage(good, bad)


def clean_id(value: str | int) -> str:
    """Return an id as text; raises `ValueError` when it is blank or holds control characters."""
    text = str(value)
    if not text.strip() or _UNPRINTABLE.search(text):
        raise ValueError("blank id")
    return text


def _reject(raw: bytes, error: Exception, page: int, offset: int) -> Rejected:
    reason, field = _why(raw, error)
    return Rejected(
        reason=reason, page=page, offset=offset, field=field, record=raw.decode("utf-8", errors="backslashreplace")
    )


def _why(raw: bytes, error: Exception) -> tuple[str, str | None]:
    """Return the reason and, where known, the field."""
    if isinstance(error, UnicodeDecodeError):
        return "not_utf8", None
    if isinstance(error, RecursionError):
        return "nested_too_deep", None
    if isinstance(error, msgspec.ValidationError):
        return _misshapen(raw, str(error))
    return ("not_json" if isinstance(error, msgspec.DecodeError) else "id_blank"), None


def _misshapen(raw: bytes, message: str) -> tuple[str, str | None]:
    if missing := _MISSING.search(message):
        return "field_missing", missing["field"]
    if "out of range" in message:
        return "number_out_of_range", None
    path = _PATH.search(message)
    if path is None:
        return "not_an_object", None
    return "wrong_type", _nested_key(raw, path["path"]) if path["path"].endswith("[...]") else path["path"]


def _nested_key(raw: bytes, path: str) -> str | None:
    """Find the key that the decoder calls `[...]`: the first whose value is no scalar; None where there is none."""
    prefix = path.removesuffix("[...]")
    try:
        values = _VALUES.decode(raw)
        values = _VALUES.decode(values[prefix]) if prefix else values
    except (ValueError, RecursionError):
        return None
    nested = [key for key, value in values.items() if bytes(value)[:1] in (b"{", b"[") and key != "attributes"]
    return ".".join(filter(None, (prefix, nested[0]))) if nested else None
