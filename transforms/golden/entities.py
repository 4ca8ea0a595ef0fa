"""Entities from records: normalise values, match records, make one golden row per entity."""

from collections.abc import Callable, Mapping

import polars as pl

from definitions.schema.records import ENTITIES
from transforms.golden.custom_fields import packed, unpacked
from transforms.golden.rows import golden
from transforms.golden.survivorship import rules_of
from transforms.identity.links import with_id
from transforms.identity.matching import account_edges, opportunity_edges, owner_edges, person_edges, resolve, unmatched
from transforms.pipeline.terms import Entities, Records, Terms
from transforms.step import ALL, step
from transforms.values.company import company_normalised
from transforms.values.country import with_country
from transforms.values.domains import web_domain
from transforms.values.email import normalise_email, with_email_domain
from transforms.values.names import with_names
from transforms.values.phone import with_phone

_EDGES: Mapping[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "owner": owner_edges,
    "account": account_edges,
    "opportunity": opportunity_edges,
}
_SURVIVORS = {kind: rules_of(ENTITIES[kind].columns) for kind in ("person", *_EDGES)}
# Why a record belongs to its entity: for the bridge of source records, not for the golden row.
MATCH = ("match_rule", "match_confidence", "is_survivor")
_MATCHED_BY = [
    "record_key", "source_created_at", "is_deleted", "email", "merged_into_key", "converted_person_key", "same_as_keys",
]  # fmt: skip


@step(partition_by=ALL)
def resolved_entities(records: Records, terms: Terms) -> dict[str, Entities]:
    """Make the entities of every kind but persons; a product is its own entity."""
    kinds = {kind: records.kinds[kind].collect().sort("record_key") for kind in (*_EDGES, "product")}
    normalised = {**kinds, "account": _normalised_accounts(kinds["account"], _regions(terms))}
    entities = {kind: _entities(normalised[kind], kind, terms) for kind in _EDGES}
    products = kinds["product"].select("record_key", entity_id="record_key")
    live_products = products.filter(~kinds["product"]["is_deleted"])
    return {
        **entities,
        "product": Entities(golden=live_products, bridge=products, alive=live_products, chosen=live_products),
    }


@step(partition_by=ALL)
def tied_people(people: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Match the records of persons: the columns of `identity.resolve`, email_normalised, is_deleted. Grain: record.

    The second frame counts what could have matched but did not (`matching.unmatched`). Only the columns that match are
    read, so that a million wide records need not be in memory.
    """
    keys = people.select(_MATCHED_BY).with_columns(email_normalised=normalise_email(pl.col("email"))).drop("email")
    keyed = keys.collect(engine="streaming").sort("record_key")
    edges = person_edges(keyed)
    return resolve(keyed, edges).with_columns(keyed["email_normalised"], keyed["is_deleted"]), unmatched(keyed, edges)


@step(partition_by="person_id")
def golden_people(records: pl.LazyFrame, terms: Terms) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make the golden rows of the live persons in `records`, with person_id; return also the normalised records.

    `records` have the columns of `tied_people` and person_id.
    """
    normalised = with_names(with_phone(with_country(with_email_domain(records)), default_regions=_regions(terms)))
    own = normalised.collect(engine="streaming")
    rows = _golden(own.drop(MATCH, "person_id"), "person", terms)
    return rows.filter(~pl.col("is_deleted")).with_columns(person_id="entity_id"), own


def _entities(records: pl.DataFrame, kind: str, terms: Terms) -> Entities:
    bridge = resolve(records, _EDGES[kind](records))
    matched = with_id(records, bridge, key="record_key", gives="entity_id")
    rows = _golden(matched, kind, terms)
    live = rows.filter(~pl.col("is_deleted"))
    # An owner who left still owns records.
    published = rows if kind == "owner" else live
    return Entities(
        golden=published,
        bridge=bridge,
        alive=bridge.join(published.select("entity_id"), on="entity_id", how="semi", maintain_order="left"),
        chosen=live.select("entity_id", "record_key"),
    )


def _golden(records: pl.DataFrame, kind: str, terms: Terms) -> pl.DataFrame:
    """Make the golden rows of the records of one kind, with the customer's own fields."""
    own = terms.definitions.custom.get(kind, ())
    rules = (*_SURVIVORS[kind], *rules_of(own))
    return packed(golden(unpacked(records, own), rules, roles=terms.roles), own)


@step(partition_by="entity_id", delivers=("record_key", "entity_id"))
def living_people(matched: pl.DataFrame) -> pl.DataFrame:
    """Select the records (record_key, entity_id) of persons with a live record: `Entities.alive` of persons."""
    live = matched.filter(~pl.col("is_deleted")).select("entity_id")
    return matched.select("record_key", "entity_id").join(live, on="entity_id", how="semi", maintain_order="left")


def _regions(terms: Terms) -> dict[str, str]:
    return {source: region for source, region in terms.regions.items() if region is not None}


def _normalised_accounts(accounts: pl.DataFrame, regions: dict[str, str]) -> pl.DataFrame:
    """Normalise accounts: match key, registrable domain, telephone number and country."""
    normalised = accounts.lazy().with_columns(
        name_normalised=company_normalised(pl.col("name")), domain=web_domain(pl.col("domain"))
    )
    return with_phone(with_country(normalised), default_regions=regions).collect()
