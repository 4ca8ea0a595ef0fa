"""From records to entities: values mended, records tied, one golden row each."""

from collections.abc import Callable, Mapping

import polars as pl

from transforms import survivorship
from transforms.golden import golden
from transforms.identity import account_edges, opportunity_edges, owner_edges, person_edges, resolve
from transforms.links import with_id
from transforms.terms import Entities, Records, Terms
from transforms.values.company import company_normalised
from transforms.values.country import with_country
from transforms.values.domains import web_domain
from transforms.values.email import with_email
from transforms.values.names import with_names
from transforms.values.phone import with_phone

_EDGES: Mapping[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "owner": owner_edges,
    "account": account_edges,
    "opportunity": opportunity_edges,
    "person": person_edges,
}
_SURVIVORS = {
    "owner": survivorship.OWNER,
    "account": survivorship.ACCOUNT,
    "opportunity": survivorship.OPPORTUNITY,
    "person": survivorship.PERSON,
}


def resolved_entities(records: Records, terms: Terms) -> dict[str, Entities]:
    """Make the entities of every kind; a product is its own entity. Needs all records together."""
    regions = {source: region for source, region in terms.regions.items() if region is not None}
    mended = {
        "owner": records.kinds["owner"],
        "account": _mended_accounts(records.kinds["account"], regions),
        "opportunity": records.kinds["opportunity"],
        "person": _mended_people(records.kinds["person"], regions),
    }
    entities = {kind: _entities(frame, kind, terms) for kind, frame in mended.items()}
    products = records.kinds["product"].select("record_key", entity_id="record_key")
    return {**entities, "product": Entities(golden=products, bridge=products, chosen=products)}


def _entities(records: pl.DataFrame, kind: str, terms: Terms) -> Entities:
    bridge = resolve(records, _EDGES[kind](records))
    tied = with_id(records, bridge, key="record_key", gives="entity_id")
    rows = golden(tied, _SURVIVORS[kind], roles=terms.roles)
    live = rows.filter(~pl.col("is_deleted"))
    # An owner who left still owns records.
    return Entities(
        golden=rows if kind == "owner" else live, bridge=bridge, chosen=live.select("entity_id", "record_key")
    )


def _mended_people(people: pl.DataFrame, regions: dict[str, str]) -> pl.DataFrame:
    """Persons with normalised address, number, country and names. Row by row."""
    return with_names(with_phone(with_country(with_email(people.lazy())), default_regions=regions)).collect()


def _mended_accounts(accounts: pl.DataFrame, regions: dict[str, str]) -> pl.DataFrame:
    """Accounts with match key, registrable domain, number and country. Row by row."""
    mended = accounts.lazy().with_columns(
        name_normalised=company_normalised(pl.col("name")), domain=web_domain(pl.col("domain"))
    )
    return with_phone(with_country(mended), default_regions=regions).collect()
