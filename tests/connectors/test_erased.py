"""What the list takes out of a record, and what it leaves as it was."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.landing.erased import (
    NOBODY,
    REDACTED,
    TOMBSTONE,
    ErasedList,
    PersonReference,
    StreamEraser,
    address_form,
)
from connectors.landing.history import damages, landed_runs
from connectors.landing.listing import Listing
from connectors.landing.reader import MANIFEST, Rejected
from connectors.landing.rewriting import erased_lines, rewrite_run
from connectors.landing.writer import Landing, PageBuffer

EMPTY = ErasedList(b"key")
ADA = "ada@engine.example.com"
LIST = ErasedList(b"key", frozenset({EMPTY.of_record("crm:contact:1"), EMPTY.of_address(ADA)}))
RUN = "000001-20261120T000000Z"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def id_of(raw):
    return str(msgspec.json.decode(raw)["id"])


def of_person(**properties):
    return {"id": "2", "properties": properties}


def deal(name):
    return {"id": "1", "name": name}


PEOPLE = StreamEraser(erased=LIST, identify=id_of, prefix="crm:contact:", addresses=(("properties", "email"),))
DEALS = StreamEraser(erased=LIST, identify=id_of)
CALLS = StreamEraser(
    erased=LIST, identify=id_of, persons=(PersonReference(path=("who",), prefixes=("crm:lead:", "crm:contact:")),)
)


@pytest.mark.parametrize(
    ("eraser", "record", "kept"),
    [
        (PEOPLE, {"id": "1", "properties": {}}, None),
        (PEOPLE, {"id": 1, "properties": {"email": "other@x.example.com"}}, None),
        (PEOPLE, {"id": "2", "properties": {"email": f" {ADA.upper()} "}}, None),
        (PEOPLE, of_person(email="b@x.example.com"), of_person(email="b@x.example.com")),
        (PEOPLE, of_person(note=f"by {ADA}., x{ADA}"), of_person(note=f"by {REDACTED}., x{ADA}")),
        (DEALS, {"id": "1", "name": "Pump"}, {"id": "1", "name": "Pump"}),
        (DEALS, deal(f"mailto:{ADA}?subject=x, <{ADA}>"), deal(f"mailto:{REDACTED}?subject=x, <{REDACTED}>")),
        (DEALS, {"id": "1", "name": f"x{ADA}"}, {"id": "1", "name": f"x{ADA}"}),
        (CALLS, {"id": "9", "who": "1"}, None),
        (CALLS, {"id": "9", "who": "2"}, {"id": "9", "who": "2"}),
        (CALLS, {"id": "1", "who": None}, {"id": "1", "who": None}),
    ],
    ids=[
        "by key", "by a key that is a number", "by its address in another spelling", "somebody else",
        "somebody else who names the address", "a deal of the same id", "a deal that names the address twice",
        "an address that ends like it", "a call with the person", "a call with another", "a call with nobody",
    ],
)  # fmt: skip
def test_what_is_kept_of_a_record(eraser, record, kept):
    raw = json.dumps(record).encode()
    found = eraser.kept(raw)
    assert found == TOMBSTONE if kept is None else json.loads(found) == kept
    if kept == record:
        assert found == raw


def test_an_address_is_found_however_it_is_escaped():
    raw = b'{"id":"3","name":"\\u0061da\\u0040engine.example.com"}'
    assert json.loads(DEALS.kept(raw)) == {"id": "3", "name": REDACTED}


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=5))
def test_what_was_kept_is_kept_again(name, identity):
    for eraser in (PEOPLE, DEALS, CALLS):
        raw = msgspec.json.encode({"id": identity, "name": f"{name} {ADA}", "who": identity, "properties": {}})
        once = eraser.kept(raw)
        assert eraser.kept(once) == once
        assert ADA.encode() not in once


@given(st.emails())
def test_spellings_of_one_address_have_one_digest(address):
    assert EMPTY.of_address(address.upper()) == EMPTY.of_address(f" {address_form(address)}.")


def test_another_key_makes_other_digests_and_nobody_is_nobody():
    assert EMPTY.of_record("crm:contact:1") != ErasedList(b"other").of_record("crm:contact:1")
    assert not NOBODY
    assert not NOBODY.has_record("crm:contact:1")
    assert "key" not in repr(LIST)


def test_a_rewritten_run_holds_and_the_others_keep_their_lines(tmp_path):
    landing = Landing(tmp_path)
    records = [
        json.dumps({"id": str(number), "properties": {"email": f"p{number}@x.example.com"}}).encode()
        for number in range(4)
    ]
    rejected = [Rejected(reason="wrong_type", page=1, offset=2, record=f"{{{ADA}")]
    listing = Listing(id=RUN, started_at=NOON, is_full=True, watermark=NOON, runs=[RUN], records=4)
    with landing.writer("crm", "contacts", RUN) as writer:
        for page in (records, records[2:]):
            buffer = PageBuffer()
            buffer.add(page)
            writer.write_page(buffer, request="GET", rejected=rejected, listing=msgspec.structs.replace(listing))
            rejected = []
    (landing.folder("crm", "contacts", RUN) / "aside-000009-x.jsonl.zst").write_text(ADA)
    before = landing.read_manifest("crm", "contacts", RUN)

    def rewrite(page):
        return erased_lines(page, landing.verified(page), PEOPLE)

    assert rewrite_run(landing, "crm", "contacts", RUN, rewrite, PEOPLE) == 2
    after = landing.read_manifest("crm", "contacts", RUN)
    assert [(page.seq, page.records, page.rejected, page.listing) for page in after] == [
        (page.seq, page.records, page.rejected, page.listing) for page in before
    ]
    assert [*landing.records(after[0])] == [records[0], *records[2:]]
    assert after[1] == before[1]
    assert [one.record for one in landing.rejected(after[0])] == [REDACTED]
    assert [*damages(landed_runs(landing, "crm", "contacts"))] == []
    named = {MANIFEST, *(name for page in after for name in (page.file, page.rejected_file) if name)}
    assert {path.name for path in landing.folder("crm", "contacts", RUN).iterdir()} == named
    assert rewrite_run(landing, "crm", "contacts", RUN, rewrite, PEOPLE) == 0
    assert landing.read_manifest("crm", "contacts", RUN) == after
