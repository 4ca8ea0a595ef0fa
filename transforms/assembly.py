"""The whole computation: canonical records in, the next curated tables out. Pure: same records, same rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from definitions import tables as contract
from definitions.tables import CURATED, Table
from transforms import balance as places
from transforms.calendar import calendar
from transforms.curate_opportunities import curated_opportunities, roles, stage_table
from transforms.curate_people import account_table, curated_people, with_deals
from transforms.engagement import activities
from transforms.entities import resolved_entities
from transforms.frames import conformed, with_record_hash
from transforms.history import class_changes, issue_lives, owed, snapshot
from transforms.hygiene import findings
from transforms.terms import Before, Entities, Records, Terms
from transforms.totals import source_totals

_BRIDGES = {
    "person": contract.BRIDGE_PERSON_SOURCE,
    "account": contract.BRIDGE_ACCOUNT_SOURCE,
    "opportunity": contract.BRIDGE_OPPORTUNITY_SOURCE,
}
_GOLDEN = {"dim_person": "person", "dim_account": "account", "fct_opportunity": "opportunity", "dim_owner": "owner"}
_CLASS = {"person": "lifecycle_class", "opportunity": "pipeline_class"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """All that a run computed.

    `tables` holds every curated table's next rows but the columns only the publisher knows; `balance` is the
    conservation of each stream; `totals` what the source records say of deals in sum; `streams_of` which streams feed a
    golden table; `findings` are the failing (record, rule) pairs; `classified` people and deals with all their facets.
    """

    tables: Mapping[str, pl.DataFrame]
    balance: pl.DataFrame
    totals: pl.DataFrame
    streams_of: Mapping[str, Sequence[tuple[str, str]]]
    findings: pl.DataFrame
    classified: Mapping[str, pl.DataFrame]


def assemble(records: Records, before: Before, terms: Terms) -> Assembled:
    """Resolve, curate, classify, check: all tables of the next publication."""
    definitions, as_of = terms.definitions, terms.as_of
    entities = resolved_entities(records, terms)
    bridges = {kind: entity.bridge for kind, entity in entities.items()}
    owners = _owner_table(entities["owner"])
    acts = activities(records.kinds["activity"], definitions, bridges=bridges, ignored_owners=terms.ignored_owners)
    on_deals = roles(records, entities["person"], entities["opportunity"], terms)
    stage_rows = stage_table(records, terms)
    deals = curated_opportunities(records, entities, acts, on_deals, owners, stage_rows, before, terms)
    on_deals = on_deals.join(deals.select("opportunity_id"), on="opportunity_id", how="semi", maintain_order="left")
    accounts = account_table(entities, owners)
    people = curated_people(
        records, entities, acts, on_deals, deals=deals, accounts=accounts, owners=owners, before=before, terms=terms
    )
    open_classes = [rule.name for rule in definitions.opportunities if rule.is_open_class]
    accounts = with_deals(accounts, deals, open_classes)
    failing = pl.concat(
        [
            findings(people.lazy(), definitions, "person", as_of).collect(),
            findings(deals.lazy(), definitions, "opportunity", as_of).collect(),
        ]
    )
    live = {"person": people, "opportunity": deals, "account": accounts}
    tables = {
        "dim_date": _dates(deals, terms),
        "dim_owner": owners,
        "dim_stage": stage_rows,
        "dim_product": records.kinds["product"].filter(~pl.col("is_deleted")).with_columns(product_id="record_key"),
        "dim_account": accounts,
        "dim_person": people,
        "fct_opportunity": deals,
        "fct_activity": _only_live(acts, live),
        "bridge_opportunity_person": on_deals.join(
            people.select("person_id"), on="person_id", how="semi", maintain_order="left"
        ),
        "fct_classification_change": _changes(live, before, terms),
        "fct_hygiene_issue": issue_lives(
            before.issues.lazy(), failing.lazy(), as_of=as_of, is_baseline=terms.is_baseline
        ).collect(),
        "fct_opportunity_daily_snapshot": snapshot(deals.lazy(), owed(before.snapshots.lazy(), as_of), as_of).collect(),
        **{table.name: _bridge(records, entities[kind], kind, live) for kind, table in _BRIDGES.items()},
    }
    return Assembled(
        tables={table.name: _published(tables[table.name], table) for table in CURATED},
        balance=_balance(records, entities, terms),
        totals=source_totals(records.kinds["opportunity"], entities["opportunity"], stage_rows, terms.roles),
        streams_of={table: _streams(records, kind) for table, kind in _GOLDEN.items()},
        findings=failing,
        classified={"person": people, "opportunity": deals},
    )


def _streams(records: Records, kind: str) -> list[tuple[str, str]]:
    """Streams (source, stream) whose records are of a kind."""
    keys = records.kinds[kind].select("record_key")
    return (
        records.shown.join(keys, on="record_key", how="semi")
        .select("source_system", "stream")
        .unique()
        .sort(pl.all())
        .rows()
    )


def _published(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Rows in the table's contract, sorted by key, with the hash that says whether a row changed."""
    whole = conformed(_in_order(frame, table.key).lazy(), table)
    return with_record_hash(whole, table).collect()


