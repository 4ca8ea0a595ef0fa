"""Stream eraser: which fields of a stream tell of a person, read from its mapping."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from connectors.landing.envelope import Identify
from connectors.landing.erased import ErasedList, Path, PersonReference, StreamEraser
from connectors.record_identity import identity_of
from connectors.stream import Stream
from definitions.mapping.entries import Entry, FirstOf, Reference, fields_of
from definitions.mapping.file_stream import FileStream
from definitions.mapping.source_mapping import SourceMapping
from definitions.mapping.stream_mapping import StreamMapping

_PERSON, _ACTIVITY = "person", "activity"


def eraser_of_vendor(stream: Stream[Any], source_mapping: SourceMapping, erased: ErasedList) -> StreamEraser | None:
    """Return what the list takes out of the records of a vendor's stream; None where the list is empty."""
    if not erased:
        return None
    mapping = stream.mapping
    is_person = mapping.kind.name == _PERSON
    prefix = f"{source_mapping.source}:{mapping.object}:"
    own = source_mapping.fields.get(mapping.object, {}).get("email")
    named = [own] if own is not None else []
    named += list(fields_of(mapping.fields["email"])) if "email" in mapping.fields else []
    person = mapping.fields.get("person_key") if mapping.kind.name == _ACTIVITY else None
    return StreamEraser(
        erased=erased,
        identify=partial(_id_of, stream.identify or identity_of(stream.envelope)),
        prefix=prefix if is_person else None,
        addresses=tuple(_path(name, mapping) for name in dict.fromkeys(named)) if is_person else (),
        persons=() if person is None else tuple(_references(person, mapping, source_mapping.source)),
    )


def eraser_of_file(stream: FileStream, source_mapping: SourceMapping, erased: ErasedList) -> StreamEraser | None:
    """Return what the list takes out of the rows of a file; None where the list is empty."""
    if not erased:
        return None
    is_person = stream.kind == _PERSON
    email, person = stream.columns.get("email"), stream.columns.get("person_key")
    persons: tuple[PersonReference, ...] = ()
    if stream.kind == _ACTIVITY and person is not None and person.column and person.refers_to:
        persons = (
            PersonReference(
                path=(person.column,), prefixes=tuple(_prefixes([person.refers_to], source_mapping.source))
            ),
        )
    return StreamEraser(
        erased=erased,
        identify=partial(_cell_of, stream.id),
        prefix=f"{source_mapping.source}:{stream.name}:" if is_person else None,
        addresses=((email.column,),) if is_person and email is not None and email.column else (),
        persons=persons,
    )


def eraser_of_strangers(erased: ErasedList) -> StreamEraser:
    """Return what the list takes out of a stream that the settings do not name: addresses, wherever they stand."""
    return StreamEraser(erased=erased, identify=bytes.decode)


def _references(entry: Entry, mapping: StreamMapping, source: str) -> Iterable[PersonReference]:
    entries = entry.entries if isinstance(entry, FirstOf) else (entry,)
    for one in entries:
        if isinstance(one, Reference):
            objects = one.to.values() if isinstance(one.to, Mapping) else [one.to]
            prefixes = tuple(_prefixes(objects, source))
            yield from (PersonReference(path=_path(name, mapping), prefixes=prefixes) for name in fields_of(one))


def _prefixes(objects: Iterable[str], source: str) -> Iterable[str]:
    return (f"{name}:" if ":" in name else f"{source}:{name}:" for name in objects)


def _path(name: str, mapping: StreamMapping) -> Path:
    steps = tuple(name.split("."))
    return steps if mapping.inside is None or name in mapping.outside else (mapping.inside, *steps)


def _id_of(identify: Identify, raw: bytes) -> str:
    return identify(msgspec.Raw(raw))[0]


def _cell_of(column: str, raw: bytes) -> str:
    """Return the id of a row, a JSON object of text, as the state has it."""
    return str(msgspec.json.decode(raw).get(column) or "").strip()
