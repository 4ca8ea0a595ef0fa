"""A folder of exports: each new file once, the earliest first; and how fresh a file is."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from connectors.files.streams import landed_rows
from definitions.errors import FileUnreadableError
from tests.connectors.test_files_pull import NOW, declared, pull

FOLDER = {"path": "exports", "format": "csv"}


def put(tmp_path, name, rows, *, days_ago=0):
    folder = tmp_path / "exports"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"id,name\n{rows}")
    changed = (NOW - timedelta(days=days_ago)).timestamp()
    os.utime(folder / name, (changed, changed))


def names(landing, pages, stream):
    return [landed_rows(landing, page, stream)["raw"].str.extract('"name":"([^"]*)"').to_list() for page in pages]


@pytest.mark.parametrize("path", ["exports", "exports/", "exports/*.csv", "exports/people-*"])
def test_each_new_export_is_read_once_the_earliest_first(tmp_path, path):
    stream = declared(path=path, format="csv")
    put(tmp_path, "people-a.csv", "1,new\n", days_ago=1)
    put(tmp_path, "people-b.csv", "1,old\n2,Bob\n", days_ago=2)
    put(tmp_path, ".people-c.csv.part", "1,half\n")
    first, landing, pages = pull(tmp_path, stream)
    assert names(landing, pages, stream) == [["old", "Bob"], ["new"]]
    assert (first.records, first.pages, first.is_full) == (3, 2, True)
    assert first.high_water_at == NOW - timedelta(days=1)
    assert pages[-1].cursor == first.cursor

    again, _, pages = pull(tmp_path, stream, first.cursor, "r2")
    assert (again.is_unchanged, again.cursor, pages) == (True, first.cursor, [])

    put(tmp_path, "people-copy.csv", "1,new\n")
    put(tmp_path, "people-d.csv", "1,newest\n")
    third, landing, pages = pull(tmp_path, stream, again.cursor, "r3")
    assert names(landing, pages, stream) == [["newest"]]
    assert third.high_water_at == NOW


def test_what_was_read_may_be_moved_away_and_back(tmp_path):
    stream = declared(**FOLDER)
    put(tmp_path, "a.csv", "1,Ada\n", days_ago=1)
    first, _, _ = pull(tmp_path, stream)
    (tmp_path / "exports" / "a.csv").rename(tmp_path / "a.csv")
    empty, _, pages = pull(tmp_path, stream, first.cursor, "r2")
    assert (empty.is_unchanged, empty.cursor, empty.high_water_at, pages) == (
        True, first.cursor, NOW - timedelta(days=1), [],
    )  # fmt: skip
    (tmp_path / "a.csv").rename(tmp_path / "exports" / "a.csv")
    assert pull(tmp_path, stream, empty.cursor, "r3")[0].is_unchanged


def test_a_complete_export_that_comes_late_is_passed_over_and_one_of_changes_is_read(tmp_path):
    put(tmp_path, "b.csv", "1,new\n", days_ago=1)
    for complete, records in ((True, 0), (False, 1)):
        stream = declared(**FOLDER, complete=complete)
        (tmp_path / "exports" / "a.csv").unlink(missing_ok=True)
        first, _, _ = pull(tmp_path, stream, run=f"first-{complete}")
        put(tmp_path, "a.csv", "1,old\n", days_ago=5)
        late, _, _ = pull(tmp_path, stream, first.cursor, f"late-{complete}")
        assert late.records == records
        told = ("crm.people: exports/a.csv: is older than the last file read, and holds every record; passed over",)
        assert late.notes == (told if complete else ())


def test_a_folder_is_read_again_under_other_options_and_a_bad_file_is_named(tmp_path):
    put(tmp_path, "a.csv", "1,Ada\n")
    first, _, _ = pull(tmp_path, declared(**FOLDER))
    assert pull(tmp_path, declared(**FOLDER, encoding="latin-1"), first.cursor, "r2")[0].records == 1
    (tmp_path / "exports" / "b.csv").write_text("other\n")
    with pytest.raises(FileUnreadableError, match=r"crm\.people: exports/b\.csv: has no column 'id', 'name'"):
        pull(tmp_path, declared(**FOLDER), first.cursor, "r3")
    (tmp_path / "exports" / "b.csv").unlink()
    assert pull(tmp_path, declared(**FOLDER), first.cursor, "r4")[0].is_unchanged


def test_a_folder_without_a_file_is_told_until_there_is_one(tmp_path):
    (tmp_path / "exports").mkdir()
    with pytest.raises(FileUnreadableError, match=r"crm\.people: exports: there is no file yet\. Put one there"):
        pull(tmp_path, declared(**FOLDER))
    put(tmp_path, "a.csv", "1,Ada\n")
    assert pull(tmp_path, declared(**FOLDER))[0].records == 1


@pytest.mark.parametrize(
    ("name", "dated", "fresh"),
    [
        ("people.csv", "modified", NOW - timedelta(days=3)),
        ("people-2024-05-30.csv", "name", datetime(2024, 5, 31, tzinfo=UTC)),
        ("people_20240530_1200.csv", "name", datetime(2024, 5, 31, tzinfo=UTC)),
        ("people-99999999-2024.05.30.csv", "name", datetime(2024, 5, 31, tzinfo=UTC)),
        ("people-2030-01-01.csv", "name", NOW),
    ],
)
def test_a_file_is_as_fresh_as_itself_not_as_its_reading(tmp_path, name, dated, fresh):
    put(tmp_path, name, "1,Ada\n", days_ago=3)
    stream = declared(path=f"exports/{name}", dated=dated)
    first, _, _ = pull(tmp_path, stream)
    again, _, _ = pull(tmp_path, stream, first.cursor, "r2")
    assert (first.high_water_at, again.high_water_at, again.is_unchanged) == (fresh, fresh, True)


def test_a_name_without_a_day_is_refused_with_a_remedy(tmp_path):
    put(tmp_path, "people.csv", "1,Ada\n")
    with pytest.raises(FileUnreadableError, match=r"its name holds no day such as 2026-11-28\. Name it so, or leave"):
        pull(tmp_path, declared(path="exports/people.csv", dated="name"))
    assert pull(tmp_path, declared(path="exports/people.csv"))[0].records == 1
