"""The whole computation on a small company whose truth a person can check by hand."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from definitions.load import load_definitions
from definitions.records import RECORD_KINDS
from definitions.tables import CURATED, FCT_HYGIENE_ISSUE, FCT_OPPORTUNITY_DAILY_SNAPSHOT
from transforms.assembly import Assembled, assemble
from transforms.conform.conformed import nothing_quarantined
from transforms.frames import empty, schema_of
from transforms.gathering import Heard, gathered_records
from transforms.people_parts import PART_PERSONS
from transforms.terms import Before, Shown, Terms

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


def records_of(company):
    heard = []
    for kind, rows in company.items():
        frame = pl.DataFrame(rows, schema=schema_of(RECORD_KINDS[kind].fields))
        for system in sorted({row["source_system"] for row in rows}):
            own = frame.filter(pl.col("source_system") == system).lazy()
            keys = own.select("record_key")
            shown = Shown(source=system, stream=kind, kind=kind, record_keys=keys, pulled=keys.collect().height)
            heard.append(Heard(shown=shown, kinds={kind: own}, quarantined=nothing_quarantined()))
    return gathered_records(heard)


def classes(pairs=()):
    schema = {"record_id": pl.String, "class": pl.String, "class_since": pl.Date}
    return pl.DataFrame(list(pairs), schema=schema, orient="row")


def nothing_before(people=(), deals=(), issues=None):
    return Before(
        classes={"person": classes(people), "opportunity": classes(deals)},
        issues=empty(FCT_HYGIENE_ISSUE.columns) if issues is None else issues,
        snapshots=empty(FCT_OPPORTUNITY_DAILY_SNAPSHOT.columns).collect(),
    )


@dataclass(frozen=True)
class Computed:
    told: Assembled
    tables: dict[str, pl.DataFrame]

    @property
    def balance(self):
        return self.told.balance


@cache
def usual():
    """What a first run over the company computes."""
    return assembled()


def assembled(company=None, before=None, as_of=AS_OF, run_id="000001", part_persons=PART_PERSONS):
    terms = Terms(
        definitions=HANDOFF, as_of=as_of, run_id=run_id, roles={"sf": "crm", "hs": "marketing"},
        regions={"sf": "US", "hs": "US"}, rates={}, is_baseline=before is None,
    )  # fmt: skip
    taken = defaultdict(list)
    told = assemble(
        records_of(company or COMPANY), before or nothing_before(), terms,
        lambda table, rows: taken[table].append(rows.lazy().collect()), part_persons=part_persons,
    )  # fmt: skip
    return Computed(told, {table.name: pl.concat(taken[table.name]).sort(table.key) for table in CURATED})


def rows(frame, *columns):
    return frame.select(columns).rows()


def test_every_deal_stands_where_a_person_would_put_it():
    deals = usual().tables["fct_opportunity"]
    assert rows(deals, "opportunity_id", "pipeline_class") == [
        ("sf:opportunity:1", "active"),
        ("sf:opportunity:2", "overdue"),
        ("sf:opportunity:3", "no_close_date"),
        ("sf:opportunity:4", "closed_won"),
    ]
    weighted = dict(rows(deals, "opportunity_id", "weighted_amount"))
    assert (weighted["sf:opportunity:1"], weighted["sf:opportunity:2"]) == (Decimal(500), Decimal(0))


def test_one_person_of_two_systems_and_the_deleted_one_gone():
    made = usual().tables
    assert rows(made["dim_person"], "person_id", "lifecycle_class", "record_count", "account_id") == [
        ("hs:contact:1", "customer", 2, "sf:account:1"),
        ("sf:lead:2", "dead", 1, None),
    ]
    assert rows(made["bridge_person_source"], "record_key", "person_id", "match_rule") == [
        ("hs:contact:1", "hs:contact:1", "email"),
        ("sf:contact:1", "hs:contact:1", "email"),
        ("sf:lead:2", "sf:lead:2", "alone"),
    ]
    assert rows(made["bridge_opportunity_person"], "opportunity_id", "person_id", "is_decision_maker") == [
        ("sf:opportunity:1", "hs:contact:1", True)
    ]


def test_the_balance_is_exact_and_says_where_each_record_is():
    sheet = usual().balance
    assert sheet["difference"].to_list() == [0] * sheet.height
    people = sheet.filter(pl.col("stream") == "person").select(
        "source_system", "fetched", "curated", "merged_into", "deleted"
    )
    assert people.rows() == [("hs", 1, 0, 1, 0), ("sf", 3, 2, 0, 1)]


def test_totals_of_the_sources_are_those_of_the_table():
    made = usual()
    told = made.told.totals.select("source_system", "currency_code", "state", "rows", "amount").rows()
    assert told == [("sf", "USD", "open", 3, Decimal(3000)), ("sf", "USD", "won", 1, Decimal(500))]


def test_the_ledger_tells_claims_first_then_changes_and_deletions():
    first = usual().tables["fct_classification_change"]
    moved = {
        record: (old, new, kind)
        for record, old, new, kind in rows(first, "record_id", "from_class", "to_class", "from_kind")
    }
    assert moved["hs:contact:1"] == ("mql", "customer", "claim")
    assert moved["sf:opportunity:2"] == ("active", "overdue", "claim")
    assert "sf:opportunity:1" not in moved
    before = nothing_before(
        people=[("hs:contact:1", "mql", date(2026, 11, 1)), ("sf:lead:3", "lead", date(2026, 11, 1))],
        deals=[("sf:opportunity:1", "active", date(2026, 11, 1))],
    )
    second = assembled(before=before, run_id="000002").tables["fct_classification_change"]
    moved = {
        record: (old, new, kind)
        for record, old, new, kind in rows(second, "record_id", "from_class", "to_class", "from_kind")
    }
    assert moved["hs:contact:1"] == ("mql", "customer", "class")
    assert moved["sf:lead:3"] == ("lead", "merged_or_deleted", "class")


def test_nothing_published_leads_to_what_was_deleted():
    gone = {
        "account": [record("account", "sf:account:9", name="Gone", same_as_keys=[], is_deleted=True)],
        "opportunity": [deal("sf:opportunity:9", account_key="sf:account:9", person_key="sf:lead:3")],
        "person": [person("sf:lead:9", email="dot@gone.co", account_key="sf:account:9")],
    }
    made = assembled({kind: [*rows, *gone.get(kind, [])] for kind, rows in COMPANY.items()})
    (deal_9,) = made.tables["fct_opportunity"].filter(opportunity_id="sf:opportunity:9").to_dicts()
    assert (deal_9["account_id"], deal_9["primary_person_id"], deal_9["contact_count"]) == (None, None, 0)
    assert made.tables["dim_person"].filter(person_id="sf:lead:9")["account_id"].to_list() == [None]
    found = made.tables["fct_hygiene_issue"].filter(record_id="sf:opportunity:9")["rule_id"].to_list()
    assert {"OPP-14", "OPP-27"} <= set(found)


def test_the_calendar_has_every_day_a_deal_speaks_of():
    old = deal("sf:opportunity:9", source_stage="Won", source_created_at=None, source_close_date=date(2011, 3, 1))
    days = assembled(COMPANY | {"opportunity": [old]}).tables["dim_date"]["calendar_date"]
    assert (days.min(), days.max()) == (date(2011, 1, 1), date(AS_OF.year + 5, 12, 31))


def test_a_class_that_stays_keeps_its_day():
    before = nothing_before(deals=[("sf:opportunity:1", "active", date(2026, 11, 1))])
    since = dict(rows(assembled(before=before).tables["fct_opportunity"], "opportunity_id", "pipeline_class_since"))
    assert (since["sf:opportunity:1"], since["sf:opportunity:2"]) == (date(2026, 11, 1), AS_OF)


def test_the_same_records_in_another_order_give_the_same_rows():
    backwards = {kind: list(reversed(rows)) for kind, rows in reversed(COMPANY.items())}
    one, other = usual(), assembled(backwards)
    for table in CURATED:
        assert_frame_equal(one.tables[table.name], other.tables[table.name])
    assert_frame_equal(one.balance, other.balance)


@pytest.mark.parametrize("part_persons", [1, 2])
def test_in_how_many_parts_the_people_are_computed_makes_no_difference(part_persons):
    gone = [("aa:lead:0", "lead", date(2026, 11, 1)), ("zz:lead:9", "mql", date(2026, 11, 1))]
    before = nothing_before(people=[*gone, ("sf:lead:2", "lead", date(2026, 11, 1))])
    whole, parted = assembled(before=before), assembled(before=before, part_persons=part_persons)
    for table in CURATED:
        assert_frame_equal(whole.tables[table.name], parted.tables[table.name])
    ledger = whole.tables["fct_classification_change"].filter(pl.col("to_class") == "merged_or_deleted")
    assert ledger["record_id"].to_list() == ["aa:lead:0", "zz:lead:9"]
    assert whole.told.live_records == parted.told.live_records == 3


def test_a_day_later_only_what_depends_on_the_day_is_rewritten():
    one = usual().tables["fct_opportunity"]
    before = nothing_before(
        people=usual().tables["dim_person"].select("person_id", "lifecycle_class", "lifecycle_class_since").rows(),
        deals=one.select("opportunity_id", "pipeline_class", "pipeline_class_since").rows(),
    )
    other = assembled(before=before, as_of=AS_OF + timedelta(days=1)).tables["fct_opportunity"]
    assert one["record_hash"].to_list() == other["record_hash"].to_list()


@pytest.mark.parametrize("table", [table.name for table in CURATED])
def test_every_table_keeps_its_contract(table):
    contract = next(one for one in CURATED if one.name == table)
    made = usual().tables[table]
    assert made.select(contract.key).is_duplicated().sum() == 0
    for name in contract.required & set(made.columns) - {"run_id", "definitions_version", "loaded_at"}:
        assert made[name].null_count() == 0, name
