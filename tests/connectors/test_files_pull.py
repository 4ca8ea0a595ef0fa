"""Pulling files: landed once, landed whole, and read back from the landing."""

import gzip
from datetime import UTC, datetime

import polars as pl
import pytest
import zstandard

from connectors.files.settings import FilesSource
from connectors.files.streams import landed_rows, pull_file
from connectors.landing.writer import Landing
from definitions.errors import FileUnreadableError, LandingError
from definitions.mapping.file_stream import FileStream

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def declared(**changes):
    given = {"name": "people", "kind": "person", "path": "people.csv", "id": "id", "columns": {"last_name": "name"}}
    return FileStream.model_validate(given | changes)


def pull(tmp_path, stream, cursor=None, run="r1"):
    landing = Landing(tmp_path / "landing")
    counts = []
    with landing.writer("crm", stream.name, run) as writer:
        pulled = pull_file(
            stream, source="crm", folder=tmp_path, writer=writer, cursor=cursor, now=NOW, progress=counts.append
        )
    assert sum(counts) == pulled.records
    return pulled, landing, landing.read_manifest("crm", stream.name, run)


def test_a_file_is_landed_verbatim_and_read_back_with_its_lines(tmp_path):
    (tmp_path / "people.csv").write_bytes(b"id,name\r\n1,Ada\r\n2\r\n")
    stream = declared()
    pulled, landing, [page] = pull(tmp_path, stream)
    assert (pulled.records, pulled.rejected, pulled.is_full) == (1, 1, False)
    assert (page.records, page.rejected, page.cursor) == (1, 1, pulled.cursor)
    assert [(row.number, row.reason) for row in landing.rejected(page)] == [(3, "short_row")]
    rows = landed_rows(landing, page, stream)
    assert rows.rows() == [('{"id":"1","name":"Ada"}', f"r1/{page.path.name}:2")]


def test_an_unchanged_file_is_not_landed_again(tmp_path):
    (tmp_path / "people.csv").write_text("id,name\n1,Ada\n")
    first, _, _ = pull(tmp_path, declared())
    again, _, pages = pull(tmp_path, declared(), first.cursor, "r2")
    assert (again.records, again.is_full, again.cursor, pages) == (0, False, first.cursor, [])
    (tmp_path / "people.csv").write_text("id,name\n1,Eve\n")
    changed, _, pages = pull(tmp_path, declared(), first.cursor, "r3")
    assert (changed.records, len(pages)) == (1, 1)


def test_another_way_of_reading_is_another_file(tmp_path):
    (tmp_path / "people.csv").write_bytes(b"id,name\n1,Zo\xc3\xab\n")
    first, _, _ = pull(tmp_path, declared(encoding="latin-1"))
    again, landing, [page] = pull(tmp_path, declared(), first.cursor, "r2")
    assert again.records == 1
    assert landed_rows(landing, page, declared())["raw"].to_list() == ['{"id":"1","name":"Zoë"}']


@pytest.mark.parametrize(
    "later",
    [
        {"columns": {"last_name": "name", "is_deleted": {"column": "gone", "values": {"Ja": "yes", "Nein": "no"}}}},
        {"columns": {"last_name": "name", "is_deleted": "gone"}, "nulls": ["Nein"]},
        {"columns": {"last_name": "name", "is_deleted": "gone", "source_updated_at": {"constant": "2024-01-01"}}},
    ],
    ids=["aliases", "placeholders", "a change time"],
)
def test_a_file_is_read_again_where_its_deletions_and_changes_are_declared_otherwise(tmp_path, later):
    (tmp_path / "people.csv").write_text("id,name,gone\n1,Ada,Ja\n2,Eve,Nein\n")
    first, _, _ = pull(tmp_path, declared(columns={"last_name": "name", "is_deleted": "gone"}))
    again, _, pages = pull(tmp_path, declared(**later), first.cursor, "r2")
    assert (again.records, len(pages)) == (2, 1)


def test_a_column_mapped_later_must_be_in_the_unchanged_file_too(tmp_path):
    (tmp_path / "people.csv").write_text("id,name\n1,Ada\n")
    first, _, _ = pull(tmp_path, declared())
    with pytest.raises(FileUnreadableError, match="has no column 'titel'"):
        pull(tmp_path, declared(columns={"last_name": "name", "title": "titel"}), first.cursor, "r2")


