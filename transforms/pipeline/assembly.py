"""The whole computation: canonical records in, the next curated tables out. Pure: same records, same rows.

Tables are given away as they are made, the wide ones in parts, so that no more than a part of them is in memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from definitions.run_context import RunContext
from definitions.schema import tables as contract
from transforms.facets.engagement import activities
from transforms.golden.entities import golden_people, living_people, resolved_entities, tied_people
from transforms.history.calendar import calendar
from transforms.history.changes import owed, snapshot
from transforms.pipeline.buckets import Buckets, Store, buckets_for
from transforms.pipeline.curate_opportunities import curated_opportunities, roles, stage_table
from transforms.pipeline.curate_people import account_table, accounts_of_people, curated_people, with_deals
from transforms.pipeline.giving import Desk, Give
from transforms.pipeline.person_tables import Company, PersonTables, people_in, person_tables, split_people
from transforms.pipeline.records import Before, Entities, Records
from transforms.pipeline.words import word_table
from transforms.reconcile.conservation import conservation
from transforms.reconcile.totals import source_totals

_FED = {
    "dim_person": "person",
    "dim_account": "account",
    "fct_opportunity": "opportunity",
    "dim_owner": "owner",
    "fct_activity": "activity",
}
# So many take about half a gigabyte while they are computed.
BUCKET_PERSONS = 60_000
# A date before this is a mistake of somebody's; a calendar from there on would be nearly all of the table.
_FIRST_YEAR = 1990


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """What is left to tell of a run once its tables are given away.

    `balance` is the conservation of each stream; `totals` what the source records say of deals in sum; `streams_of`
    which streams feed a table; `people` has claimed_class, lifecycle_class, record_count and source_count of
    each person; `deals` the rows of `fct_opportunity`; `changes` and `issues` what reports count of their tables;
    `live_records` how many source records the people are made of; `untied` what ties nobody though it could.
    """

    balance: pl.DataFrame
    totals: pl.DataFrame
    streams_of: Mapping[str, Sequence[tuple[str, str]]]
    people: pl.DataFrame
    deals: pl.DataFrame
    changes: pl.DataFrame
    issues: pl.DataFrame
    live_records: int
    untied: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class _People:
    """What is kept of the persons of a bucket, or of all: `facts` for the report, `chosen` (entity_id, record_key)."""

    facts: pl.DataFrame
    chosen: pl.DataFrame
    live_records: int


def assemble(
    records: Records,
    before: Before,
    run: RunContext,
    give: Give,
    store: Store,
    *,
    bucket_persons: int = BUCKET_PERSONS,
) -> Assembled:
    """Resolve, curate, classify, check; give every curated table away, in at least one part each.

    Persons are computed one bucket after the other, about `bucket_persons` at a time, from tables that are split in
    `store`: into how many buckets makes no difference to what is given in all.
    """
    desk = Desk(give, run)
    entities = resolved_entities(records, run)
    tied, untied = tied_people(records.kinds["person"])
    company = _company(records, entities, tied, before, run)
    _give_company(records, company, before, run, desk)
    _give_links(records, company, desk)
    buckets = Buckets(store, buckets_for(tied["entity_id"].n_unique(), bucket_persons))
    split_people(person_tables(records, tied, company, before, run), buckets)
    people = _give_all_people(buckets, company, run, desk)
    return Assembled(
        balance=conservation(records, entities, tied, people.chosen, run),
        totals=source_totals(
            records.kinds["opportunity"].collect(), entities["opportunity"], company.stages, run.roles
        ),
        streams_of={table: _streams(records, kind) for table, kind in _FED.items()},
        people=people.facts,
        deals=company.deals,
        changes=desk.all_changes(),
        issues=desk.all_issues(),
        live_records=people.live_records,
        untied=untied,
    )


def _company(
    records: Records, entities: dict[str, Entities], tied: pl.DataFrame, before: Before, run: RunContext
) -> Company:
    """Everything but the people."""
    owners = _owner_table(entities["owner"])
    stages = stage_table(records, run)
    on_deals = roles(records, living_people(tied), entities["opportunity"], run)
    acts = activities(
        records.kinds["activity"],
        run.definitions,
        bridges={"opportunity": entities["opportunity"].alive},
        ignored_owners=run.ignored_owners,
    )
    columns = ["opportunity_id", "is_human", "is_completed", "occurred_at"]
    done = acts.filter(pl.col("opportunity_id").is_not_null()).select(columns).collect(engine="streaming")
    deals = curated_opportunities(records, entities, done, on_deals, owners, stages, before, run)
    return Company(
        entities=entities,
        linked=accounts_of_people(records, tied, entities["account"]),
        on_deals=on_deals,
        deals=deals,
        accounts=with_deals(account_table(entities, owners), deals, run.definitions.open_classes),
        owners=owners,
        stages=stages,
    )  # fmt: skip


def _give_all_people(buckets: Buckets, company: Company, run: RunContext, desk: Desk) -> _People:
    """Curate and give away all persons, bucket by bucket."""
    done = [_give_people(people_in(buckets, number), company, run, desk) for number in range(buckets.count)]
    return _People(
        facts=pl.concat([people.facts for people in done]),
        chosen=pl.concat([people.chosen for people in done]),
        live_records=sum(people.live_records for people in done),
    )


def _give_people(tables: PersonTables, company: Company, run: RunContext, desk: Desk) -> _People:
    """Curate the persons of a bucket and give away their rows, records, activities, issues and changes of class."""
    desk.give(contract.FCT_ACTIVITY, tables.activities)
    golden, own = golden_people(tables.records, run)
    sources = own.join(golden.select("person_id"), on="person_id", how="semi")
    desk.give(contract.BRIDGE_PERSON_SOURCE, sources)
    people = curated_people(golden, tables, company.entities["owner"].bridge, company.owners, run)
    desk.give(contract.DIM_PERSON, people)
    desk.give_history("person", people, tables.classes.collect(), tables.issues)
    return _People(
        facts=people.select("claimed_class", "lifecycle_class", "record_count", "source_count"),
        chosen=golden.select("entity_id", "record_key"),
        live_records=sources.height - int(sources["is_deleted"].sum()),
    )


def _give_company(records: Records, company: Company, before: Before, run: RunContext, desk: Desk) -> None:
    deals, as_of = company.deals, run.as_of
    desk.give(contract.DIM_DATE, _dates(deals, run))
    desk.give(contract.DIM_WORD, word_table(run.definitions))
    desk.give(contract.DIM_OWNER, company.owners)
    desk.give(contract.DIM_STAGE, company.stages)
    products = records.kinds["product"].filter(~pl.col("is_deleted")).collect()
    desk.give(contract.DIM_PRODUCT, products.with_columns(product_id="record_key"))
    desk.give(contract.DIM_ACCOUNT, company.accounts)
    desk.give(contract.FCT_OPPORTUNITY, deals)
    issues = before.issues.filter(pl.col("record_kind") == "opportunity")
    desk.give_history("opportunity", deals, before.classes["opportunity"], issues)
    shots = snapshot(deals.lazy(), owed(before.snapshots.lazy(), as_of), as_of).collect()
    desk.give(contract.FCT_OPPORTUNITY_DAILY_SNAPSHOT, shots)


def _give_links(records: Records, company: Company, desk: Desk) -> None:
    """What ties the golden rows: no published key points to something deleted."""
    desk.give(contract.BRIDGE_OPPORTUNITY_PERSON, company.on_deals)
    for table, kind in (
        (contract.BRIDGE_ACCOUNT_SOURCE, "account"),
        (contract.BRIDGE_OPPORTUNITY_SOURCE, "opportunity"),
    ):
        # Merged and deleted records too: the alias map of the keys that are gone.
        sources = records.kinds[kind].collect().join(company.entities[kind].alive, on="record_key")
        desk.give(table, sources.rename({"entity_id": f"{kind}_id"}))


def _streams(records: Records, kind: str) -> list[tuple[str, str]]:
    """Streams (source, stream) whose records are of a kind."""
    return sorted((shown.source, shown.stream) for shown in records.shown if shown.kind == kind)


def _owner_table(owners: Entities) -> pl.DataFrame:
    """One row per owner; a manager nobody knows is none."""
    frame = owners.golden.with_columns(owner_id=pl.col("entity_id"))
    managers = owners.bridge.select(manager_key="record_key", manager_id="entity_id")
    return frame.join(managers, on="manager_key", how="left", maintain_order="left")


def _dates(deals: pl.DataFrame, run: RunContext) -> pl.DataFrame:
    """Every day of the years in which deals were created and are to close, two years back and five ahead at least."""
    told = pl.concat([deals["created_on"], deals["close_date"]]).drop_nulls().dt.year()
    years = [*told.unique(), run.as_of.year - 2, run.as_of.year + 5]
    start, end = date(max(min(years), _FIRST_YEAR), 1, 1), date(max(years), 12, 31)
    return calendar(start, end, fiscal_year_starts_in=run.definitions.reporting.fiscal_year_starts_in).collect()
