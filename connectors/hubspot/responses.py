"""Response types of HubSpot, as far as pagination needs them; records stay raw bytes."""

from typing import Any

import msgspec

from connectors.landing.envelope import Identify, Scalar, clean_id


class NextPage(msgspec.Struct, frozen=True):
    """Token of the next page."""

    after: str | int | None = None


class Paging(msgspec.Struct, frozen=True):
    """Present while more pages follow; associations also page backwards, and lack `next` at the end."""

    next: NextPage | None = None

    def after(self) -> str | None:
        """Return the token of the next page; None at the end; empty where the token is missing."""
        if self.next is None:
            return None
        return "" if self.next.after is None else str(self.next.after)


class Listing(msgspec.Struct, frozen=True):
    """A page of a list or a search; `total` only in searches."""

    results: list[msgspec.Raw]
    paging: Paging | None = None
    total: int | None = None

    def after(self) -> str | None:
        """Return the token of the next page; None at the end; empty where the token is missing."""
        return None if self.paging is None else self.paging.after() or ""


class BatchProblem(msgspec.Struct, frozen=True):
    """Error of a part of a batch."""

    category: Any = None
    subCategory: Any = None  # noqa: N815 - HubSpot's own key


class Batch(msgspec.Struct, frozen=True):
    """Response of a batch read, 200 or 207."""

    results: list[msgspec.Raw]
    errors: list[BatchProblem] = []


class PropertyName(msgspec.Struct, frozen=True):
    """A property of an object; `calculated`: HubSpot computes it from others."""

    name: str
    calculated: bool = False


class Properties(msgspec.Struct, frozen=True):
    """All properties of an object."""

    results: list[PropertyName]


class Live(msgspec.Struct, frozen=True):
    """Id of a landed record, and whether it is archived."""

    id: str | int
    archived: bool = False


class Origin(msgspec.Struct, frozen=True):
    """The record that associations start from."""

    id: str | int


class Associations(msgspec.Struct, frozen=True, rename={"origin": "from"}):
    """Records that one record is associated with, or a page of them."""

    origin: Origin
    to: list[msgspec.Raw]
    paging: Paging | None = None

    def after(self) -> str | None:
        """Return the token of the next page; None at the end."""
        return None if self.paging is None else self.paging.after()


class _Object(msgspec.Struct, frozen=True):
    id: str | int
    properties: dict[str, Scalar]
    updatedAt: str | int | None = None  # noqa: N815 - HubSpot's own key
    archived: bool = False


class _Stage(msgspec.Struct, frozen=True):
    id: str | int
    metadata: dict[str, Scalar] = {}


class _Simple(msgspec.Struct, frozen=True):
    id: str | int
    updatedAt: str | int | None = None  # noqa: N815 - HubSpot's own key
    archived: bool = False
    stages: list[_Stage] = []


_OBJECT = msgspec.json.Decoder(_Object)
_SIMPLE = msgspec.json.Decoder(_Simple)
_ASSOCIATIONS = msgspec.json.Decoder(Associations)


def object_identity(modified: str) -> Identify:
    """Build the function that identifies a CRM object; its version is the property `modified`, else `updatedAt`.

    HubSpot keeps records without a modified time (null): their version is empty.
    """

    def identify(raw: msgspec.Raw) -> tuple[str, str]:
        found = _OBJECT.decode(raw)
        return clean_id(found.id), str(found.properties.get(modified) or found.updatedAt or "")

    return identify


def simple_identity(raw: msgspec.Raw) -> tuple[str, str]:
    """Return id and version of an owner or a pipeline."""
    found = _SIMPLE.decode(raw)
    return clean_id(found.id), str(found.updatedAt or "")


def association_identity(raw: msgspec.Raw) -> tuple[str, str]:
    """Return the id of the record that associations start from; they have no version."""
    return clean_id(_ASSOCIATIONS.decode(raw).origin.id), ""