@pytest.mark.parametrize("name", ["people.csv.gz", "people.csv.zst", "people.parquet", "people.jsonl"])
def test_every_form_is_read_back_alike(tmp_path, name):
    frame = pl.DataFrame({"id": ["1", "2"], "name": ["Zoë", "+7"]})
    plain = b"id,name\n1,Zo\xc3\xab\n2,+7\n"
    match name.rsplit(".", 1)[1]:
        case "gz":
            (tmp_path / name).write_bytes(gzip.compress(plain))
        case "zst":
            (tmp_path / name).write_bytes(zstandard.compress(plain))
        case "parquet":
            frame.write_parquet(tmp_path / name)
        case _:
            frame.write_ndjson(tmp_path / name)
    stream = declared(path=name)
    pulled, landing, [page] = pull(tmp_path, stream)
    assert (pulled.records, pulled.is_full) == (2, True)
    assert landed_rows(landing, page, stream)["raw"].to_list() == ['{"id":"1","name":"Zoë"}', '{"id":"2","name":"+7"}']


@pytest.mark.parametrize(
    ("content", "changes", "is_full"),
    [
        ("id,name\n1,Ada\n", {}, True),
        ("id,name\n1,Ada\n", {"complete": False}, False),
        ("id,name\n1,Ada\n2\n", {}, False),
        ("id,name\n", {}, False),
    ],
    ids=["whole", "only changes", "a row that nobody can name", "no rows are no proof that all are gone"],
)
def test_only_a_whole_file_proves_that_a_record_is_gone(tmp_path, content, changes, is_full):
    (tmp_path / "people.csv").write_text(content)
    assert pull(tmp_path, declared(**changes))[0].is_full is is_full


def test_many_bad_rows_stop_the_stream_and_nothing_is_landed(tmp_path):
    (tmp_path / "people.csv").write_text("id,name\n" + "1;Ada\n" * 3 + "2,Bob\n" + "3;Eve\n" * 9)
    with pytest.raises(FileUnreadableError) as refusal:
        pull(tmp_path, declared())
    told = str(refusal.value)
    assert "crm.people: people.csv: 12 of 13 rows cannot be read" in told
    assert "12 with short_row (lines 2, 3, 4, 6, 7 …)" in told
    assert "Ada" not in told
    assert Landing(tmp_path / "landing").read_manifest("crm", "people", "r1") == []


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileUnreadableError, match=r"crm\.people: people\.csv: there is no such file"):
        pull(tmp_path, declared())


def test_a_damaged_landing_is_refused(tmp_path):
    (tmp_path / "people.csv").write_text("id,name\n1,Ada\n")
    _, landing, [page] = pull(tmp_path, declared())
    page.path.write_bytes(page.path.read_bytes()[:-1] + b"x")
    with pytest.raises(LandingError, match="does not match its checksum"):
        landed_rows(landing, page, declared())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"stages": {"Won": "closed"}}, "no stage; did you mean closed_won"),
        ({"streams": []}, "at least 1"),
        ({"currency": "dollars"}, "pattern"),
        ({"token": "x"}, "Extra inputs"),
    ],
    ids=["unknown stage", "no streams", "no currency code", "unknown key"],
)
def test_settings_of_a_source_are_checked(changes, says):
    person = {"name": "people", "kind": "person", "path": "people.csv", "id": "id", "columns": {}}
    given = {"name": "crm", "kind": "files", "streams": [person]}
    assert FilesSource.model_validate(given).streams[0].complete
    with pytest.raises(ValueError, match=says):
        FilesSource.model_validate(given | changes)


def test_references_between_streams_are_checked():
    deal = {"name": "deals", "kind": "opportunity", "path": "d.csv", "id": "id"}
    owner = {"column": "owner", "refers_to": "teams"}
    with pytest.raises(ValueError, match="owner_key: no stream is called so"):
        FilesSource.model_validate(
            {"name": "crm", "kind": "files", "streams": [deal | {"columns": {"owner_key": owner}}]}
        )
    with pytest.raises(ValueError, match="needs `stages`"):
        FilesSource.model_validate(
            {"name": "crm", "kind": "files", "streams": [deal | {"columns": {"source_stage": "stage"}}]}
        )
    doubled = {"name": "crm", "kind": "files", "streams": [deal | {"columns": {}}] * 2}
    with pytest.raises(ValueError, match="two streams are called 'deals'"):
        FilesSource.model_validate(doubled)
