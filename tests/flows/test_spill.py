"""What a run puts on disk for a while: all rows come back in order, nobody else may read them, nothing is left."""

import re
import resource
import signal
import stat
from contextlib import contextmanager

import polars as pl
import pytest

from definitions.errors import LandingError
from flows.home.folders import Home
from flows.home.spill import spilling

FOLDERS = pytest.mark.parametrize("name", ["plain", "a [1] * ?", "100%20 {x}"])


@FOLDERS
def test_rows_come_back_in_the_order_they_were_added(tmp_path, name):
    (tmp_path / name).mkdir()
    with spilling(tmp_path / name) as spill:
        spill.add("hubspot.contacts.person", pl.DataFrame({"n": [3, 1]}))
        spill.add("hubspot.contacts.activity", pl.DataFrame({"n": [9]}))
        spill.add("hubspot.contacts.person", pl.DataFrame({"n": [2]}))
        assert spill.scan("hubspot.contacts.person").collect()["n"].to_list() == [3, 1, 2]


@FOLDERS
def test_rows_come_back_from_their_buckets(tmp_path, name):
    (tmp_path / name).mkdir()
    rows = pl.DataFrame({"n": range(40_000), "text": [None, "a", "b", ""] * 10_000})
    with spilling(tmp_path / name) as spill:
        spill.split("sf.lead [1]", rows.lazy(), pl.col("n") % 3)
        read = [spill.bucket("sf.lead [1]", number).collect() for number in range(4)]
    assert [set(bucket["n"] % 3) for bucket in read] == [{0}, {1}, {2}, set()]
    assert pl.concat(read).sort("n").equals(rows)


def test_nothing_is_left_behind_nor_of_a_run_that_died(tmp_path):
    (tmp_path / "run-of-a-dead-one").mkdir()
    (tmp_path / "run-of-a-dead-one" / "people.000000.parquet").write_bytes(b"personal values")
    with spilling(tmp_path) as spill:
        assert [folder.name for folder in tmp_path.iterdir()] == [spill.folder.name]
        spill.add("people", pl.DataFrame({"n": [1]}))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_with_path_free_and_needed(tmp_path):
    """Here no file may grow past a kilobyte."""
    rows = pl.DataFrame({"n": [str(number) * 9 for number in range(10_000)]})
    with spilling(tmp_path) as spill:
        with small_files(), pytest.raises(LandingError) as refused:
            spill.add("people", rows)
        assert str(refused.value).startswith(f"{spill.folder}/people.000000.parquet: cannot write rows")
        assert re.search(r"\(File too large; .* free, .* KiB needed\)", str(refused.value))
        with small_files(), pytest.raises(LandingError) as refused:
            spill.split("people", rows.lazy(), pl.lit(1))
        assert str(refused.value).startswith(f"{spill.folder}/people.buckets: cannot write rows")
        assert re.search(r"\(File too large; .* free\)", str(refused.value))
    assert list(tmp_path.iterdir()) == []


@contextmanager
def small_files():
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_nobody_else_may_read_it(tmp_path):
    home = Home(tmp_path / "home")
    with spilling(home.spill) as spill:
        folders = (home.root, home.spill, spill.folder)
        assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700] * 3
