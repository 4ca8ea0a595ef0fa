"""Erased persons: a keyed list of record keys and addresses, and what it takes out of a record before it is stored.

The list holds HMAC-SHA256 digests, no values. A record of an erased person becomes a tombstone line, which keeps the
line numbers of its page; an erased address in any other record is replaced by `REDACTED`.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from connectors.landing.reader import Rejected

TOMBSTONE = b'{"erased":true}'
REDACTED = "[erased]"
# What RFC 5322 allows without quotes, and whatever letters people use; escapes of JSON are resolved before.
_ADDRESS = re.compile(r"[^\s\"<>()\[\],;:\\@]+@[\w.\-]+")
_LEADING = re.compile(r"^.*[=&?/|'`{}]")
_WORD = re.compile(r"[\w\-]+")

Path = tuple[str, ...]
"""Where a field stands in a record: names from the outside in."""


def address_form(text: str) -> str:
    """Return the form in which addresses are compared: NFKC, visible, lower case, the domain in ASCII.

    >>> address_form(" Ada@Bücher.EXAMPLE. ")
    'ada@xn--bcher-kva.example'
    """
    visible = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    local, _, domain = visible.strip().lower().rpartition("@")
    domain = domain.rstrip(".")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError:
            # No domain: compared as it is written.
            return f"{local}@{domain}"
    return f"{local}@{domain}"


@dataclass(frozen=True, slots=True)
class ErasedList:
    """Digests of erased record keys and addresses, under a key that only the home or its environment has."""

    key: bytes = field(default=b"", repr=False)
    digests: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether anybody was erased."""
        return bool(self.digests)

    def of_record(self, record_key: str) -> str:
        """Return the digest of a record key, `source:object:id`."""
        return self._digest("record", record_key)

    def of_address(self, address: str) -> str:
        """Return the digest of an address, in whatever spelling."""
        return self._digest("address", address_form(address))

    def has_record(self, record_key: str) -> bool:
        """Whether the record of this key was erased."""
        return bool(self.digests) and self.of_record(record_key) in self.digests

    def has_address(self, address: str) -> bool:
        """Whether this address was erased."""
        return bool(self.digests) and self.of_address(address) in self.digests

    def redacted(self, text: str) -> str:
        """Replace each erased address in a text."""
        if "@" not in text:
            return text
        return _ADDRESS.sub(self._redacted_word, text)

    def addresses_in(self, text: str) -> Iterator[str]:
        """Yield the erased addresses in a text, as they are spelled there."""
        if "@" in text:
            yield from filter(None, map(self._address_in, _ADDRESS.findall(text)))

    def _redacted_word(self, found: re.Match[str]) -> str:
        address = self._address_in(found[0])
        return found[0] if address is None else found[0].replace(address, REDACTED)

    def _address_in(self, word: str) -> str | None:
        """Return the erased address in a word that has an @; None where there is none."""
        bare = word.strip(".'")
        return next(filter(self.has_address, (bare, _LEADING.sub("", bare))), None)

    def _digest(self, kind: str, text: str) -> str:
        return hmac.digest(self.key, f"{kind}\0{text}".encode(errors="surrogatepass"), "sha256").hex()


NOBODY = ErasedList()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReference:
    """Field of a record that holds the id of a person; `prefixes` make a record key of it (`source:object:`)."""

    path: Path
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEraser:
    """What the list takes out of the records of one stream.

    A record is erased where it is a person's and its key, or the address in one of its fields `addresses`, is on the
    list; and where one of its `persons` is, as an activity of that person. `prefix` is that of the record keys of
    people (null: the records are no people). `identify` returns the id of a record, and may raise `ValueError`.
    """

    erased: ErasedList
    identify: Callable[[bytes], str]
    prefix: str | None = None
    addresses: tuple[Path, ...] = ()
    persons: tuple[PersonReference, ...] = ()

    def kept(self, raw: bytes) -> bytes:
        """Return the record as it may be stored: unchanged, without erased addresses, or as `TOMBSTONE`."""
        if self.is_erased(raw):
            return TOMBSTONE
        if b"@" not in raw and b"\\u" not in raw:
            return raw
        text = _unescaped(raw)
        redacted = self.erased.redacted(text)
        return raw if redacted == text else redacted.encode(errors="surrogateescape")

    def is_erased(self, raw: bytes) -> bool:
        """Whether nothing of the record may be stored."""
        if raw == TOMBSTONE:
            return True
        if self.prefix is not None and self.erased.has_record(self.prefix + self.identify(raw)):
            return True
        may_hold_address = bool(self.addresses) and (b"@" in raw or b"\\u" in raw)
        if not (self.persons or may_hold_address):
            return False
        try:
            record = msgspec.json.decode(raw)
        except (ValueError, RecursionError):
            # Its envelope could be read, its fields cannot: whatever it tells of the person counts.
            return self.tells_of_erased(raw.decode(errors="surrogateescape"))
        if any(self.erased.has_address(address) for address in self.addresses_of(record)):
            return True
        return any(
            self.erased.has_record(prefix + value)
            for person in self.persons
            for value in _values(record, person.path)
            for prefix in person.prefixes
        )

    def addresses_of(self, record: Any) -> Iterator[str]:
        """Yield what stands in the address fields of a decoded record."""
        return (value for path in self.addresses for value in _values(record, path))

    def kept_rejected(self, rejected: Sequence[Rejected]) -> list[Rejected]:
        """Return rejected records as they may be stored; one that may be of an erased person keeps its reason only."""
        return [
            msgspec.structs.replace(one, record=REDACTED) if self.tells_of_erased(one.record) else one
            for one in rejected
        ]

    def tells_of_erased(self, text: str) -> bool:
        """Whether a text that is no valid record holds an erased address, or the id of an erased person."""
        if any(self.erased.addresses_in(_unescaped(text.encode(errors="surrogateescape")))):
            return True
        prefixes = {*([] if self.prefix is None else [self.prefix]), *(p for one in self.persons for p in one.prefixes)}
        return any(self.erased.has_record(prefix + word) for word in set(_WORD.findall(text)) for prefix in prefixes)


def _unescaped(raw: bytes) -> str:
    """Return a JSON text with letters in place of their escapes, so that an address is found however it is written."""
    if b"\\u" in raw:
        try:
            raw = msgspec.json.encode(msgspec.json.decode(raw))
        except (ValueError, RecursionError):
            # No JSON, as a rejected record may be: searched as it stands.
            return raw.decode(errors="surrogateescape")
    return raw.decode(errors="surrogateescape")


def _values(record: Any, path: Path) -> Iterator[str]:
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    if isinstance(record, str | int) and str(record).strip():
        yield str(record).strip()
