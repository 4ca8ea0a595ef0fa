"""Addresses as keys of persons: by which of them records match, and by which nobody does."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.declared_files import conform, stream
from tests.transforms.matched_addresses import person_edges, unmatched
from tests.transforms.test_identity import edges, entities, people, resolved_people
from transforms.golden.entities import matched_people

ADDRESS = "x@acme.com"


def person(key, name="", address=ADDRESS, **others):
    first, _, last = name.rpartition(" ")
    names = {"first_name": first or None, "last_name": last or None}
    return {"record_key": key, "email_normalised": address, **names, **others}


def named(*names):
    return [person(str(number), name) for number, name in enumerate(names)]


def test_records_match_by_any_of_their_addresses():
    told = resolved_people(
        person("a", address="ada@acme.com", further_addresses=["ada@acme.com", "ada@home.example"]),
        person("b", address="ada@home.example"),
        person("c", address=None, further_addresses=["ada@old.example", "ada@home.example"]),
        person("d", address="ada@old.example"),
        person("e", address="eve@acme.com", further_addresses=["info@acme.com"]),
        person("f", address="info@acme.com"),
    )
    assert entities(told) == {**dict.fromkeys("abcd", "a"), "e": "e", "f": "f"}


def test_cells_of_files_with_names_and_several_addresses_match():
    columns = {"last_name": "name", "email": "email", "further_emails": "private"}
    rows = [
        {"id": "1", "name": "Lund", "email": "Ada <ada@acme.com>, ada@home.example", "private": "n/a"},
        {"id": "2", "name": "Lund", "email": "mailto:ADA@home.example", "private": ""},
        {"id": "3", "name": "Lund", "email": "lund@acme.com", "private": "x@old.example; ada@home.example"},
        {"id": "4", "name": "Tarn", "email": "bo@acme.com; n/a@", "private": "bo@home.example"},
    ]
    records = conform(rows, stream(kind="person", columns=columns)).records
    told, untied = matched_people(records.lazy())
    assert told["entity_id"].to_list() == ["crm:deals:1"] * 3 + ["crm:deals:4"]
    assert told["email_normalised"].to_list() == ["ada@acme.com", "ada@home.example", "lund@acme.com", "bo@acme.com"]
    assert untied.is_empty()


@pytest.mark.parametrize(
    ("names", "is_one"),
    [
        (["Ora Cole", "Pia Dunn"], False),
        (["Ora Cole", "Pia Dunn", "Ora Cole"], False),
        (["Cole", "Dunn"], False),
        (["Ada Lund", "Ada Lund"], True),
        (["Ada Lund", "ADA LUND"], True),
        (["Ada Lund", "Lund Ada"], True),
        (["Ada Lund", "Ada Byron"], True),
        (["Bob Smith", "Robert Smith"], True),
        (["Ada Lund", "A. L."], True),
        (["J\u00fcrgen M\u00fcller", "Juergen Mueller"], True),
        (["Ada Lund", ""], True),
        (["Ada Lund", "Tarn"], True),
        (["Arlo West", "Alro Wset"], True),
        (["Ada Lund", "Ada van der Lund"], True),
    ],
    ids=str,
)
def test_an_address_under_contradicting_names_ties_nobody_and_is_told(names, is_one):
    found = named(*names)
    assert len(set(entities(resolved_people(*found)).values())) == (1 if is_one else len(names))
    frame = people(*found)
    reasons = unmatched(frame, person_edges(frame)).rows()
    assert reasons == ([] if is_one else [("contradicting_names", "email", len(names))])


def test_names_of_deleted_records_contradict_nobody():
    told = resolved_people(*named("Ada Lund", "Ada Lund"), person("gone", "Pia Dunn", is_deleted=True))
    assert set(entities(told).values()) == {"0"}


def test_what_a_source_links_agrees_whatever_the_names():
    told = resolved_people(person("a", "Ora Cole", same_as_keys=["b"]), person("b", "Pia Dunn"), person("c", "Pia"))
    assert set(entities(told).values()) == {"a"}


def test_what_stands_in_the_place_of_a_name_contradicts_nobody():
    unnamed = person("b") | {"first_name": "-", "last_name": "[not provided]"}
    assert set(entities(resolved_people(person("a", "Ora Cole"), unnamed)).values()) == {"a"}


def test_an_address_of_a_desk_or_of_nobody_is_told_where_records_share_it():
    frame = people(
        *(person(f"{n}", "Ada Lund", address="xx@xx.com") for n in range(2)), person("2", address="info@acme.com")
    )
    assert unmatched(frame, person_edges(frame)).rows() == [("shared_mailbox", "email", 2)]


def test_a_crowd_is_told_as_such_whatever_its_names():
    crowd = people(*named("Ora Cole", "Pia Dunn", "Quin Esk"))
    assert unmatched(crowd, edges(), email_limit=2).rows() == [("crowded_address", "email", 3)]


WORDS = st.sampled_from(["", "Ada", "Bo", "Lund", "Tarn", "A."])
NAMES = st.lists(st.builds("{} {}".format, WORDS, WORDS), min_size=2, max_size=5)


@given(NAMES, st.randoms())
def test_an_address_is_nobodys_if_it_is_for_some_pair_in_whatever_order(names, chance):
    is_nobodys = any(person_edges(people(*named(*pair))).is_empty() for pair in combinations(names, 2))
    shuffled = named(*names)
    chance.shuffle(shuffled)
    assert person_edges(people(*shuffled)).is_empty() is is_nobodys


@given(
    st.lists(
        st.lists(st.sampled_from(["a@x.com", "b@x.com", "c@x.com"]), unique=True, max_size=3), min_size=1, max_size=5
    )
)
def test_which_of_its_addresses_a_record_has_first_does_not_matter(addresses):
    def told(order):
        listed = [order(each) for each in addresses]
        rows = [
            person(str(n), address=each[0] if each else None, further_addresses=each[1:])
            for n, each in enumerate(listed)
        ]
        return entities(resolved_people(*rows))

    assert told(list) == told(lambda each: each[::-1])
