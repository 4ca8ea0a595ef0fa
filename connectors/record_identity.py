"""Identity of a record by its envelope: id and version, checked before the record is landed."""

from functools import cache
from typing import Any

import msgspec

from connectors.landing.envelope import Identify, clean_id
from definitions.mapping.envelope import Envelope


@cache
def identity_of(envelope: Envelope) -> Identify:
    """Build the function that identifies a record: a JSON object with an id; its version is text or a number.

    >>> identity_of(Envelope(id="id", version="updated"))(msgspec.Raw(b'{"id": 7, "updated": "2026-01-01T00:00:00Z"}'))
    ('7', '2026-01-01T00:00:00Z')
    """
    fields: list[tuple[str, object, object]] = [("id", str | int, msgspec.field(name=envelope.id))]
    if envelope.version is not None:
        fields.append(("version", str | int | None, msgspec.field(name=envelope.version, default=None)))
    decoder = msgspec.json.Decoder(msgspec.defstruct("Record", fields, frozen=True))

    def identify(raw: msgspec.Raw) -> tuple[str, str]:
        record: Any = decoder.decode(raw)
        version = None if envelope.version is None else record.version
        return clean_id(record.id), "" if version is None else str(version)

    return identify
