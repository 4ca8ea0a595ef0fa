"""HubSpot's associations: batch reading, with an error for every id that has none, as the live service does."""

from collections.abc import Callable

import msgspec
import polars as pl

from sandbox.company.company import Company
from sandbox.hubspot.errors import HubSpotError, batch
from sandbox.hubspot.store import TYPES
from sandbox.server.web import Answer, Request

BATCH_LIMIT = 1_000
# Association type ids: plain, and primary where that exists.
NUMBERS = {
    ("contacts", "companies"): (279, 1),
    ("companies", "contacts"): (280, 2),
    ("deals", "contacts"): (3, None),
    ("contacts", "deals"): (4, None),
    ("deals", "companies"): (341, 5),
    ("companies", "deals"): (342, 6),
}

Pairs = dict[tuple[str, str], dict[str, list[tuple[str, bool]]]]


def pairs_of(company: Company) -> Pairs:
    """Index associations by (from, to) object types, then by the id they start from.

    Associations of a merged record move to its survivor; those of an archived record are dropped.
    """
    tables = {kind: company.hubspot[kind] for kind in ("contacts", "companies", "deals")}
    survivors = pl.concat(
        table.select(kind=pl.lit(kind), old=pl.col("hs_merged_object_ids").str.split(";"), new=pl.col("_id"))
        .drop_nulls()
        .explode("old")
        for kind, table in tables.items()
    )
    living = pl.concat(
        table.filter(pl.col("_state") == "live").select(kind=pl.lit(kind), identity="_id")
        for kind, table in tables.items()
    )
    links = company.links
    for kind, identity in (("_from", "from_id"), ("_to", "to_id")):
        links = links.join(
            survivors, left_on=[kind, identity], right_on=["kind", "old"], how="left", maintain_order="left"
        )
        links = links.with_columns(pl.coalesce("new", identity).alias(identity)).drop("new")
        links = links.join(living, left_on=[kind, identity], right_on=["kind", "identity"], how="semi")
    pairs: Pairs = {}
    links = links.unique(["_from", "_to", "from_id", "to_id"], keep="first", maintain_order=True)
    grouped = links.group_by("_from", "_to", "from_id", maintain_order=True).agg("to_id", "primary")
    for origin, target, identity, others, primaries in grouped.iter_rows():
        pairs.setdefault((origin, target), {})[identity] = list(zip(others, primaries, strict=True))
    return pairs


def batch_read(pairs: Pairs, origin: str, target: str, request: Request, now: Callable[[], str]) -> Answer:
    """Return the associations of up to 1,000 records."""
    kinds = (TYPES.get(origin, origin), TYPES.get(target, target))
    if kinds not in NUMBERS:
        raise HubSpotError("VALIDATION_ERROR", f"Unable to infer object type from: {origin} to {target}")
    ids = [str(item.get("id", "")) for item in request.json().get("inputs", [])]
    if len(ids) > BATCH_LIMIT:
        raise HubSpotError("VALIDATION_ERROR", f"Batch size too large: {len(ids)} exceeds {BATCH_LIMIT}")
    linked = pairs.get(kinds, {})
    found = [
        msgspec.json.encode(_association(identity, linked[identity], kinds))
        for identity in dict.fromkeys(ids)
        if identity in linked
    ]
    unlinked = [identity for identity in dict.fromkeys(ids) if identity not in linked]
    return batch(found, [_error(identity, kinds) for identity in unlinked], now(), count=len(unlinked))


def _association(identity: str, others: list[tuple[str, bool]], kinds: tuple[str, str]) -> dict[str, object]:
    plain, primary = NUMBERS[kinds]
    to = []
    for other, is_primary in others:
        types: list[dict[str, object]] = [{"category": "HUBSPOT_DEFINED", "typeId": plain, "label": None}]
        if is_primary and primary is not None:
            types.insert(0, {"category": "HUBSPOT_DEFINED", "typeId": primary, "label": "Primary"})
        to.append({"toObjectId": other, "associationTypes": types})
    return {"from": {"id": identity}, "to": to}


def _error(identity: str, kinds: tuple[str, str]) -> dict[str, object]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {kinds[1]} is associated with {kinds[0]} {identity}.",
        "context": {"fromObjectId": [identity]},
        "errors": [],
        "links": {},
    }
