"""Landing keeps every byte, loses nothing to a crash, and never believes a damaged file."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.landing.history import damages, landed_runs, quarantine_damaged
from connectors.landing.reader import MANIFEST, Rejected
from connectors.landing.writer import UNFINISHED, Landing, PageBuffer
from definitions.errors import ConfigurationError, LandingError
from definitions.runtime.crash_points import arm

ROOT = Path(__file__).parents[2]
NAMES = ("hubspot", "contacts", "run-1")


def packed(*portions: list[bytes]) -> PageBuffer:
    parcel = PageBuffer()
    for portion in portions:
        parcel.add(portion)
    return parcel


def land(root: Path, *pages: list[bytes], run_id: str = "run-1", **extra):
    with Landing(root).writer("hubspot", "contacts", run_id) as writer:
        return [writer.write_page(packed(page), request="GET /contacts", **extra) for page in pages]


def test_what_was_landed_is_read_back_in_order(tmp_path):
    pages = land(tmp_path, [b'{"id":"1"}', b'{"id":"2"}'], [b'{"id":"3"}'], cursor={"after": "3"})
    landing = Landing(tmp_path)
    assert list(landing.pages_of("hubspot", "contacts", ["run-1"])) == pages
    assert [list(landing.records(page)) for page in pages] == [[b'{"id":"1"}', b'{"id":"2"}'], [b'{"id":"3"}']]
    assert pages[1].cursor == {"after": "3"}
    assert pages[0].path.name == f"000001-{pages[0].sha256[:16]}.jsonl.zst"


def test_polars_reads_a_landed_file_as_it_stands(tmp_path):
    (page,) = land(tmp_path, [b'{"id":\n"1", "name": "a\\nb"}', b'{"id":"2","name":null}'])
    assert pl.read_ndjson(page.path).rows() == [("1", "a\nb"), ("2", None)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=25)
@given(st.lists(st.dictionaries(st.text(max_size=4), json_values, max_size=4), max_size=5), st.sampled_from([None, 2]))
def test_any_json_survives_one_record_a_line(tmp_path_factory, values, indent):
    records = [json.dumps(value, indent=indent).encode() for value in values]
    root = tmp_path_factory.mktemp("landing")
    (page,) = land(root, records)
    assert [json.loads(record) for record in Landing(root).records(page)] == values


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 400), st.integers())
def test_law_however_records_come_in_portions_the_file_is_the_same(size, seed):
    chance = random.Random(seed)
    texts = [chance.randbytes(chance.randrange(900)).hex() for _ in range(400)]
    records = [json.dumps({"id": text[:9], "text": text}).encode() for text in texts]
    portions = [records[start : start + size] for start in range(0, len(records), size)]
    assert b"".join(packed(*portions).chunks()) == b"".join(packed(records).chunks())


def test_records_wider_than_what_is_read_at_once_come_back_whole(tmp_path):
    records = [b'{"id":"%d","text":"%s"}' % (n, b"wide " * 100_000) for n in range(3)]
    (page,) = land(tmp_path, records)
    assert list(Landing(tmp_path).records(page)) == records


def test_a_page_without_records_keeps_its_cursor_and_needs_no_file(tmp_path):
    (page,) = land(tmp_path, [], cursor={"after": "9"})
    assert page.path is None
    assert [p.cursor for p in Landing(tmp_path).read_manifest(*NAMES)] == [{"after": "9"}]
    assert list(Landing(tmp_path).pages_of("hubspot", "contacts", ["run-1"])) == []


def test_rejected_records_are_kept_apart_with_their_place(tmp_path):
    aside = Rejected(reason="id_missing", page=3, offset=7, field="id", record='{"x":1}')
    (page,) = land(tmp_path, [b'{"id":"1"}'], rejected=[aside])
    assert Landing(tmp_path).rejected(page) == [aside]
    assert list(Landing(tmp_path).records(page)) == [b'{"id":"1"}']
    assert page.rejected_path.name.startswith("000001-rejected-")


@pytest.mark.parametrize("suffix", [".csv.zst", ".parquet"])
def test_a_file_keeps_its_own_bytes(tmp_path, suffix):
    content = [b"id,name\r\n", b'1,"a\r\nb"\r\n']
    with Landing(tmp_path).writer(*NAMES) as writer:
        page = writer.write_file(content, suffix=suffix, records=1, request="leads.csv")
    path = Landing(tmp_path).verified(page)
    if suffix == ".parquet":
        assert path.read_bytes() == b"".join(content)
    else:
        assert pl.read_csv(path).rows() == [(1, "a\r\nb")]


@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_a_damaged_file_is_named_not_read(tmp_path, damage):
    (page,) = land(tmp_path, [b'{"id":"1"}'])
    content = page.path.read_bytes()
    if damage == "gone":
        page.path.unlink()
    else:
        page.path.write_bytes(content[:-1] if damage == "cut" else bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(LandingError, match=page.path.name):
        Landing(tmp_path).records(page)


@pytest.mark.parametrize("torn", [b'{"seq":2,"file":"000002-', b'{"seq":2,' + b" " * 100_000], ids=["short", "long"])
def test_a_torn_manifest_line_is_ignored_then_cut_off(tmp_path, torn):
    land(tmp_path, [b'{"id":"1"}'])
    manifest = tmp_path / "hubspot/contacts/run-1" / MANIFEST
    with manifest.open("ab") as file:
        file.write(torn)
    assert len(Landing(tmp_path).read_manifest(*NAMES)) == 1
    land(tmp_path, [b'{"id":"2"}'])
    assert [page.seq for page in Landing(tmp_path).read_manifest(*NAMES)] == [1, 2]


def test_a_damaged_manifest_line_stops_the_reading(tmp_path):
    land(tmp_path, [b'{"id":"1"}'], [b'{"id":"2"}'])
    manifest = tmp_path / "hubspot/contacts/run-1" / MANIFEST
    manifest.write_bytes(b"{" + manifest.read_bytes())
    with pytest.raises(LandingError, match="manifest"):
        Landing(tmp_path).read_manifest(*NAMES)


def test_no_flipped_bit_of_a_manifest_is_believed(tmp_path):
    pages = land(tmp_path, [b'{"id":"1"}'], [b'{"id":"2"}'], cursor={"until": "2026-11-22T12:00:00Z"})
    manifest = tmp_path / "hubspot/contacts/run-1" / MANIFEST
    whole = manifest.read_bytes()
    for bit in range(whole.index(b"\n") * 8):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        manifest.write_bytes(damaged)
        try:
            assert Landing(tmp_path).read_manifest(*NAMES) == pages, bit
        except LandingError as error:
            assert "a line is damaged" in str(error)  # noqa: PT017 - either is right


def test_a_manifest_that_an_older_bantam_wrote_is_read(tmp_path):
    pages = land(tmp_path, [b'{"id":"1"}'])
    manifest = tmp_path / "hubspot/contacts/run-1" / MANIFEST
    told = json.loads(manifest.read_bytes())
    manifest.write_text(json.dumps({name: told[name] for name in told if name not in {"check", "end"}}) + "\n")
    assert Landing(tmp_path).read_manifest(*NAMES) == pages


def test_a_page_that_is_put_aside_counts_no_more_and_stays(tmp_path):
    aside = Rejected(reason="id_missing", page=1, offset=0, field="id", record="{}")
    first, second = land(tmp_path, [b'{"id":"1"}'], [b'{"id":"2"}'], rejected=[aside])
    first.path.unlink()
    [run] = landed_runs(Landing(tmp_path), "hubspot", "contacts")
    [damage] = damages([run])
    assert (damage.page, damage.path, damage.reason) == (first, first.path, "is missing")
    for _ in range(2):
        quarantine_damaged(damage)
    assert Landing(tmp_path).read_manifest(*NAMES) == [second]
    land(tmp_path, [b'{"id":"3"}'], run_id="run-2")
    assert (first.path.parent / f"aside-{first.rejected_path.name}").exists()


def test_a_manifest_that_is_put_aside_takes_its_run_with_it_and_no_page_is_removed(tmp_path):
    [page] = land(tmp_path, [b'{"id":"1"}'])
    folder = page.path.parent
    (folder / UNFINISHED).touch()
    (folder / MANIFEST).write_bytes(b"{\n")
    [damage] = damages(landed_runs(Landing(tmp_path), "hubspot", "contacts"))
    quarantine_damaged(damage)
    assert Landing(tmp_path).run_ids("hubspot", "contacts") == []
    land(tmp_path, [b'{"id":"3"}'], run_id="run-2")
    assert page.path.exists()


def test_only_the_owner_may_read(tmp_path):
    root = tmp_path / "landing"
    before = os.umask(0)
    try:
        land(root, [b'{"id":"1"}'], rejected=[Rejected(reason="x", page=1, offset=0, record="")])
    finally:
        os.umask(before)
    files = [path for path in root.rglob("*") if path.is_file()]
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
    assert {oct(path.stat().st_mode & 0o777) for path in folders} == {"0o700"}


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "", ".hidden", "a b", "a\n"])
def test_a_name_cannot_leave_the_folder(tmp_path, name):
    with pytest.raises(ConfigurationError):
        Landing(tmp_path).writer("hubspot", name, "run-1")


LAND_TWO_PAGES = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from connectors.landing.writer import Landing, PageBuffer
    from definitions.runtime.crash_points import arm
    def packed(record):
        parcel = PageBuffer()
        parcel.add([record])
        return parcel
    with Landing(Path(sys.argv[1])).writer("hubspot", "contacts", sys.argv[2]) as writer:
        writer.write_page(packed(b'{"id":"1"}'), request="GET /contacts", cursor={"after": "1"})
        arm(sys.argv[3])
        writer.write_page(packed(b'{"id":"2"}'), request="GET /contacts", cursor={"after": "2"})
    """
)


