"""What a person is told of a file that is not what was declared: what it is, where, and a remedy that works."""

import zipfile

import pytest
from pydantic import ValidationError

from definitions.errors import FileUnreadableError
from tests.connectors.people_file import WHERE, aside, read, stream, values
from tests.connectors.test_files_pull import declared, pull


def refusal(content, **given):
    with pytest.raises(FileUnreadableError) as refused:
        read(content, **given)
    told = str(refused.value)
    assert told.startswith(WHERE.partition(":")[0])
    return told


@pytest.mark.parametrize(
    ("content", "given", "remedy", "mended"),
    [
        (b"id;name\n1;Ada\n", {}, "declare `delimiter: ';'`", {"delimiter": ";"}),
        (b'"id"\t"name"\n1\tAda\n', {}, 'declare `delimiter: "\\t"`', {"delimiter": "\t"}),
        (b"id,name\n1,Ada\n", {"delimiter": ";"}, "declare `delimiter: ','`", {}),
        (b"sep=;\nid;name\n1;Ada\n", {}, "Declare `delimiter: ';'`", {"delimiter": ";"}),
        ("sep=;\r\nid;name\r\n1;Ada\r\n".encode("utf-16"), {}, "Declare `encoding: utf-16`",
         {"encoding": "utf-16", "delimiter": ";"}),
        ("id,name\n1,Ada\n".encode("utf-16-le"), {}, "Declare `encoding: utf-16-le`", {"encoding": "utf-16-le"}),
        ("id,name\n1,Ada\n".encode("utf-16-be"), {}, "Declare `encoding: utf-16-be`", {"encoding": "utf-16-be"}),
        (b'{"id": "1", "name": "Ada"}\n', {}, "Declare `format: jsonl`", {"format": "jsonl"}),
        (b'[{"id": "1", "name": "Ada"}]\n', {}, "Declare `format: json`", {"format": "json"}),
        (b'[{"id": "1", "name": "Ada"}]\n', {"format": "jsonl"}, "Declare `format: json`", {"format": "json"}),
    ],
    ids=["semicolons", "tabs", "commas", "a line for Excel", "that in UTF-16", "UTF-16 without its mark",
         "UTF-16, big end first", "JSON lines", "a JSON array", "a JSON array for lines"],
)  # fmt: skip
def test_the_remedy_that_a_refusal_names_reads_the_file(content, given, remedy, mended):
    assert remedy in refusal(content, **given)
    assert values(read(content, **mended)) == [{"id": "1", "name": "Ada"}]


def workbook(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("content", "given", "says"),
    [
        (
            None,
            {},
            "is an Excel workbook (.xlsx) or another zip archive, not csv as declared. Declare `format: xlsx`",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
            {},
            "is an old Excel workbook (.xls), or one with a password",
        ),
        (b"id,name\n", {"path": "people.xlsx"}, "is no Excel workbook, not xlsx as declared. Declare its `format`"),
        (b"PK\x03\x04 not really", {"path": "people.xlsx"}, "is no whole Excel workbook"),
        (b'[{"id": "1", "name": "Ada"}]', {}, "is one JSON list, not csv as declared. Declare `format: json`"),
        (b'[\n  {"id": "1", "name": "Ada"}\n]', {"path": "people.jsonl"}, "is one JSON list, not jsonl"),
        (b"\xef\xbb\xbf<!DOCTYPE html>\n<html>Sign in</html>", {}, "is a web page"),
        (b"<table><tr><td>id</td></tr></table>", {}, "is a web page"),
        (b"%PDF-1.7\n", {}, "is a PDF"),
        (b"PAR1" + b"\0" * 20, {}, "is Parquet, not csv as declared. Declare `format: parquet`"),
        (b"BZh91AY&SY", {}, "is packed by bzip2"),
    ],
    ids=[
        "xlsx",
        "xls",
        "CSV named xlsx",
        "half a workbook",
        "JSON list",
        "JSON list over lines",
        "sign-in page",
        "HTML report",
        "PDF",
        "Parquet",
        "bzip2",
    ],
)
def test_a_file_of_another_kind_says_what_it_is(tmp_path, content, given, says):
    assert says in refusal(workbook(tmp_path / "x") if content is None else content, **given)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (
            "contacts.xls",
            r"contacts\.xls: its name ends in \.xls, which says no format that is .*Save it as \.xlsx",
        ),
        ("contacts.zip", "Unpack it"),
        ("contacts", "its name has no ending.* or declare `format`"),
        ("contacts.dat.gz", r"ends in \.dat.*Name one of \.csv"),
    ],
)
def test_an_ending_that_says_no_format_names_the_way_out(path, says):
    with pytest.raises(ValidationError, match=says):
        stream(path=path)
    assert stream(path=path, format="csv").format == "csv"


def test_a_line_for_excel_and_a_doubled_column_nobody_mapped_are_passed_over():
    found = read("sep=,\nid,name,changed,changed\n1,Ada,x,y\n")
    assert values(found) == [{"id": "1", "name": "Ada"}]
    assert found.notes == (f"{WHERE}: column 'changed' stands twice in the header and is not mapped; passed over",)


@pytest.mark.parametrize("quote", ["", '"'], ids=["plain", "quoted"])
def test_a_header_that_stands_again_is_no_record(quote):
    lines = ["id,name", "1,Ada", "id,name", "2,Bob"]
    text = "".join(",".join(f"{quote}{cell}{quote}" for cell in line.split(",")) + "\n" for line in lines)
    found = read(text)
    assert [row["id"] for row in values(found)] == ["1", "2"]
    assert (aside(found), found.notes) == ([], (f"{WHERE}: the header stands again in line 3; passed over",))


def test_lines_that_repeat_others_are_counted_and_named(tmp_path):
    (tmp_path / "people.csv").write_text("id,name\n1,Ada\n2,Bo\n2,Bo\n2,Bo\n3,Cy\n")
    pulled, _, _ = pull(tmp_path, declared())
    assert (pulled.records, pulled.repeated) == (3, 2)
    told = "crm.people: people.csv: 2 lines repeat others word for word (line 4, 5); each is counted once"
    assert pulled.notes == (told,)


def test_a_row_set_aside_says_that_nothing_is_taken_for_gone(tmp_path):
    (tmp_path / "people.csv").write_text("id,name\n1,Ada\n2\n")
    pulled, _, _ = pull(tmp_path, declared())
    told = (
        "crm.people: people.csv: 1 row was set aside, so removals are off: what is no longer in the file is not taken "
        "for gone"
    )
    assert (pulled.is_full, pulled.notes) == (False, (told,))


def test_many_rows_of_another_encoding_name_the_encoding_to_declare(tmp_path):
    (tmp_path / "people.csv").write_bytes(b"id,name\n" + b"".join(b"%d,Zo\xeb\n" % number for number in range(20)))
    with pytest.raises(
        FileUnreadableError, match=r"20 with undecodable \(lines 2, 3, .* Declare its `encoding` \(cp1252"
    ):
        pull(tmp_path, declared())
    pulled, _, _ = pull(tmp_path, declared(encoding="cp1252"), run="r2")
    assert pulled.records == 20
