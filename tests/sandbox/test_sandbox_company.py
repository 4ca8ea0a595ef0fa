"""The company is the same every time, hangs together, and is as clean and as dirty as it says."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sandbox.company.chance import Dice
from sandbox.company.company import Company, found
from sandbox.company.identifiers import salesforce_ids
from sandbox.company.moments import moments
from sandbox.company.true_deals import WON
from sandbox.company.truth import truth

AS_OF = date(2026, 11, 22)
LIVE = pl.col("_state") == "live"
MOVES = ("recent_conversion_date", "hs_email_last", "hs_sales_email", "hs_analytics_last_visit", "notes_last")


def tables(company: Company) -> dict[str, pl.DataFrame]:
    return {**company.hubspot, **company.salesforce}


def test_the_same_seed_gives_the_same_company(company):
    again = found(500, 7, AS_OF)
    for name, table in tables(company).items():
        assert_frame_equal(table, tables(again)[name])
    assert_frame_equal(company.links, again.links)


def test_another_seed_gives_another_company(company):
    other = found(500, 8, AS_OF)
    assert other.hubspot["contacts"]["email"].to_list() != company.hubspot["contacts"]["email"].to_list()


def test_another_day_moves_the_company_but_does_not_change_it(company):
    later = found(500, 7, AS_OF + timedelta(days=30))
    before, after = company.hubspot["contacts"], later.hubspot["contacts"]
    assert before["email"].to_list() == after["email"].to_list()
    assert (after["_modified"] - before["_modified"]).unique().to_list() == [timedelta(days=30)]


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=30, unique=True), st.integers(0, 2**31))
def test_a_draw_depends_on_nobody_else(ids, seed):
    together = Dice(seed).unit("eye colour", np.array(ids))
    alone = [Dice(seed).unit("eye colour", np.array([one]))[0] for one in ids]
    assert together.tolist() == alone
    assert ((together >= 0) & (together < 1)).all()


@pytest.mark.parametrize(
    ("short", "long"),
    [("001A0000006Vm9u", "001A0000006Vm9uIAC"), ("003q000000KvQ1t", "003q000000KvQ1tAAF")],
    ids=["account", "contact"],
)
def test_salesforce_ids_end_as_real_ones_do(short, long):
    # The suffix of two ids seen in the wild, worked out by the same rule as ours.
    upper = [[letter.isupper() for letter in short[start : start + 5]] for start in (0, 5, 10)]
    suffix = "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[sum(bit << n for n, bit in enumerate(bits))] for bits in upper)
    assert short + suffix == long
    made = salesforce_ids("00Q", np.array([0, 61, 62, 10**9]))
    for one in made.to_list():
        upper = [[letter.isupper() for letter in one[start : start + 5]] for start in (0, 5, 10)]
        assert one[15:] == "".join(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[sum(bit << n for n, bit in enumerate(bits))] for bits in upper
        )
    assert made.to_list() == sorted(made.to_list())


def test_ids_are_unique_and_stamps_ordered(larger_company):
    for name, table in tables(larger_company).items():
        key = "Id" if "Id" in table.columns else "_id"
        assert table[key].is_unique().all(), name
        assert table.filter(pl.col("_created") > pl.col("_modified")).is_empty(), name
        assert table["_modified"].max() <= moments(np.array([larger_company.last_change]))[0], name


def test_records_point_to_records_that_are_there(larger_company):
    hs, sf = larger_company.hubspot, larger_company.salesforce
    pointers = [
        (hs["contacts"], "salesforceleadid", sf["Lead"], "Id"),
        (hs["contacts"], "salesforcecontactid", sf["Contact"], "Id"),
        (hs["contacts"], "associatedcompanyid", hs["companies"], "_id"),
        (hs["contacts"], "hubspot_owner_id", hs["owners"], "_id"),
        (hs["companies"], "salesforceaccountid", sf["Account"], "Id"),
        (hs["deals"], "hs_salesforceopportunityid", sf["Opportunity"], "Id"),
        (sf["Lead"], "ConvertedContactId", sf["Contact"], "Id"),
        (sf["Lead"], "ConvertedAccountId", sf["Account"], "Id"),
        (sf["Lead"], "ConvertedOpportunityId", sf["Opportunity"], "Id"),
        (sf["Lead"], "MasterRecordId", sf["Lead"], "Id"),
        (sf["Contact"], "AccountId", sf["Account"], "Id"),
        (sf["Opportunity"], "AccountId", sf["Account"], "Id"),
        (sf["Opportunity"], "ContactId", sf["Contact"], "Id"),
        (sf["OpportunityContactRole"], "ContactId", sf["Contact"], "Id"),
        (sf["OpportunityContactRole"], "OpportunityId", sf["Opportunity"], "Id"),
    ]
    for table, column, target, key in pointers:
        known = table[column].drop_nulls()
        assert known.len() > 0, column
        assert known.is_in(target[key].implode()).all(), column


def test_one_person_is_told_alike_in_both_systems(larger_company):
    hs, sf = larger_company.hubspot["contacts"], larger_company.salesforce["Lead"]
    pairs = hs.filter(pl.col("salesforceleadid").is_not_null()).join(
        sf, left_on="salesforceleadid", right_on="Id", suffix="_lead"
    )
    assert (pairs["_entity"] == pairs["_entity_lead"]).all()
    same = pairs["email"].str.strip_chars().str.to_lowercase() == pairs["Email"].str.strip_chars().str.to_lowercase()
    assert same.drop_nulls().mean() > 0.85


def test_hubspot_keeps_one_contact_an_address(larger_company):
    address = pl.col("email").str.strip_chars().str.to_lowercase()
    known = larger_company.hubspot["contacts"].filter(LIVE).select(address).to_series().drop_nulls()
    valid = known.filter(known.str.contains(r"^[^@ ]+@[^@ ]+\.[a-z]+$"))
    assert valid.len() > 1_000
    assert valid.is_unique().all()


def test_who_is_silent_in_the_story_is_silent_in_every_record(larger_company):
    limit = AS_OF - timedelta(days=180)
    hs, sf = larger_company.hubspot["contacts"], larger_company.salesforce
    silent = larger_company.people.filter(pl.col("story") == "silent")["person"].implode()
    moves = [name for name in hs.columns if name.startswith(MOVES)]
    assert len(moves) >= 6
    for column in moves:
        assert hs.filter(pl.col("_entity").is_in(silent) & (pl.col(column).dt.date() > limit)).is_empty(), column
    for table, column in (("Lead", "LastActivityDate"), ("Contact", "LastActivityDate"), ("Task", "ActivityDate")):
        assert sf[table].filter(pl.col("_entity").is_in(silent) & (pl.col(column) > limit)).is_empty(), table


def test_names_of_lists_never_moved(larger_company):
    listed = larger_company.people.filter(pl.col("story") == "list")["person"].implode()
    hs, tasks = larger_company.hubspot["contacts"], larger_company.salesforce["Task"]
    assert hs.filter(pl.col("_entity").is_in(listed))["recent_conversion_date"].null_count() > 0
    assert hs.filter(pl.col("_entity").is_in(listed) & pl.col("recent_conversion_date").is_not_null()).is_empty()
    inbound = pl.col("Type").is_in(["Inbound Call", "Email Reply", "Demo Request", "Contact Form"])
    assert tasks.filter(pl.col("_entity").is_in(listed) & inbound).is_empty()


def test_close_dates_lie_late_in_the_evening_of_new_york(larger_company):
    dated = larger_company.hubspot["deals"].filter(pl.col("closedate").is_not_null())
    local = dated["closedate"].dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York").dt.date()
    assert (local == dated["_close_on"]).all()
    assert (dated["closedate"].dt.date() != dated["_close_on"]).all()


def test_bulk_edits_give_many_records_one_modified_time(larger_company):
    for name, share in (("contacts", 0.1), ("Lead", 0.2), ("Contact", 0.1)):
        counts = tables(larger_company)[name].group_by("_modified").len()["len"]
        assert counts.max() > share * counts.sum(), name


OPEN = ~pl.col("IsClosed")
close_on, staged_on = pl.col("CloseDate"), pl.col("LastStageChangeDate").dt.date()
REFUSED, LOST = pl.col("Status") == "Closed - Not Converted", pl.col("StageName") == "Closed Lost"
LIST, SILENT = pl.col("_story") == "list", pl.col("_story") == "silent"
MQL = pl.col("Status") == "Marketing Qualified"
DEAL_DIRT = {
    "overdue": OPEN & close_on.is_between(date(2000, 1, 1), AS_OF - timedelta(days=1)),
    "close date 1970": close_on == date(1970, 1, 1),
    "close date 2099": close_on == date(2099, 12, 31),
    "close date a century ahead": close_on == date(2126, 12, 31),
    "far close date": OPEN & close_on.is_between(date(2027, 12, 1), date(2030, 1, 1)),
    "pushed": pl.col("PushCount") >= 3,
    "no next step": OPEN & pl.col("NextStep").is_null(),
    "no amount": OPEN & pl.col("Amount").is_null(),
    "no contact": OPEN & pl.col("ContactId").is_null(),
    "no account": pl.col("AccountId").is_null(),
    "old stage": OPEN & (staged_on < date(2026, 9, 15)),
    "lost without reason": LOST & pl.col("Loss_Reason__c").is_null(),
    "lost to nobody named": (pl.col("Loss_Reason__c") == "Lost to Competitor") & pl.col("Competitor__c").is_null(),
    "no budget told": OPEN & pl.col("Budget_Status__c").is_null(),
    "euro": pl.col("CurrencyIsoCode") == "EUR",
}
LEAD_DIRT = {
    "capitals in an address": pl.col("Email").str.contains("[A-Z]"),
    "no address": pl.col("Email").is_null(),
    "tag in an address": pl.col("Email").str.contains(r"\+(webinar|news|demo)@"),
    "placeholder telephone": pl.col("Phone").is_in(["0000000000", "n/a", "123456789"]),
    "list called MQL": LIST & MQL,
    "dead but open": SILENT & pl.col("Status").str.starts_with("Open"),
    "MQL waiting": MQL & pl.col("Sales_Accepted_Date__c").is_null(),
    "converted without a deal": pl.col("IsConverted") & pl.col("ConvertedOpportunityId").is_null(),
    "rejected without reason": REFUSED & pl.col("Disqualified_Reason__c").is_null(),
    "queue": pl.col("OwnerId").str.starts_with("00G"),
    "merged": pl.col("MasterRecordId").is_not_null() & (pl.col("_state") == "archived"),
    "country spelt oddly": pl.col("Country").is_in(["U.S.A.", "UK", "Deutschland", "Holland"]),
}
CONTACT_DIRT = {
    "spaces round an address": pl.col("email").str.starts_with(" "),
    "broken address": pl.col("email").str.ends_with("@"),
    "own domain": pl.col("email").str.contains("@bantam-sandbox.example"),
    "formula in a name": pl.col("lastname").str.starts_with("="),
    "markup in a name": pl.col("firstname").str.contains("<b>", literal=True),
    "shout in a name": pl.col("firstname").str.contains("<!channel>", literal=True),
    "emoji in a name": pl.col("lastname").str.contains("🚀"),
    "list called MQL": LIST & (pl.col("lifecyclestage") == "marketingqualifiedlead"),
    "merged": pl.col("hs_merged_object_ids").is_not_null(),
    "archived": pl.col("_state") == "archived",
    "other script": pl.col("lastname").str.contains(r"[\u0370-\uffff]"),
}
HUBSPOT_DEAL_DIRT = {
    "no close date": pl.col("closedate").is_null(),
    "placeholder next step": pl.col("hs_next_step").is_in(["tbd", "n/a", "."]),
    "pound": pl.col("deal_currency_code") == "GBP",
}
DIRT = [
    pytest.param(table, condition, id=f"{table}: {name}")
    for table, kinds in {
        "Opportunity": DEAL_DIRT,
        "Lead": LEAD_DIRT,
        "contacts": CONTACT_DIRT,
        "deals": HUBSPOT_DEAL_DIRT,
    }.items()
    for name, condition in kinds.items()
]


@pytest.mark.parametrize(("name", "condition"), DIRT)
def test_the_dirt_is_there_and_is_not_everything(larger_company, name, condition):
    share = tables(larger_company)[name].select(condition.fill_null(value=False).mean()).item()
    assert 0 < share < 0.4


def test_inactive_owners_hold_some_records(larger_company):
    users, opportunities = larger_company.salesforce["User"], larger_company.salesforce["Opportunity"]
    left = users.filter(~pl.col("IsActive"))["Id"].implode()
    share = opportunities.filter(~pl.col("IsClosed"))["OwnerId"].is_in(left).mean()
    assert 0 < share < 0.12


def test_most_open_deals_are_sane(larger_company):
    opened = larger_company.salesforce["Opportunity"].filter((pl.col("_stage") < WON) & LIVE)
    sane = (
        pl.col("CloseDate").is_between(AS_OF, AS_OF + timedelta(days=365))
        & pl.col("Amount").is_not_null()
        & pl.col("AccountId").is_not_null()
    )
    assert 0.6 < opened.select(sane.mean()).item() < 0.9


def test_truth_counts_what_the_tables_hold(company):
    told = truth(company)
    assert told["people"] == 500
    contacts = company.hubspot["contacts"].group_by("_state").len()
    assert told["tables"]["contacts"] == {"absent": 0, "archived": 0} | dict(contacts.iter_rows())
    assert told["person_records"]["pairs"] >= told["person_records"]["records"] - told["person_records"]["true"]
