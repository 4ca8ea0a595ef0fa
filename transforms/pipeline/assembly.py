"""The whole computation: canonical records in, the next curated tables out. Pure: same records, same rows.

Tables are given away as they are made, the wide ones in parts, so that no more than a part of them is in memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from definitions.schema import tables as contract
from transforms.facets.engagement import activities
from transforms.frames import in_slices
from transforms.golden.entities import golden_people, living_people, resolved_entities, tied_people
from transforms.history.calendar import calendar
from transforms.history.changes import owed, snapshot
from transforms.pipeline.curate_opportunities import curated_opportunities, roles, stage_table
from transforms.pipeline.curate_people import Company, account_table, accounts_of_people, curated_people, with_deals
from transforms.pipeline.giving import Desk, Give
from transforms.pipeline.people_parts import PART_PERSONS, Part, parts_of
from transforms.pipeline.terms import Before, Entities, Records, Terms
from transforms.reconcile.conservation import conservation
from transforms.reconcile.totals import source_totals

_FED = {
    "dim_person": "person",
    "dim_account": "account",
    "fct_opportunity": "opportunity",
    "dim_owner": "owner",
    "fct_activity": "activity",
}
_PART_ACTIVITIES = 500_000
# A date before this is a mistake of somebody's; a calendar from there on would be nearly all of the table.
_FIRST_YEAR = 1990
_MATCH = ["match_rule", "match_confidence", "is_survivor"]
_MOVE = ["activity_type", "engagement_level", "direction"]
_MOVED = ["person_id", "is_inferred", "is_completed", "is_human", "occurred_at"]


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
    """What is kept of the persons of a part, or of all: `facts` for the report, `chosen` (entity_id, record_key)."""

    facts: pl.DataFrame
    chosen: pl.DataFrame
    live_records: int


def assemble(
    records: Records, before: Before, terms: Terms, give: Give, *, part_persons: int = PART_PERSONS
) -> Assembled:
    """Resolve, curate, classify, check; give every curated table away, in at least one part each.

    Persons are computed `part_persons` at a time: how many makes no difference to what is given in all.
    """
    desk = Desk(give, before, terms)
    entities = resolved_entities(records, terms)
    tied, untied = tied_people(records.kinds["person"])
    company = _company(records, entities, tied, before, terms)
    _give_company(records, company, before, terms, desk)
    _give_links(records, company, tied, terms, desk)
    people = _give_all_people(records, company, tied, before, terms, desk, part_persons)
    return Assembled(
        balance=conservation(records, entities, tied, people.chosen, terms),
        totals=source_totals(
            records.kinds["opportunity"].collect(), entities["opportunity"], company.stages, terms.roles
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
    records: Records, entities: dict[str, Entities], tied: pl.DataFrame, before: Before, terms: Terms
) -> Company:
    """Everything but the people."""
    owners = _owner_table(entities["owner"])
    stages = stage_table(records, terms)
    on_deals = roles(records, living_people(tied), entities["opportunity"], terms)
    acts = _acts(records.kinds["activity"], terms, {"opportunity": entities["opportunity"].alive})
    columns = ["opportunity_id", "is_human", "is_completed", "occurred_at"]
    done = acts.filter(pl.col("opportunity_id").is_not_null()).select(columns).collect(engine="streaming")
    deals = curated_opportunities(records, entities, done, on_deals, owners, stages, before, terms)
    return Company(
        entities=entities,
        linked=accounts_of_people(records, tied, entities["account"]),
        on_deals=on_deals,
        deals=deals,
        accounts=with_deals(account_table(entities, owners), deals, terms.definitions.open_classes),
        owners=owners,
        stages=stages,
    )  # fmt: skip


def _acts(records: pl.LazyFrame, terms: Terms, bridges: Mapping[str, pl.DataFrame]) -> pl.LazyFrame:
    return activities(records, terms.definitions, bridges=bridges, ignored_owners=terms.ignored_owners)


def _give_all_people(
    records: Records,
    company: Company,
    tied: pl.DataFrame,
    before: Before,
    terms: Terms,
    desk: Desk,
    part_persons: int,
) -> _People:
    """Curate and give away all persons, part by part."""
    moves = _acts(records.kinds["activity"], terms, {"person": tied}).filter(pl.col("person_id").is_not_null())
    # Words that repeat a million times are kept once.
    words = [pl.col(name).cast(pl.Categorical) for name in _MOVE]
    acts = moves.select(*words, *_MOVED).collect(engine="streaming")
    parts = [
        _give_people(part, acts.filter(part.holds("person_id")), records, company, before, terms, desk)
        for part in parts_of(tied, part_persons)
    ]
    return _People(
        facts=pl.concat([part.facts for part in parts]),
        chosen=pl.concat([part.chosen for part in parts]),
        live_records=sum(part.live_records for part in parts),
    )


def _give_people(
    part: Part,
    acts: pl.DataFrame,
    records: Records,
    company: Company,
    before: Before,
    terms: Terms,
    desk: Desk,
) -> _People:
    """Curate the persons of a part and give away their rows, records, issues and changes of class."""
    golden, live_records = _give_records(part, records, terms, desk)
    classes = before.classes["person"].filter(part.holds("record_id"))
    people = curated_people(golden, acts.with_columns(pl.col(_MOVE).cast(pl.String)), company, classes, terms)
    desk.give(contract.DIM_PERSON, people)
    desk.give_history("person", people, classes, part.holds("record_id"))
    return _People(
        facts=people.select("claimed_class", "lifecycle_class", "record_count", "source_count"),
        chosen=golden.select("entity_id", "record_key"),
        live_records=live_records,
    )


def _give_records(part: Part, records: Records, terms: Terms, desk: Desk) -> tuple[pl.DataFrame, int]:
    """Give away the source records of a part's live persons; return their golden rows and how many records live."""
    golden, own = golden_people(records.kinds["person"], part.tied, terms)
    sources = own.join(golden.select("entity_id"), on="entity_id", how="semi").rename({"entity_id": "person_id"})
    aliases = sources.join(part.tied.select("record_key", *_MATCH), on="record_key")
    desk.give(contract.BRIDGE_PERSON_SOURCE, aliases)
    return golden, aliases.height - int(aliases["is_deleted"].sum())


