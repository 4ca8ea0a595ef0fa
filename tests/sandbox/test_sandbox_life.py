"""A week changes what it says it changes, and nothing without a new modified time."""

from datetime import timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sandbox.company.moments import evening_of, last_change_before, moments
from sandbox.hubspot.links import pairs_of
from sandbox.life.weeks import changes, next_week


def tables(company):
    return {**company.hubspot, **company.salesforce}


def key_of(table):
    return "Id" if "Id" in table.columns else "_id"


@pytest.fixture(scope="module")
def weeks(larger_company):
    """The company at the start and after each of three weeks."""
    lived = [larger_company]
    for _ in range(3):
        lived.append(next_week(lived[-1]))
    return lived


def test_a_week_is_the_same_every_time(company):
    once, again = next_week(company), next_week(company)
    for name, table in tables(once).items():
        assert_frame_equal(table, tables(again)[name])
    assert once.as_of == company.as_of + timedelta(days=7)


def test_weeks_differ(weeks):
    first, second = (changes(before, after) for before, after in pairwise(weeks[:3]))
    assert first["contacts"].changed != second["contacts"].changed


def test_nothing_changes_without_a_new_modified_time_within_the_week(weeks):
    for before, after in pairwise(weeks):
        begins, ends = moments(np.array([evening_of(before.as_of), last_change_before(after.as_of)]))
        for name, table in tables(after).items():
            old, key = tables(before)[name], key_of(table)
            both = table.join(old, on=key, how="inner", suffix="_old")
            assert both.height == old.height, f"{name} lost a record"
            stamped = pl.col("_modified") != pl.col("_modified_old")
            visible = [column for column in table.columns if column != key and column not in ("_modified", "_firm")]
            differs = pl.any_horizontal(pl.col(column).ne_missing(pl.col(f"{column}_old")) for column in visible)
            assert both.filter(differs & ~stamped).is_empty(), name
            new = pl.concat([both.filter(stamped)["_modified"], table.join(old, on=key, how="anti")["_modified"]])
            assert ((new > begins) & (new <= ends)).all(), name


def test_every_kind_of_thing_happens(weeks):
    seen = {}
    for before, after in pairwise(weeks):
        for name, one in changes(before, after).items():
            for deed, count in one.counts().items():
                seen[name, deed] = seen.get((name, deed), 0) + count
    happen = [
        *((name, "created") for name in ("contacts", "deals", "Lead", "Contact", "Opportunity", "Task")),
        *((name, "changed") for name in ("contacts", "companies", "deals", "Lead")),
        *((name, "changed") for name in ("Account", "Opportunity", "Task", "User")),
        *((name, "archived") for name in ("contacts", "deals", "owners", "Lead", "Contact", "Opportunity")),
        *((name, "restored") for name in ("contacts", "Lead", "Task")),
        *((name, "gone") for name in ("contacts",)),
    ]
    assert [deed for deed in happen if not seen.get(deed)] == []


def test_the_silent_come_back(weeks):
    was, now = (weeks[n].people.select("person", "story", "inbound") for n in (0, 3))
    both = was.join(now, on="person", suffix="_now").filter(pl.col("story") == "silent")
    back = both.filter(pl.col("story_now").is_in(["asker", "download"]))
    assert 0 < back.height < both.height / 4
    assert (back["inbound_now"] > back["inbound"]).all()


def test_nobody_asked_for_anything_before_being_known(weeks):
    contacts = weeks[-1].hubspot["contacts"].filter(pl.col("_copy") == 0)
    new = contacts.filter(pl.col("_created") > moments(np.array([weeks[0].last_change]))[0])
    assert new["first_conversion_date"].drop_nulls().len() > 10
    for column in ("first_conversion_date", "recent_conversion_date", "hs_email_last_click_date"):
        assert contacts.filter(pl.col(column) < pl.col("_created").dt.truncate("1s")).is_empty(), column
    assert new.filter(pl.col("notes_last_contacted") > pl.col("_modified")).is_empty()


def test_associations_of_a_merged_contact_are_its_survivor_s(weeks):
    pairs = pairs_of(weeks[-1])["contacts", "companies"]
    contacts = weeks[-1].hubspot["contacts"]
    survivors = contacts.filter(pl.col("hs_merged_object_ids").is_not_null() & (pl.col("_state") == "live"))
    adopted = 0
    for identity, merged in survivors.select("_id", "hs_merged_object_ids").iter_rows():
        olds = weeks[-1].links.filter(pl.col("from_id").is_in(merged.split(";")) & (pl.col("_from") == "contacts"))
        companies = weeks[-1].hubspot["companies"].filter(pl.col("_id").is_in(olds["to_id"].implode()))
        live = companies.filter(pl.col("_state") == "live")["_id"].to_list()
        assert set(live) <= {other for other, _ in pairs.get(identity, [])}
        adopted += len(live)
        assert not set(merged.split(";")) & set(pairs)
    assert adopted


def test_synced_deals_stay_in_step(weeks):
    after = weeks[-1]
    pairs = after.hubspot["deals"].join(
        after.salesforce["Opportunity"], left_on="hs_salesforceopportunityid", right_on="Id", suffix="_sf"
    )
    both_live = pairs.filter((pl.col("_state") == "live") & (pl.col("_state_sf") == "live"))
    moved = both_live.filter(pl.col("_modified") > moments(np.array([weeks[0].last_change]))[0])
    assert moved.height > 5
    in_step = (both_live["_stage"] == both_live["_stage_sf"]).mean()
    # One side may have been archived while the other moved, and come back since.
    assert in_step > 0.98


def test_merged_records_are_named_by_their_survivors(weeks):
    before, after = weeks[0], weeks[-1]
    contacts = after.hubspot["contacts"]
    lost = changes(before, after)["contacts"].gone
    named = set(";".join(contacts["hs_merged_object_ids"].drop_nulls()).split(";"))
    merged = contacts.filter(pl.col("_id").is_in(lost) & (pl.col("_copy") == 1))["_id"].to_list()
    assert merged
    assert set(merged) - named <= set(contacts.filter(pl.col("_copy") == 1)["_id"])
    assert len(set(merged) & named) > 0.8 * len(merged)
    leads = after.salesforce["Lead"]
    binned = leads.filter(pl.col("MasterRecordId").is_not_null())
    assert (binned["_state"] == "archived").all()
    masters = binned.join(leads, left_on="MasterRecordId", right_on="Id", suffix="_master")
    assert masters.height == binned.height
    assert (masters["_entity"] == masters["_entity_master"]).all()
    assert (masters["_copy_master"] == 0).all()


def test_no_live_record_says_it_was_merged_away(weeks):
    for name in ("Lead", "Contact", "Account"):
        table = weeks[-1].salesforce[name]
        assert table.filter((pl.col("_state") == "live") & pl.col("MasterRecordId").is_not_null()).is_empty()