def _in_order(frame: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Rows sorted by key; a frame that is so already, as most are, is not copied."""
    first, *others = key
    return frame if not others and frame[first].is_sorted() else frame.sort(key)


def _owner_table(owners: Entities) -> pl.DataFrame:
    """One row per owner; a manager nobody knows is none."""
    frame = owners.golden.with_columns(owner_id=pl.col("entity_id"))
    managers = owners.bridge.select(manager_key="record_key", manager_id="entity_id")
    return frame.join(managers, on="manager_key", how="left", maintain_order="left")


def _dates(deals: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """Every day from the first of the year the oldest deal was created in to five years after `as_of`."""
    oldest = deals["created_on"].min()
    first = min(oldest.year if isinstance(oldest, date) else terms.as_of.year, terms.as_of.year - 2)
    start, end = date(max(first, 1990), 1, 1), date(terms.as_of.year + 5, 12, 31)
    return calendar(start, end, fiscal_year_starts_in=terms.definitions.reporting.fiscal_year_starts_in).collect()


def _only_live(acts: pl.DataFrame, live: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Activities, with a reference to something deleted taken out of them: no published key points nowhere."""
    kept = []
    for kind, frame in live.items():
        ids = frame.select(f"{kind}_id", is_live=pl.lit(value=True))
        known = acts.select(f"{kind}_id").join(ids, on=f"{kind}_id", how="left", maintain_order="left")
        kept.append(known.select(pl.when("is_live").then(f"{kind}_id").alias(f"{kind}_id")))
    return acts.with_columns(column for frame in kept for column in frame)


def _bridge(records: Records, entity: Entities, kind: str, live: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Source records of every live entity, merged and deleted ones too: the alias map of the keys that are gone."""
    sources = records.kinds[kind].drop("same_as_keys")
    return (
        sources.join(entity.bridge, on="record_key", maintain_order="left")
        .rename({"entity_id": f"{kind}_id"})
        .join(live[kind].select(f"{kind}_id"), on=f"{kind}_id", how="semi", maintain_order="left")
    )


def _changes(live: Mapping[str, pl.DataFrame], before: Before, terms: Terms) -> pl.DataFrame:
    """Rows to add to the ledger, of both kinds."""
    value = {"person": pl.lit(None, pl.Decimal(18, 2)), "opportunity": pl.col("amount_corporate")}
    parts = []
    for kind, column in _CLASS.items():
        after = (
            live[kind]
            .lazy()
            .select(
                pl.col(f"{kind}_id").alias("record_id"),
                pl.col(column).alias("class"),
                "claimed_class",
                "rule",
                "reason",
                value[kind].alias("value"),
            )
        )
        parts.append(
            class_changes(
                before.classes[kind].lazy(),
                after,
                kind=kind,
                as_of=terms.as_of,
                profile=terms.definitions.profile,
                run_id=terms.run_id,
            )
        )
    return pl.concat(parts).collect()


def _balance(records: Records, entities: Mapping[str, Entities], terms: Terms) -> pl.DataFrame:
    """The conservation of each stream."""
    bridges = {kind: entities[kind].bridge for kind in ("person", "account", "opportunity")}
    ended = [
        places.entity_places(records.kinds[kind], entities[kind].chosen)
        for kind in ("person", "account", "opportunity", "owner")
    ]
    ended += [places.single_places(records.kinds[kind]) for kind in ("activity", "stage", "product")]
    ended.append(places.association_places(records.kinds["association"], bridges))
    return places.balance(records.shown, pl.concat(ended), records.quarantined, records.pulled, run_id=terms.run_id)
