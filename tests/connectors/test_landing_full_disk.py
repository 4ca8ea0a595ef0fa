"""A disk without room: each write of the landing says path, what is free and what is needed, and takes nothing back."""

import os
import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.landing.durable import append_line, make_folder, write_durably
from connectors.landing.writer import Landing, PageBuffer
from definitions.errors import LandingError

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of 64 KiB and seven files and folders."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = "size=64k,nr_inodes=8,mode=700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def land(landing: Landing, record: bytes) -> None:
    parcel = PageBuffer()
    parcel.add([record])
    with landing.writer("hubspot", "contacts", "run-1") as writer:
        writer.write_page(parcel, request="GET /contacts", cursor={"after": "1"})


def test_a_full_disk_says_path_free_and_needed_and_keeps_what_was_landed(small_disk):
    landing = Landing(small_disk)
    land(landing, b'{"id":"1"}')
    with pytest.raises(LandingError) as refused:
        land(landing, b'{"id":"' + os.urandom(90_000).hex().encode() + b'"}')
    told = str(refused.value)
    assert re.search(rf"{small_disk}/hubspot/contacts/run-1/\.writing-000002\S*: cannot write what was fetched", told)
    assert re.search(r"No space left on device; [\d.]+ KiB free, (8|9)\d\.\d KiB needed", told)
    assert "Free some room on that disk, then run again." in told
    assert refused.value.exit_code == 4
    assert not list(small_disk.glob("hubspot/contacts/run-1/.writing*"))
    [page] = landing.read_manifest("hubspot", "contacts", "run-1")
    assert list(landing.records(page)) == [b'{"id":"1"}']


def test_room_that_is_made_is_enough(small_disk):
    landing, ballast = Landing(small_disk), small_disk / "ballast"
    ballast.write_bytes(b"x" * 50_000)
    record = b'{"id":"' + os.urandom(20_000).hex().encode() + b'"}'
    with pytest.raises(LandingError, match="Free some room"):
        land(landing, record)
    ballast.unlink()
    land(landing, record)
    [page] = landing.read_manifest("hubspot", "contacts", "run-1")
    assert list(landing.records(page)) == [record]


def test_a_folder_that_has_no_room_is_named(small_disk):
    for number in range(7):
        (small_disk / str(number)).touch()
    with pytest.raises(
        LandingError, match=rf"{small_disk}/deep/er: cannot create the folder \(No space left on device; "
    ):
        make_folder(small_disk / "deep" / "er")


def test_a_manifest_that_cannot_grow_stays_whole(small_disk):
    path = small_disk / "manifest.jsonl"
    append_line(path, b'{"seq":1}')
    (small_disk / "ballast").write_bytes(b"x" * 60 * 1024)
    with pytest.raises(LandingError, match=r"manifest.jsonl: cannot append .* 7\.8 KiB needed"):
        append_line(path, b"x" * 8000)
    assert path.read_bytes() == b'{"seq":1}\n'


@pytest.fixture
def limit_of_file_size() -> Iterator[None]:
    """No file may be longer than 4 KiB; a write past it fails instead of ending the process."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, before)


@pytest.mark.usefixtures("limit_of_file_size")
def test_a_file_past_its_limit_is_told_too(tmp_path):
    with pytest.raises(LandingError, match=r"cannot write what was fetched \(File too large; .* 19\.5 KiB needed\)"):
        write_durably(tmp_path, "000001", ".parquet", [b"x" * 10_000] * 2)
    append_line(tmp_path / "manifest.jsonl", b"x" * 3000)
    with pytest.raises(LandingError, match=r"manifest.jsonl: cannot append .*File too large"):
        append_line(tmp_path / "manifest.jsonl", b"x" * 3000)
    assert (tmp_path / "manifest.jsonl").read_bytes() == b"x" * 3000 + b"\n"
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.jsonl"]


@pytest.mark.parametrize("part", ["", "inside"])
def test_a_folder_that_is_a_file_is_named(tmp_path, part):
    (tmp_path / "home").write_text("")

    def land() -> None:
        make_folder(tmp_path / "home" / part)
        write_durably(tmp_path / "home" / part, "000001", ".parquet", [b"x"])

    with pytest.raises(LandingError, match=rf"{tmp_path}/home.*: cannot (create|write)"):
        land()
