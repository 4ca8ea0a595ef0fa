"""Finding of a person: all records that are theirs, in what is published and in the states, and their addresses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec
import sqlalchemy as sa

from connectors.landing.erased import ErasedList, StreamEraser, address_form
from definitions.errors import ConfigurationError
from flows.home.folders import Home
from flows.home.state_files import GROUP_ROWS, StreamState
from flows.streams.configured_streams import ConfiguredStream, StreamKey
from warehouse.erasure import addresses_of_owners, records_of_same_people, records_with_address


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPerson:
    """Who is to be erased: record keys and addresses; `shared` counts addresses that other people have too."""

    record_keys: frozenset[str]
    addresses: frozenset[str]
    shared: int = 0

    def digests(self, erased: ErasedList) -> list[str]:
        """Return the digests of all keys and addresses, sorted."""
        return sorted({*map(erased.of_record, self.record_keys), *map(erased.of_address, self.addresses)})


def check_asked(asked: str) -> str:
    """Return the key or address without outer blanks.

    Raises `ConfigurationError` where it is neither; what was typed is not repeated, as it may be a name.
    """
    text = asked.strip()
    is_address = "@" in text and " " not in text and all(address_form(text).split("@"))
    is_key = text.count(":") > 1 and all(text.split(":", 2))
    if not (is_address or is_key):
        raise ConfigurationError(
            "this is neither an e-mail address nor a record key such as hubspot:contact:123. `bantam explain` shows "
            "the record keys of a person."
        )
    return text


def digest_of(asked: str, erased: ErasedList) -> str:
    """Return the digest of a checked key or address."""
    return erased.of_address(asked) if "@" in asked else erased.of_record(asked)


def find_person(
    asked: str, engine: sa.Engine, home: Home, streams: Mapping[StreamKey, ConfiguredStream], erased: ErasedList
) -> FoundPerson:
    """Find the records of an address or of the person of a record key, and all addresses of those records.

    An address that a record of somebody else has too, as that of an office, is not theirs alone: it is erased only if
    it was asked for. Raises `ConfigurationError` where that is the address of a user of the CRM, who owns records.
    """
    asked_address = address_form(asked) if "@" in asked else None
    owners = set(map(address_form, addresses_of_owners(engine)))
    if asked_address in owners:
        raise ConfigurationError(
            "this is the address of a user of the CRM, to whom records belong. Remove the user there first; or erase "
            "by record key, which leaves the address of the user alone."
        )
    if asked_address is None:
        keys = {asked}
    else:
        keys = records_with_address(engine, asked_address)
        keys |= {key for key, addresses in _people(home, streams, erased) if asked_address in addresses}
    keys = records_of_same_people(engine, keys) if keys else keys
    theirs = {one for key, addresses in _people(home, streams, erased) if key in keys for one in addresses}
    others = {one for key, addresses in _people(home, streams, erased) if key not in keys for one in addresses & theirs}
    alone = theirs - others - owners
    if asked_address is not None:
        alone.add(asked_address)
    return FoundPerson(record_keys=frozenset(keys), addresses=frozenset(alone), shared=len(theirs - alone))


def _people(
    home: Home, streams: Mapping[StreamKey, ConfiguredStream], erased: ErasedList
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the record key and the addresses of every version of a person in the newest states."""
    # A list that is not empty, so that every stream tells its fields.
    fields = replace(erased, digests=frozenset({""}))
    for (source, stream_name), stream in streams.items():
        eraser = stream.eraser(fields)
        files = sorted(home.state.joinpath(source, stream_name).glob("*.parquet"))
        if eraser is None or eraser.prefix is None or not files:
            continue
        state = StreamState(source=source, stream=stream_name, version=files[-1].stem, path=files[-1])
        for part in state.batches(GROUP_ROWS):
            rows = part.select("source_id", "raw").drop_nulls("source_id").collect().rows()
            yield from ((eraser.prefix + identity, _addresses(eraser, raw)) for identity, raw in rows)


def _addresses(eraser: StreamEraser, raw: str) -> frozenset[str]:
    if "@" not in raw and "\\u" not in raw:
        return frozenset()
    found = eraser.addresses_of(msgspec.json.decode(raw))
    return frozenset(address_form(address) for address in found if "@" in address)
