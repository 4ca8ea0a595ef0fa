"""A record that cannot be read is set aside with its reason and place; it never costs its neighbours."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hubspot.responses import association_identity, object_identity, simple_identity
from connectors.landing.envelope import validate_records
from connectors.salesforce.query import row_identity

CONTACT = object_identity("lastmodifieddate")
GOOD = b'{"id":"1","properties":{"lastmodifieddate":"2026-01-01T00:00:00Z"},"updatedAt":"x"}'

BAD = [
    (b"{}", "field_missing", "id"),
    (b'{"id":"1"}', "field_missing", "properties"),
    (b'{"id":{"a":1},"properties":{}}', "wrong_type", "id"),
    (b'{"id":1.5,"properties":{}}', "wrong_type", "id"),
    (b'{"id":null,"properties":{}}', "wrong_type", "id"),
    (b'{"id":"","properties":{}}', "id_blank", None),
    (b'{"id":" ","properties":{}}', "id_blank", None),
    (b'{"id":"a\\u0000b","properties":{}}', "id_blank", None),
    (b'{"id":"1","properties":[]}', "wrong_type", "properties"),
    (b'{"id":"1","properties":{"ok":1,"nested":{"a":1}}}', "wrong_type", "properties.nested"),
    (b'{"id":"1","properties":{"listed":["a"]}}', "wrong_type", "properties.listed"),
    (b'{"id":"1","properties":{"huge":1e999}}', "number_out_of_range", None),
    (b'{"id":"1","properties":{"a":"\xff"}}', "not_utf8", None),
    (b'{"id":"1","properties":{"a":' + b"[" * 5000 + b"]" * 5000 + b"}}", "wrong_type", None),
    (b'"text"', "not_an_object", None),
    (b"[1]", "not_an_object", None),
    (b"null", "not_an_object", None),
]


@pytest.mark.parametrize(("raw", "reason", "field"), BAD, ids=[f"{r}-{n}" for n, (_, r, _) in enumerate(BAD)])
def test_a_bad_record_is_named_and_its_neighbours_stay(raw, reason, field):
    """F30."""
    checked = validate_records([msgspec.Raw(one) for one in (GOOD, raw, GOOD)], CONTACT, page=4)
    assert [seen.raw for seen in checked.records] == [GOOD, GOOD]
    (bad,) = checked.rejected
    assert (bad.reason, bad.field, bad.page, bad.offset) == (reason, field, 4, 1)
    assert bad.record == raw.decode("utf-8", "backslashreplace")


@pytest.mark.parametrize(
    ("identify", "raw", "expected"),
    [
        (CONTACT, GOOD, ("1", "2026-01-01T00:00:00Z")),
        (CONTACT, b'{"id":512,"properties":{"n":null,"b":true,"f":1.5},"updatedAt":"u"}', ("512", "u")),
        (CONTACT, b'{"id":"1","properties":{},"updatedAt":null}', ("1", "")),
        (simple_identity, b'{"id":"7","teams":[{"id":"1"}],"updatedAt":"u"}', ("7", "u")),
        (simple_identity, b'{"id":"7","updatedAt":null}', ("7", "")),
        (association_identity, b'{"from":{"id":"7"},"to":[{"toObjectId":1}]}', ("7", "")),
        (row_identity, b'{"attributes":{"type":"Lead"},"Id":"00Q","SystemModstamp":"s","N":1}', ("00Q", "s")),
    ],
    ids=["contact", "scalars of any type", "unmodified contact", "owner", "unmodified owner", "association", "row"],
)
def test_a_good_record_tells_id_and_version(identify, raw, expected):
    assert identify(msgspec.Raw(raw)) == expected


@pytest.mark.parametrize(
    ("raw", "reason", "field"),
    [
        (b'{"attributes":{"type":"Lead"},"SystemModstamp":"s"}', "id_blank", None),
        (b'{"attributes":{"type":"Lead"},"Id":"1","Address":{"street":"x"}}', "field_missing", "type"),
        (b'{"attributes":{"type":"Lead"},"Id":"1","Tags":["x"]}', "wrong_type", "Tags"),
    ],
    ids=["no id", "compound", "list"],
)
def test_a_bad_row_is_named(raw, reason, field):
    (bad,) = validate_records([msgspec.Raw(raw)], row_identity, page=1).rejected
    assert (bad.reason, bad.field) == (reason, field)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "properties", "x"]), inner),
    max_leaves=6,
)


@given(
    st.lists(json_values, max_size=8), st.sampled_from([CONTACT, simple_identity, association_identity, row_identity])
)
def test_law_every_record_is_either_good_or_set_aside(values, identify):
    raws = [msgspec.Raw(json.dumps(value).encode()) for value in values]
    checked = validate_records(raws, identify, page=1)
    assert len(checked.records) + len(checked.rejected) == len(raws)
    assert all(seen.id.strip() for seen in checked.records)
    assert [bad.offset for bad in checked.rejected] == sorted({bad.offset for bad in checked.rejected})
