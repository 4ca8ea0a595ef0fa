"""Addresses as people and programs write them into one cell: with a name, as a link, several together."""

import re

_SEPARATOR = re.compile(r"[;,|\n\r\t\u3001\uff0c\uff1b]|\s/\s")
_BRACKETED = re.compile(r"([^<>]*)<([^<>]*)>")
_LINK = re.compile(r"^mailto:([^?]*).*$", re.IGNORECASE | re.DOTALL)


def address_texts(cell: str) -> list[str]:
    """List the texts of a cell that stand where an address does, in order; their syntax is not checked.

    Read are `Name <address>`, `mailto:address`, and several of them, separated by semicolons, commas, bars, tabs, line
    breaks or blanks. A cell of which a part is no address is left whole: `lund,ada@acme.com` may be a mistyped point.

    >>> address_texts('"Lund, Ada" <ada@acme.com>; mailto:a.lund@home.example?subject=Hi')
    ['ada@acme.com', 'a.lund@home.example']
    >>> address_texts("lund,ada@acme.com")
    ['lund,ada@acme.com']
    """
    bracketed = list(_BRACKETED.finditer(cell))
    if not bracketed:
        pieces = _pieces(cell)
        return pieces if all("@" in piece for piece in pieces) else [cell]
    found: list[str] = []
    for match in bracketed:
        found += [piece for piece in _pieces(match[1]) if "@" in piece]
        found += _pieces(match[2])
    return found + [piece for piece in _pieces(cell[bracketed[-1].end() :]) if "@" in piece]


def _pieces(text: str) -> list[str]:
    parts = [part.strip() for part in _SEPARATOR.split(text)]
    return [_LINK.sub(r"\1", word) for part in parts for word in _words(part)]


def _words(part: str) -> list[str]:
    """Split a part at blanks where every word holds an address; else leave it whole."""
    words = part.split()
    return words if all("@" in word for word in words) else [part]
