"""The whole computation on a small company whose truth a person can check by hand."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from definitions.schema.tables import CURATED
from tests.transforms.small_company import (
    AS_OF,
    COMPANY,
    assembled,
    deal,
    nothing_before,
    person,
    record,
    rows,
    usual,
)


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


@pytest.mark.parametrize("bucket_persons", [1, 2])
def test_into_how_many_buckets_the_people_are_computed_makes_no_difference(bucket_persons):
    gone = [("aa:lead:0", "lead", date(2026, 11, 1)), ("zz:lead:9", "mql", date(2026, 11, 1))]
    before = nothing_before(people=[*gone, ("sf:lead:2", "lead", date(2026, 11, 1))])
    whole, parted = assembled(before=before), assembled(before=before, bucket_persons=bucket_persons)
    for table in CURATED:
        assert_frame_equal(whole.tables[table.name], parted.tables[table.name])
    ledger = whole.tables["fct_classification_change"].filter(pl.col("to_class") == "merged_or_deleted")
    assert ledger["record_id"].to_list() == ["aa:lead:0", "zz:lead:9"]


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
