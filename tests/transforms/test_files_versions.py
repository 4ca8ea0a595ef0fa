"""Files one after the other to the state of their stream: what holds, what is gone, and what no order could hide."""

import json

import polars as pl

from tests.transforms.declared_files import MEANING, landed, stream
from transforms.conform.files_versions import folded_files


def fold(files, of=None, last=None):
    of = of or stream(columns={"next_step": "x"})
    return folded_files(last, files, MEANING, stream=of, keeps_versions=False)


def shown(state):
    return state.select("source_id", "is_deleted", pl.col("location").str.split("/").list.first()).rows()


def test_a_whole_file_tells_what_is_gone():
    first, second = landed([{"id": "1"}, {"id": "2"}], "r1"), landed([{"id": "2"}, {"id": "3"}], "r2")
    assert shown(fold([first, second])) == [("1", True, "r2"), ("2", False, "r2"), ("3", False, "r2")]
    part = landed([{"id": "2"}, {"id": "3"}], "r2", is_whole=False)
    assert shown(fold([first, part])) == [("1", False, "r1"), ("2", False, "r2"), ("3", False, "r2")]


def test_a_record_that_comes_back_lives_again():
    files = [landed(rows, run) for run, rows in (("r1", [{"id": "1"}]), ("r2", [{"id": "2"}]), ("r3", [{"id": "1"}]))]
    assert sorted(shown(fold(files))) == [("1", False, "r3"), ("2", True, "r3")]
    assert fold(files[1:], last=fold(files[:1]).lazy()).equals(fold(files))


def test_the_later_change_wins_whatever_the_file_order():
    of = stream(columns={"next_step": "x", "source_updated_at": "at", "is_deleted": "gone"})
    newer = {"id": "1", "x": "new", "at": "2024-02-01", "gone": "yes"}
    older = {"id": "1", "x": "old", "at": "2024-01-01", "gone": "no"}
    for files in ([newer, older], [older, newer]):
        [row] = fold([landed([row], f"r{place}") for place, row in enumerate(files)], of).rows(named=True)
        assert (json.loads(row["raw"])["x"], row["is_deleted"]) == ("new", True)
