"""What each entry of a mapping gives, on records of an invented source."""

import json

import polars as pl
import pytest

from definitions.mapping.entries import (
    Vocabulary,
    computed,
    constant,
    currency,
    filled,
    first_of,
    linked,
    reference,
    text,
    words,
)
from definitions.mapping.envelope import Envelope
from definitions.mapping.source_mapping import SourceMapping
from definitions.mapping.stream_mapping import ListItems, StreamMapping, mapping_of
from definitions.schema.records import ACCOUNT, OPPORTUNITY, OWNER, PERSON
from transforms.conform.records import conform_stream
from transforms.state.versions import compact, parsed_versions

SOURCE = SourceMapping(
    source="crm",
    time_zone="UTC",
    currency="EUR",
    linked_source="other",
    statuses={"warm": "open"},
    stages={"a/won": "closed_won"},
)
STATUS = Vocabulary({"Fresh": "new", "quiet": ""}, settings="statuses")
KINDS = {"0A": "lead", "0B": "contact"}


def conformed(record, kind=PERSON, source=SOURCE, **mapping):
    fields = mapping_of(**{name: entry for name, entry in mapping.items() if name in kind.names})
    rest = {name: value for name, value in mapping.items() if name not in kind.names}
    lines = pl.LazyFrame({"raw": [json.dumps({"id": 1, **record})], "location": ["r/f:1"]})
    state = compact([parsed_versions(lines, Envelope(id="id"))], keeps_versions=kind is OPPORTUNITY).lazy()
    stream = StreamMapping(kind=kind, object="thing", fields=fields, **rest)
    return conform_stream(state, stream, source, stream="things")[kind.name]


def value(record, entry, name="title", **rest):
    return conformed(record, **{name: entry}, **rest).records[name].item()


@pytest.mark.parametrize(
    ("record", "entry", "found"),
    [
        ({"a": " x "}, text("a"), "x"),
        ({"a": {"b": 7}}, text("a.b"), "7"),
        ({"a": " ", "b": "y"}, text("a", "b"), "y"),
        ({}, text("a"), None),
        ({}, constant("z"), "z"),
        ({"a": "x", "b": "y"}, computed(pl.concat_str(filled("b"), filled("a"))), "yx"),
        ({"a": "none of them", "b": "y"}, first_of(words("a", {"x": "1"}), text("b")), "y"),
    ],
    ids=["a field", "a field inside", "the first filled", "no field", "a constant", "an expression", "the first known"],
)
def test_text_comes_from_where_the_entry_says(record, entry, found):
    assert value(record, entry) == found


@pytest.mark.parametrize(
    ("word", "found"),
    [("fresh", "new"), (" FRESH ", "new"), ("Warm", "open"), ("quiet", None), ("?", None), (None, None)],
)
def test_a_word_is_shared_whatever_its_case_and_the_settings_add_to_it(word, found):
    assert value({"a": word}, words("a", STATUS), "lead_status") == found


def test_another_word_may_stand_for_all_that_are_not_known():
    told = [
        value({"a": word}, words("a", {"x": "true"}, other="false"), "claims_customer") for word in ("x", "y", "", None)
    ]
    assert told == [True, False, None, None]


def test_a_word_that_nobody_mapped_is_a_fault_of_its_field_and_a_silent_one_is_not():
    read = [conformed({"a": word}, source_status=text("a", vocabulary=STATUS)) for word in ("quiet", "loud")]
    assert [one.value_faults["field_name"].to_list() for one in read] == [[], ["source_status"]]
    assert [one.records["source_status"].to_list() for one in read] == [["quiet"], ["loud"]]


@pytest.mark.parametrize(
    ("to", "identity", "key"),
    [
        ("user", " 7 ", "crm:user:7"),
        ("user", " ", None),
        ("erp:user", "7", "erp:user:7"),
        (KINDS, "0B1", "crm:contact:0B1"),
        (KINDS, "0C1", None),
        ({**KINDS, "": "user"}, "0C1", "crm:user:0C1"),
    ],
    ids=[
        "an object",
        "a blank id",
        "another source",
        "by its beginning",
        "an unknown beginning",
        "any other beginning",
    ],
)
def test_a_reference_is_the_key_of_what_it_points_to(to, identity, key):
    assert value({"a": identity}, reference("a", to=to), "owner_key") == key


@pytest.mark.parametrize(("linked_source", "keys"), [("other", ["other:contact:9"]), (None, [])])
def test_ids_of_the_linked_source_are_keys_there(linked_source, keys):
    source = SourceMapping(source="crm", time_zone="UTC", currency="EUR", linked_source=linked_source)
    told = conformed({"a": "9", "b": ""}, source=source, same_as_keys=linked(a="contact", b="lead"))
    assert told.records["same_as_keys"].to_list() == [keys]


@pytest.mark.parametrize(("code", "found"), [("CHF", "CHF"), ("", "EUR"), (None, "EUR")])
def test_an_amount_without_a_currency_is_in_that_of_the_source(code, found):
    assert conformed({"a": code}, OPPORTUNITY, currency_code=currency("a")).records["currency_code"].item() == found


def test_a_field_of_the_settings_goes_before_that_of_the_mapping():
    source = SourceMapping(source="crm", time_zone="UTC", currency="EUR", fields={"thing": {"title": "mine"}})
    told = conformed({"a": "theirs", "mine": "ours"}, source=source, title=text("a"))
    assert told.records["title"].item() == "ours"


def test_a_record_may_hold_several():
    told = conformed(
        {"items": [{"id": "x", "name": "Ann"}, {"id": None}, {"id": "y", "name": "Bob"}]},
        OWNER,
        each=ListItems(field="items", id="id"),
        owner_name=text("name"),
        is_active=constant(value=True),
        is_queue=constant(value=False),
    )
    assert told.records.select("record_key", "owner_name").rows() == [
        ("crm:thing:1/x", "Ann"),
        ("crm:thing:1/y", "Bob"),
    ]


def test_what_is_asked_for_is_what_the_entries_name_each_once():
    mapping = StreamMapping(
        kind=ACCOUNT,
        object="thing",
        fields=mapping_of(
            name=text("a", "b"),
            domain=computed(pl.coalesce(filled("b"), filled("c"))),
            same_as_keys=linked(d="account"),
            source_updated_at=text("changed"),
        ),
        inside="properties",
        outside=("changed",),
        extras=("e",),
        merged_ids="f",
    )
    assert mapping.requested_fields() == ("a", "b", "c", "d", "f", "e")
