"""JSON decoding: strict, except that unpaired surrogates are replaced, because no database column can store them.

The only module that replaces them: landed pages and rows of files contain none.
"""

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
    r"""Decode a body; unpaired surrogates (invalid in Unicode text) become U+FFFD, and are counted.

    Raises `ValueError` or `RecursionError` for anything that is not JSON of the decoder's shape.

    >>> decode(rb'["\ud83d\ude00", "\ud83d", "\\ud83d"]', msgspec.json.Decoder(list[str]))
    (['😀', '�', '\\ud83d'], 1)
    """
    try:
        return decoder.decode(body), 0
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended, count = mend(body)
        if not count:
            raise
        return decoder.decode(mended), count


def mend(body: bytes) -> tuple[bytes, int]:
    r"""Replace each unpaired surrogate of JSON text by U+FFFD, and count them.

    >>> mend(rb'["\ud83d\ude00", "\ud83d", "\\\ud83d"]')
    (b'["\\ud83d\\ude00", "\\ufffd", "\\\\\\ufffd"]', 2)
    """
    halves = 0

    def replace(found: re.Match[bytes]) -> bytes:
        nonlocal halves
        if found["half"] is None:
            return found[0]
        halves += 1
        return _REPLACEMENT

    return _ESCAPES.sub(replace, body), halves


def mended_note(mended: int) -> tuple[str, ...]:
    """Return a note with the number of replaced surrogates; empty if there were none."""
    return (f"{mended} half surrogate pairs were landed as U+FFFD",) if mended else ()
