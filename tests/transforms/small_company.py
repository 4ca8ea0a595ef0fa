"""A small company whose truth a person can check by hand, and the whole computation over it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from definitions.agreement.load import load_definitions
from definitions.polars_types import schema_of
from definitions.published_state import PublishedState
from definitions.run_context import RunContext
from definitions.schema.records import RECORD_KINDS
from definitions.schema.tables import COMPUTED, FCT_HYGIENE_ISSUE, FCT_OPPORTUNITY_DAILY_SNAPSHOT, OPS_CONSERVATION
from flows.home.spill import Spill
from transforms.conform.conformed import nothing_quarantined
from transforms.frames import empty
from transforms.pipeline.compute import BUCKET_PERSONS, Computation, compute
from transforms.pipeline.gathering import ConformedStream, gathered_records
from transforms.pipeline.records import StreamCounts

HANDOFF = load_definitions("handoff")
AS_OF = date(2026, 11, 22)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HANDLED = {
    "budget_status": "allocated",
    "authority_status": "dm_direct",
    "need_status": "acknowledged",
    "purchase_date": date(2027, 1, 31),
}


def record(kind, key, **given):
    system, source_object, source_id = key.split(":")
    told = {
        "record_key": key, "source_system": system, "source_object": source_object, "source_id": source_id,
        "is_deleted": False, "source_created_at": NOW - timedelta(days=60), "source_updated_at": NOW, **given,
    }  # fmt: skip
    return {name: told.get(name) for name in RECORD_KINDS[kind].names}


def person(key, **given):
    return record("person", key, same_as_keys=given.pop("same_as_keys", []), **given)


def deal(key, **given):
    usual = {
        "name": key, "source_stage": "Offer", "amount": Decimal(1000), "currency_code": "USD", "same_as_keys": [],
        "source_close_date": date(2026, 12, 15), "last_stage_change_at": NOW - timedelta(days=5), "next_step": "Sign",
        "last_activity_at": NOW, "account_key": "sf:account:1", "owner_key": "sf:user:1", **HANDLED,
    }  # fmt: skip
    return record("opportunity", key, **{**usual, **given})


def stage(name, canonical, **given):
    usual = {
        "source_stage": name,
        "canonical_stage": canonical,
        "is_closed": False,
        "is_won": False,
        "probability": 0.5,
    }
    return record("stage", f"sf:stage:{name}", **{**usual, **given})


COMPANY = {
    "owner": [record("owner", "sf:user:1", is_active=True, is_queue=False, same_as_keys=[], owner_email="o@us.co")],
    "stage": [stage("Offer", "proposal"), stage("Won", "closed_won", is_closed=True, is_won=True)],
    "account": [record("account", "sf:account:1", name="Acme", employees=500, industry="Tools", same_as_keys=[])],
    "person": [
        person("hs:contact:1", email="Ada@Acme.co", source_created_at=NOW - timedelta(days=90), claimed_class="mql"),
        person("sf:contact:1", email=" ada@acme.co", last_name="Lovelace", account_key="sf:account:1"),
        person("sf:lead:2", email="bob@beta.co", claimed_class="lead", source_created_at=NOW - timedelta(days=400)),
        person("sf:lead:3", email="cyd@acme.co", is_deleted=True),
    ],
    "opportunity": [
        deal("sf:opportunity:1"),
        deal("sf:opportunity:2", source_close_date=date(2026, 11, 1)),
        deal("sf:opportunity:3", source_close_date=date(1970, 1, 1)),
        deal("sf:opportunity:4", source_stage="Won", amount=Decimal(500)),
        deal("sf:opportunity:5", is_deleted=True),
    ],
    "association": [
        record("association", "sf:contact_role:1", association_type="opportunity_person", from_key="sf:opportunity:1",
               to_key="sf:contact:1", role="Decision Maker", is_primary=True),
    ],
    "activity": [
        record("activity", "hs:contact_move:1", activity_type="demo_request", direction="inbound", is_completed=True,
               is_inferred=True, occurred_at=NOW - timedelta(days=3), person_key="hs:contact:1"),
    ],
}  # fmt: skip


VERSIONS = {
    "record_key": pl.String, "version_at": pl.Datetime("us", "UTC"), "location": pl.String, "is_deleted": pl.Boolean,
    "pipeline_id": pl.String, "source_stage": pl.String, "last_stage_change_at": pl.Datetime("us", "UTC"),
    "source_close_date": pl.Date, "amount": pl.Decimal(18, 2), "is_closed": pl.Boolean,
}  # fmt: skip


def version(key, days_ago, **given):
    """How a deal stood so many days ago, as it was landed then."""
    at = NOW - timedelta(days=days_ago)
    usual = {"source_stage": "Offer", "source_close_date": date(2026, 12, 15), "amount": Decimal(1000)}
    told = {"record_key": key, "version_at": at, "location": f"run/{-days_ago}", "is_deleted": False, **usual, **given}
    return {name: told.get(name) for name in VERSIONS}


def records_of(company, versions=()):
    landed = pl.DataFrame(list(versions), schema=VERSIONS)
    conformed = []
    for kind, rows in company.items():
        frame = pl.DataFrame(rows, schema=schema_of(RECORD_KINDS[kind].fields))
        for system in sorted({row["source_system"] for row in rows}):
            own = frame.filter(pl.col("source_system") == system).lazy()
            keys = own.select("record_key")
            shown = StreamCounts(source=system, stream=kind, kind=kind, record_keys=keys, pulled=keys.collect().height)
            known = landed.filter(pl.col("record_key").str.starts_with(f"{system}:")) if kind == "opportunity" else None
            conformed.append(
                ConformedStream(counts=shown, kinds={kind: own}, quarantined=nothing_quarantined(), versions=known)
            )
    return gathered_records(conformed)


def classes(pairs=()):
    schema = {"record_id": pl.String, "class": pl.String, "class_since": pl.Date}
    return pl.DataFrame(list(pairs), schema=schema, orient="row")


def nothing_before(people=(), deals=(), issues=None):
    return PublishedState(
        classes={"person": classes(people), "opportunity": classes(deals)},
        issues=empty(FCT_HYGIENE_ISSUE.columns) if issues is None else issues,
        snapshots=empty(FCT_OPPORTUNITY_DAILY_SNAPSHOT.columns).collect(),
        rejected=nothing_quarantined(),
    )


@dataclass(frozen=True)
class Computed:
    told: Computation
    tables: dict[str, pl.DataFrame]

    @property
    def balance(self):
        return self.tables[OPS_CONSERVATION.name]


@cache
def usual():
    """What a first run over the company computes."""
    return assembled()


def assembled(company=None, before=None, as_of=AS_OF, run_id="000001", bucket_persons=BUCKET_PERSONS, **told):
    """The company computed; `told` has the landed versions of deals, the integration users and the exchange rates."""
    run = RunContext(
        definitions=HANDOFF, as_of=as_of, run_id=run_id, started_at=NOW, roles={"sf": "crm", "hs": "marketing"},
        regions={"sf": "US", "hs": "US"}, rates=told.get("rates", {}), is_baseline=before is None,
        ignored_owners=told.get("ignored_owners", ()),
    )  # fmt: skip
    taken = defaultdict(list)
    records = records_of(company or COMPANY, told.get("versions", ()))
    with TemporaryDirectory() as folder:
        told = compute(
            records, before or nothing_before(), run, Spill(Path(folder)), bucket_persons=bucket_persons
        )  # fmt: skip
        for batch in told.batches:
            taken[batch.table.name].append(batch.rows.lazy().collect())
    return Computed(told, {table.name: pl.concat(taken[table.name]).sort(table.key) for table in COMPUTED})


def rows(frame, *columns):
    return frame.select(columns).rows()
