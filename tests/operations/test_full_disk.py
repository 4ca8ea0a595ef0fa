"""A home whose disk is full: exit code 4, one line with a path and what is free, and with room again all is well."""

import os
import subprocess
from contextlib import suppress

import pytest

from tests.flows.line import warehouse_in
from tests.flows.shop import opened_shop
from tests.flows.terminal import bantam
from tests.waiting import until

pytestmark = pytest.mark.slow

ROWS = tuple(f"{number},Deal {number},Talking,2026-12-01,100" for number in range(3000))
SIZE = 32 * 1024**2


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def filled(folder, room):
    """Fill the disk so that so many bytes are free."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    # What the run writes meanwhile may take the last bytes: the disk is full then, as it is meant to be.
    with suppress(OSError):
        (folder / "filling").write_bytes(b"\0" * max(0, free - room))


def check(ended, home):
    """Whatever ran full: a refusal with path, free space and next step, or a published run with notes."""
    lines = ended.complaint.splitlines()
    assert ended.code in {0, 4}, ended.complaint
    if ended.code == 4:
        assert [word for word in (str(home), " free", "Free some room") if word not in lines[-1]] == [], lines
    told = lines[:-1] if ended.code else lines
    assert [line for line in told if not line.startswith("bantam: note: ")] == []


def test_a_disk_that_is_full_from_the_beginning_is_told_before_anything_is_started(
    server, migrated, tmp_path, small_disk
):
    shop = opened_shop(tmp_path / "shop", ROWS)
    variables, home = warehouse_in(server, migrated), small_disk / "home"
    asked = ("run", "--config", str(shop.config), "--quiet")
    filled(small_disk, 64 * 1024)
    ended = bantam(home, *asked, **variables)
    assert ended.code == 4
    check(ended, home)
    assert f"{home}/prefect: cannot start Prefect's server (No space left on device; " in ended.complaint
    assert "16.0 MiB needed" in ended.complaint
    (small_disk / "filling").unlink()
    assert bantam(home, *asked, **variables).code == 0


@pytest.mark.parametrize("room", [0, 4 * 1024, 64 * 1024, 1024**2])
def test_a_disk_that_runs_full_meanwhile_is_told_and_the_next_run_with_room_publishes(
    server, migrated, tmp_path, small_disk, room
):
    shop = opened_shop(tmp_path / "shop", ROWS)
    variables, home = warehouse_in(server, migrated), small_disk / "home"
    asked = ("run", "--config", str(shop.config), "--quiet")

    def fill(_process):
        until((home / "spill").exists, seconds=240)
        filled(small_disk, room)

    check(bantam(home, *asked, meanwhile=fill, **variables), home)
    (small_disk / "filling").unlink()
    again = bantam(home, *asked, **variables)
    assert again.code == 0, again.complaint
