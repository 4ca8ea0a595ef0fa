"""Links between deals and people, and between everything and accounts, whichever way a source tells them."""

from datetime import UTC, datetime

import polars as pl
import pytest

from definitions.polars_types import schema_of
from definitions.schema.records import ASSOCIATION, OPPORTUNITY, PERSON
from transforms.identity.links import account_of, people_of_opportunities

ROLES = ("decision maker", "economic buyer")
SEEN = datetime(2026, 11, 1, tzinfo=UTC)


def frame(kind, *rows):
    """Records of a kind; what a test does not tell is null."""
    schema = schema_of(kind.fields)
    given = [{"is_deleted": False, "source_updated_at": SEEN, **row} for row in rows]
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in given], schema=schema)


def role(deal, person, name=None, **given):
    return {
        "association_type": "opportunity_person",
        "from_key": f"sf:opportunity:{deal}",
        "to_key": f"sf:contact:{person}",
        "role": name,
        "is_primary": False,
        **given,
    }


def bridge(**entities):
    return pl.DataFrame(
        {"record_key": [key.replace("_", ":") for key in entities], "entity_id": list(entities.values())},
        schema={"record_key": pl.String, "entity_id": pl.String},
    )


PEOPLE = bridge(sf_contact_1="ada", sf_contact_2="bob", sf_lead_9="ada", hs_contact_7="ada")
DEALS = bridge(sf_opportunity_A="deal", hs_deal_5="deal")


def people_on_the_deal(*roles, people=(), deals=()):
    found = people_of_opportunities(
        frame(ASSOCIATION, *roles),
        frame(PERSON, *people),
        frame(OPPORTUNITY, *deals),
        person_bridge=PEOPLE,
        opportunity_bridge=DEALS,
        decision_maker_roles=ROLES,
    )
    return found.select("opportunity_id", "person_id", "role", "is_primary", "is_decision_maker").rows()


def test_a_contact_role_ties_a_person_to_a_deal():
    assert people_on_the_deal(role("A", 1, " Decision Maker ", is_primary=True)) == [
        ("deal", "ada", " Decision Maker ", True, True)
    ]


def test_one_person_in_several_records_and_roles_stands_once_with_the_role_that_decides():
    twice = [
        role("A", 1, "Evaluator", is_primary=True),
        role("A", 1, "Economic Buyer"),
        {**role("A", 1), "from_key": "hs:deal:5", "to_key": "hs:contact:7"},
    ]
    assert people_on_the_deal(*twice) == [("deal", "ada", "Economic Buyer", True, True)]


def test_of_roles_that_decide_nothing_the_primary_one_stands():
    roles = [role("A", 1, "Adviser"), role("A", 1, "Champion", is_primary=True)]
    assert people_on_the_deal(*roles) == [("deal", "ada", "Champion", True, False)]


def test_a_converted_lead_and_a_person_named_by_the_deal_are_on_it():
    lead = {"record_key": "sf:lead:9", "converted_opportunity_key": "sf:opportunity:A"}
    deal = {"record_key": "hs:deal:5", "person_key": "sf:contact:2"}
    assert people_on_the_deal(people=[lead], deals=[deal]) == [
        ("deal", "ada", None, False, False),
        ("deal", "bob", None, False, False),
    ]


@pytest.mark.parametrize(
    "gone",
    [role("A", 1, is_deleted=True), role("A", 404), role("Z", 1), role("A", 1, association_type="person_account")],
    ids=["deleted", "unknown person", "unknown deal", "another kind"],
)
def test_what_ties_nobody_ties_nobody(gone):
    assert people_on_the_deal(gone) == []


def test_the_primary_account_is_the_account_and_the_first_id_breaks_a_tie():
    def link(person, company, *, is_primary=False):
        return {
            "association_type": "person_account",
            "from_key": f"hs:contact:{person}",
            "to_key": f"hs:company:{company}",
            "is_primary": is_primary,
        }

    links = frame(ASSOCIATION, link(1, 20), link(1, 30, is_primary=True), link(2, 20), link(2, 10), link(3, 404))
    owners = bridge(hs_contact_1="ada", hs_contact_2="bob", hs_contact_3="cyd")
    accounts = bridge(hs_company_10="ten", hs_company_20="twenty", hs_company_30="thirty")
    found = account_of(links, "person_account", owner_bridge=owners, account_bridge=accounts, gives="person_id")
    assert found.rows() == [("ada", "thirty"), ("bob", "ten")]
