"""Reading files: what is kept, what is set aside with its line, and what is refused by name."""

import pytest

from connectors.files.streams import read_rows
from definitions.errors import FileUnreadableError
from tests.connectors.people_file import WHERE, aside, read, stream, values


@pytest.mark.parametrize(
    ("content", "declared", "name"),
    [
        (b"id,name\n1,Zo\xc3\xab\n", {}, "Zoë"),
        (b"\xef\xbb\xbfid,name\r\n1,Zo\xc3\xab\r\n", {}, "Zoë"),
        ("id,name\n1,Zoë\n".encode("utf-16"), {"encoding": "utf-16"}, "Zoë"),
        ("id,name\n1,Zoë\n".encode("utf-16-le"), {"encoding": "utf-16-le"}, "Zoë"),
        ("id,name\n1,Zoë\n".encode("utf-16-le"), {"encoding": "utf-16"}, "Zoë"),
        ("id,name\n1,Zoë\n".encode("utf-16-be"), {"encoding": "utf-16"}, "Zoë"),
        (b"id,name\n1,Zo\xeb\n", {"encoding": "latin-1"}, "Zoë"),
        (b"id,name\n1,Zo\x80\n", {"encoding": "cp1252"}, "Zo€"),
        (b"id,name\r1,Ada\r", {}, "Ada"),
        (b"id;name\n1;Ada, Countess\n", {"delimiter": ";"}, "Ada, Countess"),
        (b"id\tname\n1\tAda\n", {"path": "people.tsv"}, "Ada"),
        (b'id,name\n1,"Ada, Countess"\n', {}, "Ada, Countess"),
        (b'id,name\n1,"Ada ""the"" Countess"\n', {}, 'Ada "the" Countess'),
        (b'id,name\r\n1,"Ada\r\nCountess"\r\n', {}, "Ada\r\nCountess"),
        (b"id,name\n1,'Ada, Countess'\n", {"quote": "'"}, "Ada, Countess"),
        (b'id,name\n1,Ada "x\n', {"quote": None}, 'Ada "x'),
        (b'id,name\n1,5" pipe\n', {}, '5" pipe'),
        (b"id,name\n1,00123\n", {}, "00123"),
        (b"id,name\n1,+1 212 555 0100\n", {}, "+1 212 555 0100"),
        (b"id,name\n1,Null\n", {}, "Null"),
        (b"id,name\n1,NA\n", {}, "NA"),
        (b"id,name\n1, Ada \n", {}, " Ada "),
        (b"id,name\n1,A\x00da\n", {}, "A\x00da"),
        (b"id,name\n1,", {}, ""),
        (b"\n\nid,name\n1,Ada", {}, "Ada"),
        (b' id ,"name"\n1,Ada\n', {}, "Ada"),
    ],
    ids=[
        "UTF-8", "byte order mark and CR LF", "UTF-16", "UTF-16 without a mark",
        "UTF-16 without a mark or an order", "UTF-16, big end first, without both", "Latin-1", "Windows", "old Mac",
        "semicolons", "tabs", "delimiter in quotes", "doubled quotes", "line end in quotes", "other quote", "no quotes",
        "a quote inside a word is a quote", "leading zeros", "plus", "surname Null", "country code NA", "blanks stay",
        "NUL", "empty last cell, no line end", "blank lines before the header", "header with blanks and quotes",
    ],
)  # fmt: skip
def test_a_value_is_read_letter_for_letter(content, declared, name):
    found = read(content, **declared)
    assert (values(found), aside(found)) == ([{"id": "1", "name": name}], [])


@pytest.mark.parametrize(
    ("content", "kept", "set_aside"),
    [
        ("id,name\n1,Ada\n2\n3,Eve\n", ["1", "3"], [(3, "short_row")]),
        ("id,name\n1,Ada\n2,Bob,x\n3,Eve\n", ["1", "3"], [(3, "long_row")]),
        ('id,name\n1,"Ada"\n2,"Bob",x\n3,Eve\n', ["1", "3"], [(3, "long_row")]),
        ('id,name\n1,Ada\n2,"Bob\n3,Eve\n4,Flo\n', ["1", "3", "4"], [(3, "broken_quote")]),
        ('id,name\n1,Ada\n2,"Bob\n3,"Eve"\n4,Flo\n', ["1", "3", "4"], [(3, "broken_quote")]),
        ('id,name\n1,Ada\n2,"Bob\n3,Eve\n4,Flo\n5,"Gus"\n', ["1", "3", "4", "5"], [(3, "broken_quote")]),
        ('id,name\n1,Ada\n2,"Bob\n3,Eve\n4,Flo\n5",Gus\n', ["1", "3", "4", '5"'], [(3, "broken_quote")]),
        ('id,name\n1,Ada\n2,"Bob"x\n3,Eve\n', ["1", "3"], [(3, "broken_quote")]),
        ('id,name\n1,"two\nlines"\n2\n3,Eve\n', ["1", "3"], [(4, "short_row")]),
        ("id,name\n1,Ada\n,Bob\n \t,Eve\n", ["1"], [(3, "missing_id"), (4, "missing_id")]),
        ("id,name\n1,Ada\n2,Bob\n1,Eve\n", ["2"], [(2, "id_repeated"), (4, "id_repeated")]),
        ("id,name\nZoe\u0301,Ada\nZo\u00e9\u200b,Bob\n3,Eve\n", ["3"], [(2, "id_repeated"), (3, "id_repeated")]),
        ("id,name\n1,Ada\n\n  \n,\n2,Bob\n", ["1", "2"], [(4, "short_row")]),
        (b"id,name\n1,Ada\n2,B\xf6b\n3,Eve\n", ["1", "3"], [(3, "undecodable")]),
        ("id,name\n1," + "x" * 131073 + '\n2,"Bob"\n', ["2"], [(2, "cell_too_long")]),
    ],
    ids=[
        "short", "long", "long, quoted", "quote left open to the end", "quote left open, then a quoted cell",
        "quote left open, a quoted cell later", "two open quotes with rows between", "letters after a closing quote",
        "lines are counted through line ends in quotes", "no id", "one id, two contents",
        "one id but for what nobody sees", "blank lines are no rows",
        "a byte of another encoding", "too long a cell",
    ],
)  # fmt: skip
def test_a_bad_row_is_set_aside_with_its_line_and_the_rest_goes_on(content, kept, set_aside):
    found = read(content)
    assert ([row["id"] for row in values(found)], aside(found)) == (kept, set_aside)


