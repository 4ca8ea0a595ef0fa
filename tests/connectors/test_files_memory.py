"""Hostile and damaged files take bounded memory, and each is refused by name or read: F44.

Every file here once took gigabytes, or no end of time.
"""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from connectors.files.streams import read_rows
from connectors.files.unpacking import FileContent
from definitions.errors import FileUnreadableError
from tests.connectors.files_in_a_process import pulled_and_read_again
from tests.connectors.people_file import WHERE, read, stream, values

pytestmark = pytest.mark.slow
HEAD = b"id,name\n1,Ada\n"
MB = 1_000_000


def packed(path: Path, pieces: Iterator[bytes]) -> None:
    with gzip.open(path, "wb", 9) as file:
        file.writelines(pieces)


def bomb(path: Path) -> None:
    """About 300 KB that unpack to 300 MB of empty lines."""
    packed(path, iter([HEAD, *[b"\n" * MB] * 300]))
    assert path.stat().st_size < 320_000


def many_values(path: Path) -> None:
    """A column of one value, five million times, in less than a megabyte of Parquet."""
    rows = pa.table({"id": ["1"] * 100_000, "name": ["x" * 1000] * 100_000})
    with pq.ParquetWriter(path, rows.schema) as writer:
        for _ in range(50):
            writer.write_table(rows)


