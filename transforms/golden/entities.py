"""From records to entities: values mended, records tied, one golden row each."""

from collections.abc import Callable, Mapping

import polars as pl

from definitions.run_context import RunContext
from definitions.schema.records import ENTITIES
from transforms.golden.custom_fields import packed, unpacked
from transforms.golden.rows import golden
from transforms.golden.survivorship import rules_of
from transforms.identity.links import with_id
from transforms.identity.matching import account_edges, opportunity_edges, owner_edges, person_edges, resolve, untied
from transforms.pipeline.records import Entities, Records
from transforms.step import ALL, step
from transforms.values.company import company_normalised
from transforms.values.country import with_country
from transforms.values.domains import web_domain
from transforms.values.email import normalise_email, with_email_domain
from transforms.values.library_answers import LibraryAnswers
from transforms.values.names import with_names
from transforms.values.phone import with_phone

_EDGES: Mapping[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "owner": owner_edges,
    "account": account_edges,
    "opportunity": opportunity_edges,
}
_SURVIVORS = {kind: rules_of(ENTITIES[kind].columns) for kind in ("person", *_EDGES)}
# Why a record is one of its entity: for the bridge of source records, not for the golden row.
MATCH = ("match_rule", "match_confidence", "is_survivor")
_TYING = [
    "record_key", "source_created_at", "is_deleted", "email", "merged_into_key", "converted_person_key", "same_as_keys",
]  # fmt: skip


@step(partition_by=ALL)
def resolved_entities(records: Records, run: RunContext, answers: LibraryAnswers) -> dict[str, Entities]:
    """Make the entities of every kind but persons; a product is its own entity."""
    kinds = {kind: records.kinds[kind].collect().sort("record_key") for kind in (*_EDGES, "product")}
    mended = {**kinds, "account": _mended_accounts(kinds["account"], run, answers)}
    entities = {kind: _entities(mended[kind], kind, run) for kind in _EDGES}
    products = kinds["product"].select("record_key", entity_id="record_key")
    sold = products.filter(~kinds["product"]["is_deleted"])
    return {**entities, "product": Entities(golden=sold, bridge=products, alive=sold, chosen=sold)}


@step(partition_by=ALL)
def tied_people(people: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tie the records of persons: the columns of `identity.resolve`, email_normalised and is_deleted, one row a record.

    Beside it, what ties nobody though it could (`identity.untied`). Only what ties is read, so that a million wide
    records may stay where they are.
    """
    tying = people.select(_TYING).with_columns(email_normalised=normalise_email(pl.col("email"))).drop("email")
    known = tying.collect(engine="streaming").sort("record_key")
    edges = person_edges(known)
    return resolve(known, edges).with_columns(known["email_normalised"], known["is_deleted"]), untied(known, edges)


@step(partition_by="person_id", needs=("answers",))
def golden_people(records: pl.LazyFrame, run: RunContext, answers: LibraryAnswers) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Golden rows of the live persons among `records`, with person_id, and the records with their values mended.

    `records` have the columns of `tied_people` and person_id. `answers` of the telephone library change no row.
    """
    mended = with_names(_with_phone(with_country(with_email_domain(records)), run, answers))
    own = mended.collect(engine="streaming")
    rows = _golden(own.drop(MATCH, "person_id"), "person", run)
    return rows.filter(~pl.col("is_deleted")).with_columns(person_id="entity_id"), own


def _entities(records: pl.DataFrame, kind: str, run: RunContext) -> Entities:
    bridge = resolve(records, _EDGES[kind](records))
    tied = with_id(records, bridge, key="record_key", gives="entity_id")
    rows = _golden(tied, kind, run)
    live = rows.filter(~pl.col("is_deleted"))
    # An owner who left still owns records.
    kept = rows if kind == "owner" else live
    return Entities(
        golden=kept,
        bridge=bridge,
        alive=bridge.join(kept.select("entity_id"), on="entity_id", how="semi", maintain_order="left"),
        chosen=live.select("entity_id", "record_key"),
    )


def _golden(records: pl.DataFrame, kind: str, run: RunContext) -> pl.DataFrame:
    """Golden rows of the records of one kind, the customer's own fields among them."""
    own = run.definitions.custom.get(kind, ())
    rules = (*_SURVIVORS[kind], *rules_of(own))
    return packed(golden(unpacked(records, own), rules, roles=run.roles), own)


@step(partition_by="entity_id", delivers=("record_key", "entity_id"))
def living_people(tied: pl.DataFrame) -> pl.DataFrame:
    """Records (record_key, entity_id) of persons one of whose records was not deleted: `Entities.alive` of persons."""
    live = tied.filter(~pl.col("is_deleted")).select("entity_id")
    return tied.select("record_key", "entity_id").join(live, on="entity_id", how="semi", maintain_order="left")


def _with_phone(records: pl.LazyFrame, run: RunContext, answers: LibraryAnswers) -> pl.LazyFrame:
    regions = {source: region for source, region in run.regions.items() if region is not None}
    return with_phone(records, default_regions=regions, answers=answers)


def _mended_accounts(accounts: pl.DataFrame, run: RunContext, answers: LibraryAnswers) -> pl.DataFrame:
    """Accounts with match key, registrable domain, number and country."""
    mended = accounts.lazy().with_columns(
        name_normalised=company_normalised(pl.col("name")), domain=web_domain(pl.col("domain"))
    )
    return _with_phone(with_country(mended), run, answers).collect()
