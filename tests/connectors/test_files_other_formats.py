"""Reading files: packed, in other encodings, and in other formats than CSV."""

import gzip
import io
import json
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.files.unpacking import FileContent
from definitions.errors import FileUnreadableError
from tests.connectors.people_file import WHERE, aside, read, stream, values


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"id": "1", "name": "Ada"}', "Ada"),
        ('{"id": "1", "name": null}', None),
        ('{"id": "1", "name": 12345678901234567890123}', "12345678901234567890123"),
        ('{"id": "1", "name": 0.10}', "0.10"),
        ('{"id": "1", "name": 1e400}', "1e400"),
        ('{"id": "1", "name": -0.0}', "-0.0"),
        ('{"id": "1", "name": true}', "true"),
        ('{"id": "1", "name": {"first": "Ada", "n": [1.50, null]}}', '{"first":"Ada","n":[1.50,null]}'),
        ('{"id": "1", "name": "A\\ud800da"}', "A\ufffdda"),
        ('{"id": "1", "name": ["A\\ud800da"]}', json.dumps(["A\ufffdda"])),
        ('{"id": "1", "name": "A\\u0000da"}', "A\x00da"),
        ('{"id": "1", "name": "' + "9" * 5000 + '"}', "9" * 5000),
        ('{"id": "1", "name": ' + "9" * 5000 + "}", "9" * 5000),
    ],
    ids=[
        "text", "null", "long integer", "decimal", "huge", "negative zero", "boolean", "nested", "half a character",
        "half a character deeper", "NUL", "long text", "5,000 digits",
    ],
)  # fmt: skip
def test_json_values_lose_nothing(line, expected):
    assert values(read(line + "\n", path="people.jsonl")) == [{"id": "1", "name": expected}]


def test_bad_json_lines_are_set_aside():
    lines = [
        '{"id": "1", "name": "Ada"}', "", '{"id": "2", "name": "B', '["3", "Eve"]', '{"id": "4", "name": NaN}',
        '{"id": "5", "name": "a", "name": "b"}', "[" * 100_000, '{"name": "no id"}',
        '{"id": "9", "name": "Gus", "more": 1}',
        '{"id": {"of": 10}, "name": "Hal"}',
    ]  # fmt: skip
    found = read("\n".join(lines), path="people.jsonl")
    assert [row["id"] for row in values(found)] == ["1", "9", '{"of":10}']
    assert aside(found) == [
        (3, "not_json"), (4, "not_an_object"), (5, "not_json"), (6, "doubled_key"), (7, "not_json"), (8, "missing_id"),
    ]  # fmt: skip
    assert found.columns == ("id", "name", "more")


def test_parquet_values_lose_nothing():
    frame = pl.DataFrame(
        {
            "id": [2**53 + 1],
            "name": [Decimal("0.10")],
            "born": pl.Series(["2024-07-24T14:05:58.5"]).str.to_datetime(time_zone="Asia/Tokyo"),
            "day": pl.Series(["2024-07-24"]).str.to_date(),
            "won": [True],
            "tags": [["a", "b"]],
            "blob": [b"\xff"],
            "none": pl.Series([None], dtype=pl.Int64),
        }
    )
    content = io.BytesIO()
    frame.write_parquet(content)
    found = read(content.getvalue(), path="people.parquet")
    [row] = values(found)
    assert row.pop("tags") == '{"tags":["a","b"]}'
    assert row == {
        "id": "9007199254740993", "name": "0.10", "born": "2024-07-24T14:05:58.500+0900", "day": "2024-07-24",
        "won": "true", "none": None,
    }  # fmt: skip
    assert "'blob' holds bytes" in found.notes[0]


TEXTLESS = {
    "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
    "list of bytes": pa.array([[b"\xff"], None]),
    "struct with bytes": pa.array([{"a": [b"\xff"]}, None]),
    "struct with a map": pa.array([None, None], pa.struct([("a", pa.map_(pa.string(), pa.int64()))])),
}


@pytest.mark.parametrize("what", TEXTLESS)
def test_a_parquet_column_without_a_text_is_passed_over_and_refused_where_it_is_mapped(what):
    content = io.BytesIO()
    pq.write_table(pa.table({"id": ["1", "2"], "name": ["Ada", "Eve"], "odd": TEXTLESS[what]}), content)
    found = read(content.getvalue(), path="people.parquet")
    assert values(found) == [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Eve"}]
    assert "'odd' holds bytes or a map; passed over" in found.notes[0]
    with pytest.raises(FileUnreadableError, match="'odd' holds bytes or a map"):
        read(content.getvalue(), path="people.parquet", columns={"last_name": "odd"})


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
@pytest.mark.parametrize("cut", [1, 8, 40], ids=lambda size: f"{size} bytes short")
def test_half_a_packed_file_is_refused(tmp_path, pack, cut):
    packed = pack(bytes(range(256)) * 10)
    path = tmp_path / ("people.csv.gz" if pack is gzip.compress else "people.csv.zst")

    def unpacked(content):
        path.write_bytes(content)
        return b"".join(FileContent(path=path, stream=stream(), where=WHERE).chunks())

    assert unpacked(packed) == bytes(range(256)) * 10
    assert unpacked(packed + packed) == bytes(range(256)) * 20
    with pytest.raises(FileUnreadableError, match="damaged or ends too early"):
        unpacked(packed[:-cut])


CELL = st.text(st.characters(codec="utf-8"), max_size=6)


@settings(deadline=None)
@given(st.lists(st.tuples(CELL, CELL), max_size=8))
def test_whatever_a_writer_quotes_is_read_back(cells):
    """Every cell quoted, as the strictest writers do: any text survives."""
    rows = [(str(number), *pair) for number, pair in enumerate(cells)]
    text = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in rows)
    found = read("id,name,other\r\n" + text)
    assert found.rejected == ()
    assert [tuple(row.values()) for row in values(found)] == rows


LINE = st.text("1, \n", max_size=6) | st.text(st.characters(codec="utf-8", exclude_characters='"\r'), max_size=6)


@settings(deadline=None)
@given(st.lists(LINE, max_size=8))
def test_a_text_without_quotes_is_read_alike_with_and_without_the_fast_way(lines):
    """A quoted cell anywhere sends the whole text the careful way; every other row must come out the same."""
    text = "id,name\n" + "".join(f"{line}\n" for line in lines)
    fast, careful = read(text), read(text + '"end","x"\n')
    # Only the last lines can be a footer.
    assume(not any("a footer" in note for note in fast.notes))
    assert fast.rows.equals(careful.rows.filter(~pl.col("raw").str.contains('"id":"end"', literal=True)))
    assert (fast.rejected, fast.notes) == (careful.rejected, careful.notes)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_rows_with_lines_or_a_refusal_that_names_the_file(content):
    try:
        found = read(b"id,name\n" + content)
    except FileUnreadableError as refusal:
        told = str(refusal)
        found = None
    assert WHERE in told if found is None else all(row.offset > 1 for row in found.rejected)