def plain(*pieces: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(b"".join(pieces)) and None


COLUMNS = b"id,name," + b",".join(b"c%d" % number for number in range(1_000_000)) + b"\n1,Ada\n"
WIDE = (
    b"id,name," + b",".join(b"a column with the number %d" % number for number in range(16_000)) + b"\n",
    *(b"%d,Ada" % number + b"," * 16_000 + b"\n" for number in range(600)),
)


@pytest.mark.parametrize(
    ("name", "make", "declared", "says", "megabytes"),
    [
        ("people.csv.gz", bomb, {}, "people.csv.gz: unpacks to more than 200 times its size", 250),
        (
            "people.csv.zst",
            lambda path: path.write_bytes(zstandard.compress(HEAD + b"\n" * (100 * MB))),
            {},
            "unpacks to more than 200 times its size",
            700,
        ),
        ("people.csv", plain(HEAD, b"\n" * (30 * MB)), {}, "30000000 blank lines passed over; 1 rows", 250),
        ("people.csv", plain(HEAD, b"\n" * (3 * MB)), {"unpacked_limit_mb": 2}, "raise `unpacked_limit_mb`", 250),
        ("people.csv", plain(HEAD, b"x" * (40 * MB)), {}, "line 3 is longer than 16 million characters", 250),
        ("people.csv", plain(HEAD, b'2,"', b"x" * (100 * MB)), {}, "line 3 is longer than 16 million", 250),
        ("people.csv", plain(HEAD, b'2,"', b"a line of a letter\n" * (2 * MB)), {}, "10,001 of the first", 250),
        ("people.csv", plain(HEAD, b"x\n" * (10 * MB)), {}, "rows cannot be read as declared", 600),
        ("people.csv", plain(COLUMNS), {}, "has more than 16,384 columns", 400),
        ("people.csv", plain(*WIDE), {"unpacked_limit_mb": 20}, "take more than 4 times the 20 MB", 600),
        (
            "people.jsonl",
            plain(*(b'{"id":"%d","key %d":"x"}\n' % (number, number) for number in range(300_000))),
            {},
            "has more than 16,384 columns",
            250,
        ),
        ("people.parquet", many_values, {"unpacked_limit_mb": 50}, "holds 5,000,000 rows", 250),
    ],
    ids=[
        "gzip of empty lines", "zstd of empty lines", "empty lines", "past its limit", "one long line",
        "a quote left open over one long line", "a quote left open over many lines", "millions of short rows",
        "a million columns", "wide rows", "a key of its own in every line", "Parquet of one value",
    ],
)  # fmt: skip
def test_a_hostile_file_takes_bounded_memory(tmp_path, name, make, declared, says, megabytes):
    make(tmp_path / name)
    told, grown = pulled_and_read_again(tmp_path, stream(path=name, **declared))
    assert says in told
    assert f"crm.people: {name}" in told
    assert grown < megabytes


def test_an_ordinary_file_is_counted_without_its_text_being_held(tmp_path):
    """A file of 30 MB: its rows as JSON are twice as much, and the second reading holds them."""
    row = b"%d,Ada Byron,ada.byron@example.com,Head of Weaving,Brindle Works,Germany\n"
    (tmp_path / "people.csv").write_bytes(
        b"id,name,email,title,company,country\n" + b"".join(row % number for number in range(400_000))
    )
    told, grown = pulled_and_read_again(tmp_path, stream())
    assert told == "400000 rows"
    assert grown < 400


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("people.csv.gz", gzip.compress(gzip.compress(HEAD)), "is packed by gzip (again), not csv as declared"),
        ("people.csv", gzip.compress(HEAD), "is packed by gzip"),
        ("people.csv.gz", gzip.compress(HEAD)[:-4], "the packed data is damaged or ends too early"),
        ("people.csv.gz", HEAD, "the packed data is damaged or ends too early"),
        ("people.csv.zst", zstandard.compress(HEAD * 99)[:-3], "the packed data is damaged or ends too early"),
        ("people.csv.zst", b"\x28\xb5\x2f\xfd" + b"\xff" * 99, "the packed data is damaged or ends too early"),
    ],
    ids=["gzip in gzip", "gzip by another name", "cut gzip", "no gzip", "cut zstd", "damaged zstd"],
)
def test_a_damaged_or_twice_packed_file_is_refused(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    declared = stream(path=name)
    chunks = FileContent(path=tmp_path / name, stream=declared, where=WHERE).chunks
    with pytest.raises(FileUnreadableError) as refusal:
        read_rows(chunks, declared, WHERE)
    assert WHERE in str(refusal.value)
    assert says in str(refusal.value)


def test_the_advice_of_each_refusal_can_be_followed(tmp_path):
    """What was refused for its size is read with a higher limit; what was refused for its ratio is read unpacked."""
    (tmp_path / "people.csv").write_bytes(HEAD + b"\n" * (3 * MB))
    told, _ = pulled_and_read_again(tmp_path, stream(unpacked_limit_mb=2))
    assert "raise `unpacked_limit_mb` of its stream" in told
    told, _ = pulled_and_read_again(tmp_path, stream(unpacked_limit_mb=4), "r1")
    assert told.endswith("1 rows")
    packed(tmp_path / "people.csv.gz", iter([HEAD, b"\n" * (70 * MB)]))
    told, _ = pulled_and_read_again(tmp_path, stream(path="people.csv.gz"))
    assert "unpack it and name the plain file" in told
    (tmp_path / "people.csv").write_bytes(gzip.decompress((tmp_path / "people.csv.gz").read_bytes()))
    told, _ = pulled_and_read_again(tmp_path, stream(), "r2")
    assert told.endswith("1 rows")


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    (tmp_path / "people.csv").write_bytes(HEAD)
    content = FileContent(path=tmp_path / "people.csv", stream=stream(), where=WHERE)
    digest = content.digest()
    assert b"".join(content.chunks(digest)) == HEAD
    (tmp_path / "people.csv").write_bytes(HEAD + b"2,Bob\n")
    with pytest.raises(FileUnreadableError, match="was changed while it was read"):
        b"".join(content.chunks(digest))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 4097])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_where_a_file_is_cut_into_pieces_makes_no_difference(size, ends, encoding):
    """Cells with line ends, open quotes and letters of several bytes lie on every border."""
    rows = [
        "id,name",
        " " * 4100,
        "1,Zoë",
        '2,"two',
        'lines, ""quoted"""',
        "3,€",
        '4,"open',
        "5",
        "6,🙂",
        "",
        '7,"x"',
    ]
    text = ends.join([*rows, *rows[-8:-2], "8,last"]).encode(encoding)
    whole = read(text, encoding=encoding)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    cut, _ = read_rows(lambda: iter(pieces), stream(encoding=encoding), WHERE)
    assert cut.rows.equals(whole.rows)
    assert (cut.rejected, cut.notes) == (whole.rejected, whole.notes)
    assert [row["id"] for row in values(cut)][:3] == ["1", "2", "3"]