def test_a_row_set_aside_keeps_its_own_text():
    found = read(b"id,name\n1,Ada\n2,B\xf6b,\xc3\xa9\n")
    assert [row.record for row in found.rejected] == ["2,B\\xf6b,é"]


def test_an_unclosed_quote_swallows_nothing_of_a_long_file():
    rows = [f"{number},Ada\n" for number in range(20_000)]
    rows[10_000] = '10000,"Ada\n'
    found = read("id,name\n" + "".join(rows))
    assert aside(found) == [(10_002, "broken_quote")]
    assert found.rows.height == 19_999


@pytest.mark.parametrize(
    ("text", "kept", "set_aside"),
    [
        ('1,x,y,"a\n2,x,y,z\n3,x,y,z\n4,y,z,b"\n5,x,y,z\n', ["5"], [(line, "broken_quote") for line in (2, 3, 4, 5)]),
        ('1,"a\n2,x,y,z\n3,x,y,z\n4",y,z\n', ["1"], []),
        ('1,"a\nDear all,\nthis, that, and more,\n4",y,z\n', ["1"], []),
    ],
    ids=["lines that are all rows", "a pasted table", "lines of a letter"],
)
def test_lines_in_quotes_are_one_cell_unless_each_is_a_row(text, kept, set_aside):
    found = read("id,name,b,c\n" + text)
    assert ([row["id"] for row in values(found)], aside(found)) == (kept, set_aside)


def test_a_row_that_repeats_another_one_entirely_is_one_record():
    found, repeated = read_rows(lambda: [b"id,name\n1,Ada\n1,Ada\n2,Bob\n"], stream(), WHERE)
    assert (found.rows["line"].to_list(), found.rejected, repeated) == ([2, 4], (), 1)


def test_rows_that_a_change_time_tells_apart_are_versions():
    columns = {"last_name": "name", "source_updated_at": "changed"}
    content = "id,name,changed\n1,Ada,2024-01-01\n1,Eve,2024-01-02\n2,Bob,2024-01-01\n2,Gus,2024-01-01\n"
    found = read(content, columns=columns)
    assert [row["name"] for row in values(found)] == ["Ada", "Eve"]
    assert aside(found) == [(4, "id_repeated"), (5, "id_repeated")]


@pytest.mark.parametrize(
    ("content", "number"),
    [
        ("id,name,\n1,Ada,\n2,Bob,\n", 3),
        ('id,name,\n1,Ada,\n2,Bob,"c"\n', 3),
        (",id,name\n0,1,Ada\n1,2,Bob\n", 1),
    ],
    ids=["without values", "with values", "index of a pandas frame"],
)
def test_a_column_without_a_name_is_passed_over_with_a_note(content, number):
    found = read(content)
    assert values(found) == [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}]
    assert found.notes == (f"{WHERE}: column {number} has no name; passed over",)


@pytest.mark.parametrize(
    ("content", "declared", "says"),
    [
        ("id,name,name\n1,a,b\n", {}, "'name' stands twice"),
        ("id,name, name\n1,a,b\n", {}, "'name' stands twice"),
        ("id,first\n1,a\n", {}, "no column 'name'. It has 'id', 'first'"),
        ("id,Name\n1,a\n", {}, "no column 'name'"),
        ("", {}, "no header line"),
        ("\n\n", {}, "no header line"),
        ('id,"name\n1,a\n', {}, "quote in the header (line 1)"),
        ("id,name\n1,a\n".encode("utf-16"), {}, "byte order mark of utf-16, but is declared utf-8"),
        ("id,name\n1,a\n".encode("utf-8-sig"), {"encoding": "latin-1"}, "byte order mark of utf-8"),
        (b"id,name,\xe9\n1,a,b\n", {}, "the header is not utf-8"),
        ("id,name\n1,a\n".encode("utf-16")[:-1], {"encoding": "utf-16"}, "is not utf-16"),
        (b"PAR1 not really", {"path": "people.parquet"}, "no whole Parquet file"),
        ('{"id": "1"}\n', {"path": "people.jsonl"}, "no column 'name'"),
    ],
    ids=[
        "column named twice", "named twice but for a blank", "mapped column missing", "case counts in names",
        "empty file", "blank file", "open quote in the header",
        "UTF-16 read as UTF-8", "UTF-8 read as Latin-1", "header of another encoding", "half a character at the end",
        "no Parquet", "mapped key missing",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(content, declared, says):
    with pytest.raises(FileUnreadableError) as refusal:
        read(content, **declared)
    assert WHERE in str(refusal.value)
    assert says in str(refusal.value)
