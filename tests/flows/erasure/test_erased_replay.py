"""A landing restored from before an erasure does not bring the person back; a rewritten one makes the same state."""

import json
from dataclasses import replace

import pytest

from connectors.landing.erased import ErasedList, StreamEraser
from connectors.landing.writer import Landing
from definitions.fault_limit import VALUES
from definitions.mapping.file_stream import FileStream
from definitions.mapping.source_mapping import SourceMapping
from flows.erasure.erased_keys import begin_erasure, erased_list, list_to_write, read_erasures, release
from flows.erasure.landing_pages import erase_from_landing
from flows.erasure.state_versions import erase_from_states
from flows.erasure.stream_eraser import eraser_of_file
from flows.home.folders import Home
from flows.streams.configured_streams import DeclaredFile
from tests.flows.state_stores import FIRST, NOON, SECOND, compact_contacts, empty_store, land, record

KEY, PREFIX = ("hubspot", "contacts"), "hubspot:contact:"
EMPTY = ErasedList(b"key")
ERASER = StreamEraser(
    erased=ErasedList(b"key", frozenset({EMPTY.of_record(f"{PREFIX}1")})),
    identify=lambda raw: str(json.loads(raw)["id"]),
    prefix=PREFIX,
)


def landed(folder):
    """Contacts 0 to 4, of two runs; the second lists them all and no longer shows the last."""
    store = land(empty_store(folder), FIRST, [record(number) for number in range(5)], rows=2)
    return land(store, SECOND, [record(number, minute=1) for number in range(4)], is_whole=True)


def test_a_restored_landing_does_not_bring_an_erased_record_back(tmp_path):
    state = compact_contacts(replace(landed(tmp_path), eraser=ERASER))
    assert state.frame().collect()["source_id"].to_list() == ["4", "0", "2", "3"]


@pytest.mark.parametrize("first_state", [False, True], ids=["made at once", "made run by run"])
def test_an_erased_state_is_the_one_that_the_rewritten_landing_makes(tmp_path, first_state):
    store = landed(tmp_path)
    if first_state:
        version = compact_contacts(replace(store, run_id=FIRST)).version
        store = replace(store, last_version=version)
    compact_contacts(store)
    folder = store.folder.joinpath(*KEY)
    assert erase_from_landing(store.landing.root, {}, {KEY: ERASER}) == 2
    erase_from_states(store.folder, store.landing, {KEY: ERASER})
    erased = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()
    anew = compact_contacts(replace(store, last_version=None))
    assert erased[anew.path.name] == anew.path.read_bytes()
    assert erase_from_landing(store.landing.root, {}, {KEY: ERASER}) == 0
    assert erase_from_states(store.folder, store.landing, {KEY: ERASER}) == 0


def test_a_release_takes_off_the_list_what_was_erased_together_and_no_more(tmp_path):
    home = Home(tmp_path / "home")
    home.made()
    empty = list_to_write(home)
    ada, bob = [[empty.of_record(f"{PREFIX}{name}"), empty.of_address(f"{name}@x.example.com")] for name in ("a", "b")]
    begin_erasure(home, empty, ada[0], ada, NOON)
    begin_erasure(home, empty, bob[1], bob, NOON)
    assert erased_list(home).digests == {*ada, *bob}
    assert release(home, erased_list(home), ada[1], NOON) == 2
    assert erased_list(home).digests == {*bob}
    assert release(home, erased_list(home), ada[1], NOON) == 0
    begin_erasure(home, empty, ada[0], ada, NOON)
    assert erased_list(home).digests == {*ada, *bob}
    assert [event.number for event in read_erasures(home)] == [1, 2, 3, 4]


def test_a_landed_file_that_can_no_longer_be_read_is_put_aside_if_it_tells_of_the_person(tmp_path):
    people = FileStream(name="people", kind="person", path="people.csv", id="id", columns={"email": "mail"})
    landing, source = Landing(tmp_path), "crm"
    for run_id, rows in ((FIRST, "number,mail\n1,a@x.example.com\n"), (SECOND, "number,mail\n2,b@x.example.com\n")):
        with landing.writer(source, "people", run_id) as writer:
            writer.write_file([rows.encode()], suffix=".csv.zst", records=1, request="file people.csv")
    erased = ErasedList(b"key", frozenset({EMPTY.of_record("crm:people:1")}))
    eraser = eraser_of_file(people, SourceMapping(source=source, time_zone="UTC", currency="USD"), erased)
    declared = DeclaredFile(source=None, source_mapping=None, stream=people, limit=VALUES)
    assert erase_from_landing(tmp_path, {(source, "people"): declared}, {(source, "people"): eraser}) == 0
    assert [page.run_id for page in landing.pages_of(source, "people", [FIRST, SECOND])] == [SECOND]
    assert not [*landing.folder(source, "people", FIRST).glob("*.zst")]
