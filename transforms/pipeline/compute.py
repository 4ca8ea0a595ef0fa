"""The whole computation: canonical records in, batches of the next curated tables out. Pure: same records, same rows.

Batches are computed one at a time, the wide tables in parts, so that no more than a part of them is in memory.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from definitions.published_state import PublishedState
from definitions.run_context import RunContext
from definitions.schema import tables as contract
from transforms.facets.engagement import activities
from transforms.golden.entities import golden_people, living_people, resolved_entities, tied_people
from transforms.history.calendar import calendar
from transforms.history.changes import owed, snapshot
from transforms.pipeline.buckets import Buckets, Store, buckets_for
from transforms.pipeline.curate_opportunities import curated_opportunities, roles, stage_table
from transforms.pipeline.curate_people import account_table, accounts_of_people, curated_people, with_deals
from transforms.pipeline.person_tables import Company, PersonTables, people_in, person_tables, split_people
from transforms.pipeline.records import Entities, Records
from transforms.pipeline.table_batches import TableBatch, history_batches, table_batch
from transforms.pipeline.words import word_table
from transforms.reconcile.conservation import conservation
from transforms.reconcile.totals import source_totals
from transforms.step import ALL, step
from transforms.values.library_answers import LibraryAnswers
from transforms.values.phone import no_answers

# So many take about half a gigabyte while they are computed.
BUCKET_PERSONS = 60_000
# A date before this is a mistake of somebody's; a calendar from there on would be nearly all of the table.
_FIRST_YEAR = 1990


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """The next tables, as batches that are computed while they are taken, and what is known before the first of them.

    `batches` yields every computed table in at least one batch, once; `ops.conservation`, the balance of each stream,
    comes last. `totals` is what the source records say of deals in sum; `untied` what ties nobody though it could.
    """

    batches: Iterator[TableBatch]
    totals: pl.DataFrame
    untied: pl.DataFrame


@step(partition_by=ALL)
def compute(
    records: Records,
    published: PublishedState,
    run: RunContext,
    store: Store,
    *,
    bucket_persons: int = BUCKET_PERSONS,
    phone_answers: LibraryAnswers | None = None,
) -> Computation:
    """Resolve entities and curate all but the people; the rest is computed as the batches are taken.

    Persons are computed one bucket after the other, about `bucket_persons` at a time, from tables that are split in
    `store`: into how many buckets makes no difference to the rows in all. `phone_answers` change no row either: the
    library of telephone numbers is asked only for those it has not answered before, and they take up what it says.
    """
    answers = phone_answers or no_answers()
    entities = resolved_entities(records, run, answers)
    tied, untied = tied_people(records.kinds["person"])
    company = _company(records, entities, tied, published, run)
    return Computation(
        batches=_batches(records, tied, company, published, run, store, bucket_persons, answers),
        totals=source_totals(
            records.kinds["opportunity"].collect(), entities["opportunity"], company.stages, run.roles
        ),
        untied=untied,
    )


def _batches(
    records: Records,
    tied: pl.DataFrame,
    company: Company,
    published: PublishedState,
    run: RunContext,
    store: Store,
    bucket_persons: int,
    answers: LibraryAnswers,
) -> Iterator[TableBatch]:
    """Yield every table; nothing that is made for one is kept once its batch is taken, but for the balance."""
    yield from _company_batches(records, company, published, run)
    yield from _link_batches(records, company)
    buckets = Buckets(store, buckets_for(tied["entity_id"].n_unique(), bucket_persons))
    split_people(person_tables(records, tied, company, published, run), buckets)
    chosen: list[pl.DataFrame] = []
    for number in range(buckets.count):
        standing = yield from _people_batches(people_in(buckets, number), company, run, answers)
        chosen.append(standing)
    yield TableBatch(contract.OPS_CONSERVATION, conservation(records, company.entities, tied, pl.concat(chosen), run))


def _company(
    records: Records, entities: dict[str, Entities], tied: pl.DataFrame, published: PublishedState, run: RunContext
) -> Company:
    """Compute owners, stages, opportunities and accounts."""
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
    deals = curated_opportunities(records, entities, done, on_deals, owners, stages, published, run)
    return Company(
        entities=entities,
        linked=accounts_of_people(records, tied, entities["account"]),
        on_deals=on_deals,
        deals=deals,
        accounts=with_deals(account_table(entities, owners), deals, run.definitions.open_classes),
        owners=owners,
        stages=stages,
    )  # fmt: skip


def _people_batches(
    tables: PersonTables, company: Company, run: RunContext, answers: LibraryAnswers
) -> Generator[TableBatch, None, pl.DataFrame]:
    """Yield the persons of a bucket, their records, activities, issues and changes of class.

    Returns the record that stands for each of them: entity_id, record_key.
    """
    yield table_batch(contract.FCT_ACTIVITY, tables.activities)
    golden, own = golden_people(tables.records, run, answers)
    sources = own.join(golden.select("person_id"), on="person_id", how="semi")
    yield table_batch(contract.BRIDGE_PERSON_SOURCE, sources)
    people = curated_people(golden, tables, company.entities["owner"].bridge, company.owners, run)
    yield table_batch(contract.DIM_PERSON, people)
    yield from history_batches("person", people, tables.classes.collect(), tables.issues, run)
    return golden.select("entity_id", "record_key")


def _company_batches(
    records: Records, company: Company, published: PublishedState, run: RunContext
) -> Iterator[TableBatch]:
    """Yield everything but the people and what ties golden rows to each other and to records."""
    deals, as_of = company.deals, run.as_of
    yield table_batch(contract.DIM_DATE, _dates(deals, run))
    yield table_batch(contract.DIM_WORD, word_table(run.definitions))
    yield table_batch(contract.DIM_OWNER, company.owners)
    yield table_batch(contract.DIM_STAGE, company.stages)
    products = records.kinds["product"].filter(~pl.col("is_deleted")).collect()
    yield table_batch(contract.DIM_PRODUCT, products.with_columns(product_id="record_key"))
    yield table_batch(contract.DIM_ACCOUNT, company.accounts)
    yield table_batch(contract.FCT_OPPORTUNITY, deals)
    issues = published.issues.filter(pl.col("record_kind") == "opportunity")
    yield from history_batches("opportunity", deals, published.classes["opportunity"], issues, run)
    shots = snapshot(deals.lazy(), owed(published.snapshots.lazy(), as_of), as_of).collect()
    yield table_batch(contract.FCT_OPPORTUNITY_DAILY_SNAPSHOT, shots)


def _link_batches(records: Records, company: Company) -> Iterator[TableBatch]:
    """Yield what ties the golden rows: no published key points to something deleted."""
    yield table_batch(contract.BRIDGE_OPPORTUNITY_PERSON, company.on_deals)
    for table, kind in (
        (contract.BRIDGE_ACCOUNT_SOURCE, "account"),
        (contract.BRIDGE_OPPORTUNITY_SOURCE, "opportunity"),
    ):
        # Merged and deleted records too: the alias map of the keys that are gone.
        sources = records.kinds[kind].collect().join(company.entities[kind].alive, on="record_key")
        yield table_batch(table, sources.rename({"entity_id": f"{kind}_id"}))


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
