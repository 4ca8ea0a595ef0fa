"""References that lead to no record: counted by stream and key, never null in silence."""

from dataclasses import replace

import polars as pl

from tests.transforms.small_company import COMPANY, deal, person, record, records_of
from transforms.reconcile.references import reference_faults


def faults(**changed):
    return reference_faults(records_of({**COMPANY, **changed})).select("source_system", "field_name", "records").rows()


def account(key, **given):
    return record("account", key, name="A", same_as_keys=[], **given)


def test_a_company_whose_references_all_lead_to_records_has_nothing_to_tell():
    assert reference_faults(records_of(COMPANY)).is_empty()


def test_a_key_of_a_live_record_that_is_in_no_record_is_counted():
    deals = [
        deal("sf:opportunity:1", account_key="sf:account:9"),
        deal("sf:opportunity:2", account_key="sf:account:9", owner_key="sf:user:8"),
        deal("sf:opportunity:3", account_key="sf:account:9", is_deleted=True),
        deal("sf:opportunity:4", account_key=None, product_key="sf:product:1", same_as_keys=["hs:deal:1", "hs:deal:2"]),
    ]
    assert faults(opportunity=deals) == [
        ("sf", "account_key", 2),
        ("sf", "owner_key", 1),
        ("sf", "product_key", 1),
        ("sf", "same_as_keys", 2),
    ]


def test_every_kind_of_record_is_looked_at():
    people = [
        *COMPANY["person"],
        person("hs:contact:5", owner_key="hs:owner:1", account_key="hs:company:2", email="x@acme.co"),
    ]
    accounts = [account("sf:account:1", parent_key="sf:account:7", owner_key="sf:user:1")]
    owners = [*COMPANY["owner"]]
    owners[0] = owners[0] | {"manager_key": "sf:user:3"}
    assert faults(person=people, account=accounts, owner=owners) == [
        ("hs", "account_key", 1),
        ("hs", "owner_key", 1),
        ("sf", "parent_key", 1),
        ("sf", "manager_key", 1),
    ]


def test_a_deleted_record_and_a_queue_are_no_dead_ends():
    accounts = [account("sf:account:1", is_deleted=True)]
    deals = [deal("sf:opportunity:1", owner_key="sf:queue:00G1")]
    assert faults(account=accounts, opportunity=deals, person=COMPANY["person"][2:]) == [
        ("hs", "person_key", 1),
    ]


def test_the_stream_is_named_and_cells_of_files_with_several_ids_are_told():
    rows = records_of({**COMPANY, "opportunity": [deal("sf:opportunity:1", account_key="sf:account:9")]})
    several = pl.DataFrame(
        {"field_name": ["owner_key"], "records": [3]}, schema={"field_name": pl.String, "records": pl.Int64}
    )
    streams = [
        replace(one, stream="deals", object="opportunity", several=several) if one.kind == "opportunity" else one
        for one in rows.streams
    ]
    assert reference_faults(replace(rows, streams=streams)).rows() == [
        ("sf", "deals", "account_key", "dangling", 1),
        ("sf", "deals", "owner_key", "several", 3),
    ]
