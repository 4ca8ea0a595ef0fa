"""Entities from records: normalise values, match records, make one golden row per entity."""

from collections.abc import Callable, Mapping

import polars as pl

from definitions.run_context import RunContext
from definitions.schema.records import ENTITIES
from transforms.golden.custom_fields import packed, unpacked
from transforms.golden.rows import golden
from transforms.golden.survivorship import rules_of
from transforms.identity.addresses import addresses_of_people
from transforms.identity.links import with_id
from transforms.identity.matching import (
    account_edges,
    opportunity_edges,
    owner_edges,
    person_edges,
    person_links,
    resolve,
    unmatched,
)
from transforms.pipeline.records import Entities, Records
from transforms.step import ALL, step
from transforms.values.company import company_normalised
from transforms.values.country import with_country
from transforms.values.domains import web_domain
from transforms.values.email import further_addresses, normalise_email, with_email_domain
from transforms.values.library_answers import LibraryAnswers
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
    "record_key", "source_created_at", "is_deleted", "first_name", "last_name", "email", "further_emails",
    "merged_into_key", "converted_person_key", "same_as_keys",
]  # fmt: skip


@step(partition_by=ALL)
def resolved_entities(records: Records, run: RunContext, answers: LibraryAnswers) -> dict[str, Entities]:
    """Make the entities of every kind but persons; a product is its own entity."""
    kinds = {kind: records.kinds[kind].collect().sort("record_key") for kind in (*_EDGES, "product")}
    normalised = {**kinds, "account": _normalised_accounts(kinds["account"], run, answers)}
    entities = {kind: _entities(normalised[kind], kind, run) for kind in _EDGES}
    products = kinds["product"].select("record_key", entity_id="record_key")
    live_products = products.filter(~kinds["product"]["is_deleted"])
    return {
        **entities,
        "product": Entities(golden=live_products, bridge=products, live=live_products, representatives=live_products),
    }


@step(partition_by=ALL)
def matched_people(people: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Match the records of persons: the columns of `identity.resolve`, email_normalised, is_deleted. Grain: record.

    The second frame counts what could have matched but did not (`matching.unmatched`). Only the columns that match are
    read, so that a million wide records need not be in memory.
    """
    normalised = people.select(_MATCHED_BY).with_columns(
        email_normalised=normalise_email(pl.col("email")),
        further_addresses=further_addresses(pl.col("email"), pl.col("further_emails")),
    )
    keys = normalised.drop("email", "further_emails")
    keyed = keys.collect(engine="streaming").sort("record_key")
    links = person_links(keyed)
    addressed = addresses_of_people(keyed, links)
    edges = person_edges(links, addressed)
    matched = resolve(keyed, edges).with_columns(keyed["email_normalised"], keyed["is_deleted"])
    return matched, unmatched(keyed, edges, addressed)


@step(partition_by="person_id", needs=("answers",))
def golden_people(records: pl.LazyFrame, run: RunContext, answers: LibraryAnswers) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make the golden rows of the live persons in `records`, with person_id; return also the normalised records.

    `records` have the columns of `matched_people` and person_id. `answers` of the telephone library change no row.
    """
    normalised = with_names(_with_phone(with_country(with_email_domain(records)), run, answers))
    own = normalised.collect(engine="streaming")
    rows = _golden(own.drop(MATCH, "person_id"), "person", run)
    return rows.filter(~pl.col("is_deleted")).with_columns(person_id="entity_id"), own


def _entities(records: pl.DataFrame, kind: str, run: RunContext) -> Entities:
    bridge = resolve(records, _EDGES[kind](records))
    matched = with_id(records, bridge, key="record_key", gives="entity_id")
    rows = _golden(matched, kind, run)
    live = rows.filter(~pl.col("is_deleted"))
    # An owner who left still owns records.
    published = rows if kind == "owner" else live
    return Entities(
        golden=published,
        bridge=bridge,
        live=bridge.join(published.select("entity_id"), on="entity_id", how="semi", maintain_order="left"),
        representatives=live.select("entity_id", "record_key"),
    )


def _golden(records: pl.DataFrame, kind: str, run: RunContext) -> pl.DataFrame:
    """Make the golden rows of the records of one kind, with the customer's own fields."""
    own = run.definitions.custom.get(kind, ())
    rules = (*_SURVIVORS[kind], *rules_of(own))
    return packed(golden(unpacked(records, own), rules, roles=run.roles), own)


@step(partition_by="entity_id", delivers=("record_key", "entity_id"))
def live_people(matched: pl.DataFrame) -> pl.DataFrame:
    """Select the records (record_key, entity_id) of persons with a live record: `Entities.live` of persons."""
    live = matched.filter(~pl.col("is_deleted")).select("entity_id")
    return matched.select("record_key", "entity_id").join(live, on="entity_id", how="semi", maintain_order="left")


def _with_phone(records: pl.LazyFrame, run: RunContext, answers: LibraryAnswers) -> pl.LazyFrame:
    regions = {source: region for source, region in run.regions.items() if region is not None}
    return with_phone(records, default_regions=regions, answers=answers)


def _normalised_accounts(accounts: pl.DataFrame, run: RunContext, answers: LibraryAnswers) -> pl.DataFrame:
    """Normalise accounts: match key, registrable domain, telephone number and country."""
    normalised = accounts.lazy().with_columns(
        name_normalised=company_normalised(pl.col("name")), domain=web_domain(pl.col("domain"))
    )
    return _with_phone(with_country(normalised), run, answers).collect()