def _give_company(records: Records, company: Company, before: Before, terms: Terms, desk: Desk) -> None:
    deals, as_of = company.deals, terms.as_of
    desk.give(contract.DIM_DATE, _dates(deals, terms))
    desk.give(contract.DIM_OWNER, company.owners)
    desk.give(contract.DIM_STAGE, company.stages)
    products = records.kinds["product"].filter(~pl.col("is_deleted")).collect()
    desk.give(contract.DIM_PRODUCT, products.with_columns(product_id="record_key"))
    desk.give(contract.DIM_ACCOUNT, company.accounts)
    desk.give(contract.FCT_OPPORTUNITY, deals)
    desk.give_history("opportunity", deals, before.classes["opportunity"])
    shots = snapshot(deals.lazy(), owed(before.snapshots.lazy(), as_of), as_of).collect()
    desk.give(contract.FCT_OPPORTUNITY_DAILY_SNAPSHOT, shots)


def _give_links(records: Records, company: Company, tied: pl.DataFrame, terms: Terms, desk: Desk) -> None:
    """What ties the golden rows: no published key points to something deleted."""
    alive = {kind: company.entities[kind].alive for kind in ("account", "opportunity", "owner")}
    bridges = {"person": living_people(tied), **alive}
    # All at once, Polars holds 600 MiB more of a million persons' three million activities.
    for acts in in_slices(records.kinds["activity"], _PART_ACTIVITIES):
        desk.give(contract.FCT_ACTIVITY, _acts(acts, terms, bridges))
    desk.give(contract.BRIDGE_OPPORTUNITY_PERSON, company.on_deals)
    for table, kind in (
        (contract.BRIDGE_ACCOUNT_SOURCE, "account"),
        (contract.BRIDGE_OPPORTUNITY_SOURCE, "opportunity"),
    ):
        # Merged and deleted records too: the alias map of the keys that are gone.
        sources = records.kinds[kind].collect().join(alive[kind], on="record_key")
        desk.give(table, sources.rename({"entity_id": f"{kind}_id"}))


def _streams(records: Records, kind: str) -> list[tuple[str, str]]:
    """Streams (source, stream) whose records are of a kind."""
    return sorted((shown.source, shown.stream) for shown in records.shown if shown.kind == kind)


def _owner_table(owners: Entities) -> pl.DataFrame:
    """One row per owner; a manager nobody knows is none."""
    frame = owners.golden.with_columns(owner_id=pl.col("entity_id"))
    managers = owners.bridge.select(manager_key="record_key", manager_id="entity_id")
    return frame.join(managers, on="manager_key", how="left", maintain_order="left")


def _dates(deals: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """Every day of the years in which deals were created and are to close, two years back and five ahead at least."""
    told = pl.concat([deals["created_on"], deals["close_date"]]).drop_nulls().dt.year()
    years = [*told.unique(), terms.as_of.year - 2, terms.as_of.year + 5]
    start, end = date(max(min(years), _FIRST_YEAR), 1, 1), date(max(years), 12, 31)
    return calendar(start, end, fiscal_year_starts_in=terms.definitions.reporting.fiscal_year_starts_in).collect()
