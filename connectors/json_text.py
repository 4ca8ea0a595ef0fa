"""JSON as it comes: decoded strictly, but for one kind of damage that is mended because no table could hold it."""

import re
from typing import TypeVar

import msgspec

T = TypeVar("T")

# In order: an escaped backslash, a pair of surrogates (one character), half a pair (no character at all).
_ESCAPES = re.compile(
    rb"(?P<backslash>\\\\)|(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_REPLACEMENT = rb"\ufffd"


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> tuple[T, int]:
    r"""Decode a body; half surrogate pairs (no Unicode text has them) become U+FFFD, and are counted.

    Raises `ValueError` or `RecursionError` for anything that is not JSON of the decoder's shape.

    >>> decode(rb'["\ud83d\ude00", "\ud83d", "\\ud83d"]', msgspec.json.Decoder(list[str]))
    (['😀', '�', '\\ud83d'], 1)
    """
    try:
        return decoder.decode(body), 0
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended, count = _mend(body)
        if not count:
            raise
        return decoder.decode(mended), count


def _mend(body: bytes) -> tuple[bytes, int]:
    halves = 0

    def replace(found: re.Match[bytes]) -> bytes:
        nonlocal halves
        if found["half"] is None:
            return found[0]
        halves += 1
        return _REPLACEMENT

    return _ESCAPES.sub(replace, body), halves
