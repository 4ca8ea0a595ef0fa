"""Files one after the other to the state of their stream: what holds, what is gone, and what no order could hide."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from definitions.errors import FileUnreadableError
from tests.transforms.declared_files import MEANING, conform, landed, stream
from transforms.conform.files import conform_file
from transforms.conform.files_versions import compact_files


def compacted(files, of=None, last=None):
    of = of or stream(columns={"next_step": "x"})
    return compact_files(last, files, MEANING, stream=of, keeps_versions=False)


def shown(state):
    run = pl.coalesce("unlisted_by", pl.col("location").str.split("/").list.first())
    return state.select("source_id", "is_deleted", run=run).rows()


def test_a_whole_file_tells_what_is_gone():
    first, second = landed([{"id": "1"}, {"id": "2"}], "r1"), landed([{"id": "2"}, {"id": "3"}], "r2")
    assert shown(compacted([first, second])) == [("1", True, "r2"), ("2", False, "r2"), ("3", False, "r2")]
    part = landed([{"id": "2"}, {"id": "3"}], "r2", is_whole=False)
    assert shown(compacted([first, part])) == [("1", False, "r1"), ("2", False, "r2"), ("3", False, "r2")]


def test_a_record_that_comes_back_lives_again():
    files = [landed(rows, run) for run, rows in (("r1", [{"id": "1"}]), ("r2", [{"id": "2"}]), ("r3", [{"id": "1"}]))]
    assert sorted(shown(compacted(files))) == [("1", False, "r3"), ("2", True, "r3")]
    assert compacted(files[1:], last=compacted(files[:1]).lazy()).equals(compacted(files))


def test_the_later_change_wins_whatever_the_file_order():
    of = stream(columns={"next_step": "x", "source_updated_at": "at", "is_deleted": "gone"}, complete=False)
    newer = {"id": "1", "x": "new", "at": "2024-02-01", "gone": "yes"}
    older = {"id": "1", "x": "old", "at": "2024-01-01", "gone": "no"}
    for files in ([newer, older], [older, newer]):
        [row] = compacted([landed([row], f"r{place}") for place, row in enumerate(files)], of).rows(named=True)
        assert (json.loads(row["raw"])["x"], row["is_deleted"]) == ("new", True)


def test_a_deletion_mark_that_is_neither_yes_nor_no_sets_its_row_aside():
    of = stream(columns={"name": "id", "is_deleted": "gone"})
    marks = ["Ja", "no", "yes", "", None]
    conformed = conform([{"id": str(number), "gone": mark} for number, mark in enumerate(marks)], of)
    assert conformed.quarantined.select("record_key", "reason_code", "field_name", "expected", "detail").rows() == [
        ("crm:deals:0", "unreadable_value", "is_deleted", "yes_or_no", None)
    ]
    assert conformed.records.select("source_id", "is_deleted").rows() == [
        ("1", False),
        ("2", True),
        ("3", False),
        ("4", False),
    ]
    with pytest.raises(FileUnreadableError, match=r"'gone' \(is_deleted\): 20 of 20 .*in lines 2, 3.*Declare aliases"):
        conform([{"id": str(number), "gone": "Nein"} for number in range(20)], of)


def test_what_a_whole_file_no_longer_holds_is_gone_whatever_it_said():
    of = stream(columns={"name": "id", "is_deleted": "gone"})
    files = [landed([{"id": "1", "gone": "no"}, {"id": "2"}], "r1"), landed([{"id": "2", "gone": "no"}], "r2")]
    records = conform_file(compacted(files, of).lazy(), MEANING, stream=of).records
    assert records.select("source_id", "is_deleted").sort("source_id").rows() == [("1", True), ("2", False)]


@pytest.mark.parametrize("kind", ["person", "opportunity"])
@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "with a row set aside"])
def test_a_complete_file_takes_a_later_change_back(kind, is_whole):
    """As where a refused file had newer dates, or where one date was mistyped."""
    name = {"person": "last_name", "opportunity": "name"}[kind]
    of = stream(kind, columns={name: "x", "source_updated_at": "at"})
    good, gone = {"id": "1", "x": "good", "at": "2024-02-01"}, {"id": "2", "x": "gone", "at": "2024-02-01"}
    bad = {"id": "1", "x": "bad", "at": "2031-02-01"}
    files = [
        landed([good], "r1"),
        landed([bad, gone], "r2"),
        landed([good], "r3", is_whole=is_whole),
        landed([good], "r4", is_whole=False),
    ]
    state = compact_files(None, files, MEANING, stream=of, keeps_versions=kind == "opportunity")
    conformed = conform_file(state.lazy(), MEANING, stream=of)
    records = conformed.records.sort("source_id").select(name, "is_deleted").rows()
    assert records == [("good", False), ("gone", is_whole)]
    if conformed.versions is not None:
        assert conformed.versions["version_at"].max() == datetime(2024, 2, 1, 5, tzinfo=UTC)


TIMED = {"name": "x", "source_updated_at": "at"}


@pytest.mark.parametrize("kind", ["person", "opportunity"])
@pytest.mark.parametrize("is_whole", [True, False])
def test_a_row_without_a_change_time_is_ordered_by_its_file(kind, is_whole):
    of = stream(kind, columns=TIMED if kind == "opportunity" else {"last_name": "x", "source_updated_at": "at"})
    told = [("a", "2024-02-01"), ("b", ""), ("c", "2024-02-02"), ("d", None), ("e", None)]
    files = [
        landed([{"id": "1", "x": x, "at": at}], f"r{place}", is_whole=is_whole) for place, (x, at) in enumerate(told)
    ]
    for count, (expected, _) in enumerate(told, start=1):
        state = compact_files(None, files[:count], MEANING, stream=of, keeps_versions=kind == "opportunity")
        [row] = conform_file(state.lazy(), MEANING, stream=of).records.rows(named=True)
        assert row["name" if kind == "opportunity" else "last_name"] == expected


def test_a_change_time_that_cannot_be_read_costs_itself_and_many_stop_the_stream():
    of = stream(columns=TIMED)
    dated = [{"id": str(number), "x": "old", "at": "2024-02-01"} for number in range(20)]
    odd = [*dated[:19], {"id": "19", "x": "new", "at": "02/11/2024"}]
    conformed = conform_file(compacted([landed(dated, "r1"), landed(odd, "r2")], of).lazy(), MEANING, stream=of)
    assert conformed.value_faults.select("record_key", "reason_code", "field_name").rows() == [
        ("crm:deals:19", "unreadable_value", "source_updated_at")
    ]
    assert conformed.records.filter(source_id="19").select("name", "source_updated_at").rows() == [("new", None)]
    assert conformed.records.height == 20
    american = [row | {"at": "02/11/2024"} for row in dated]
    state = compacted([landed(dated, "r1"), landed(american, "r2")], of)
    with pytest.raises(FileUnreadableError, match=r"'at' \(source_updated_at\): 20 of 20 values: not an ISO day"):
        conform_file(state.lazy(), MEANING, stream=of)
    mended = compacted([landed([row | {"x": "new"} for row in dated], "r3")], of, last=state.lazy())
    assert conform_file(mended.lazy(), MEANING, stream=of).records["name"].unique().to_list() == ["new"]
