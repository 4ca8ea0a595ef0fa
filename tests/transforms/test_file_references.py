"""References in cells of files: two spellings of one id, and several ids in one cell."""

import pytest

from tests.connectors.people_file import aside, read
from tests.transforms.declared_files import MEANING, conform, landed, stream
from tests.transforms.hubspot_records import contact
from transforms.conform.files_links import people_of_file, several_references
from transforms.conform.files_versions import compact_files

REFERENCES = {
    "person_key": {"column": "people", "refers_to": "people"},
    "account_key": {"column": "company", "refers_to": "salesforce:account"},
    "owner_key": {"column": "owner", "refers_to": "owners"},
}
DEALS = stream(columns={"name": "id", **REFERENCES})


def deal(identity="9", *, people="", company="", owner=""):
    return {"id": identity, "people": people, "company": company, "owner": owner}


def state(*rows, of=DEALS):
    return compact_files(None, [landed(rows)], MEANING, stream=of, keeps_versions=True).lazy()


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        ("0015e00000VrTqA", "salesforce:account:0015e00000VrTqAAAV"),
        (" 0015e00000VrTqAAAV ", "salesforce:account:0015e00000VrTqAAAV"),
        ("8.0", "salesforce:account:8"),
        ("8; 9", "salesforce:account:8"),
        ("Smith; Sons", "salesforce:account:Smith; Sons"),
        (" ", None),
    ],
)
def test_a_cell_refers_to_the_first_record_it_names_in_whatever_spelling(cell, key):
    records = conform([deal(company=cell)], DEALS).records
    assert records["account_key"].to_list() == [key]


@pytest.mark.parametrize(
    ("identity", "key"),
    [("0065e00000VrTqA", "crm:deals:0065e00000VrTqAAAV"), ("70.0", "crm:deals:70"), (" 70 ", "crm:deals:70")],
)
def test_a_records_own_key_has_the_same_form(identity, key):
    assert conform([deal(identity)], DEALS).records["record_key"].to_list() == [key]


def test_a_row_of_the_other_spelling_is_a_row_of_the_same_record():
    found = read("id,name\n70,Ada\n70.0,Bo\n0035e00000KxQzP,Cy\n0035e00000KxQzPAAV,Di\n71,Ed\n")
    assert aside(found) == [(2, "id_repeated"), (3, "id_repeated"), (4, "id_repeated"), (5, "id_repeated")]
    later = [landed([deal("70")]), landed([deal("70.0", owner="3")], "r2")]
    rows = compact_files(None, later, MEANING, stream=DEALS, keeps_versions=False)
    assert rows.filter("is_latest").select("source_id", "is_deleted").rows() == [("70", False)]


def test_a_link_of_the_marketing_system_names_the_record_in_its_long_form():
    [row] = contact((5, {"salesforceleadid": "00Q5e00000VrTqA"})).records.to_dicts()
    assert row["same_as_keys"] == ["salesforce:lead:00Q5e00000VrTqAEAV"]


def test_a_deal_is_linked_with_every_person_in_its_cell():
    links = people_of_file(state(deal("1", people="70;71.0;70"), deal("2", people="72")), MEANING, stream=DEALS).records
    assert links.select("from_key", "to_key", "association_type", "is_deleted").rows() == [
        ("crm:deals:1", "crm:people:70", "opportunity_person", False),
        ("crm:deals:1", "crm:people:71", "opportunity_person", False),
    ]
    assert links["record_key"].n_unique() == 2


def test_further_references_of_a_record_that_has_one_are_counted():
    rows = state(deal("1", people="1;2", owner="3;4"), deal("2", owner="3; 4;"), deal("3", company="5;5.0", owner="6"))
    assert several_references(rows, MEANING, stream=DEALS).rows() == [("owner_key", 2)]
    plain = stream()
    assert several_references(state({"id": "1"}, of=plain), MEANING, stream=plain).is_empty()
    assert people_of_file(state({"id": "1"}, of=plain), MEANING, stream=plain).records.is_empty()