@pytest.mark.slow
@pytest.mark.parametrize("point", ["land.after_temp_write", "land.after_fsync", "land.after_rename"])
def test_killed_between_write_and_manifest_the_cursor_stays_behind_and_the_next_run_cleans(tmp_path, point):
    done = subprocess.run([sys.executable, "-c", LAND_TWO_PAGES, tmp_path, "run-1", point], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    landing = Landing(tmp_path)
    assert [page.cursor for page in landing.read_manifest(*NAMES)] == [{"after": "1"}]
    land(tmp_path, [b'{"id":"2"}'], run_id="run-2")
    left = {path.name for path in (tmp_path / "hubspot/contacts/run-1").iterdir()}
    assert left == {MANIFEST, landing.read_manifest(*NAMES)[0].path.name}


def test_a_full_disk_names_path_and_bytes_and_leaves_what_was_landed(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    land(tmp_path, [b'{"id":"1"}'])
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        with pytest.raises(LandingError, match=r"run-1/\.writing-000002.*cannot write .* (free|needed)"):
            land(tmp_path, [os.urandom(20000).hex().encode()])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    landing = Landing(tmp_path)
    assert [list(landing.records(page)) for page in landing.read_manifest(*NAMES)] == [[b'{"id":"1"}']]
    land(tmp_path, [b'{"id":"2"}'])
    assert [page.seq for page in landing.read_manifest(*NAMES)] == [1, 2]


def test_arming_an_unknown_crash_point_is_refused():
    with pytest.raises(ConfigurationError, match="no crash point"):
        arm("land.someday")


def test_runs_are_listed_by_name(tmp_path):
    land(tmp_path, [b'{"id":"1"}'], run_id="run-2")
    land(tmp_path, [b'{"id":"1"}'], run_id="run-1")
    assert Landing(tmp_path).run_ids("hubspot", "contacts") == ["run-1", "run-2"]
