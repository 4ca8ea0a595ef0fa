"""Workbooks and JSON documents, as people hold them: what is read of them, and what they are told."""

import json
from datetime import date, datetime
from decimal import Decimal

import pytest

from definitions.errors import FileUnreadableError
from tests.connectors.people_file import WHERE, aside, read, values
from tests.connectors.test_files_pull import declared, landed_rows, pull
from tests.connectors.workbooks import workbook
from tests.transforms.declared_files import conform
from tests.transforms.declared_files import stream as deals

PEOPLE = [["id", "name"], [1, "Ada"], ["2", "Zoë"]]
ADA_AND_ZOE = [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Zoë"}]
XLSX = {"path": "people.xlsx"}
JSON = {"path": "people.json"}


def test_a_workbook_is_landed_verbatim_and_read_back(tmp_path):
    content = workbook({"People": PEOPLE})
    (tmp_path / "people.xlsx").write_bytes(content)
    pulled, landing, [page] = pull(tmp_path, declared(**XLSX))
    assert (pulled.records, pulled.is_full, page.path.read_bytes()) == (2, True, content)
    assert [json.loads(raw) for raw in landed_rows(landing, page, declared(**XLSX))["raw"]] == ADA_AND_ZOE


def test_cells_are_the_text_that_an_export_would_have():
    row = [
        "007",
        date(2027, 1, 31),
        datetime.fromisoformat("2027-01-31T14:30"),
        1234.5,
        1200.0,
        1e20,
        True,
        None,
        " a\nb ",
    ]
    names = ["id", *(f"c{number}" for number in range(1, 9))]
    found = read(workbook({"A": [names, row]}), **XLSX, columns={})
    assert list(values(found)[0].values()) == [
        "007", "2027-01-31", "2027-01-31T14:30:00", "1234.5", "1200", "1e+20", "true", "", " a\nb ",
    ]  # fmt: skip


@pytest.mark.parametrize("mark", [{}, {"decimal": ","}], ids=["none declared", "comma declared"])
def test_numbers_and_days_of_a_workbook_are_read_whatever_the_declared_mark(mark):
    columns = {"amount": "amount", "source_close_date": "day"}
    of = deals(path="d.xlsx", columns=columns, **mark)
    content = workbook({"A": [["id", "amount", "day"], [1, 1.234, date(2027, 1, 31)], [2, 0.5, None], [3, 7, None]]})
    rows = values(read(content, kind="opportunity", path="d.xlsx", columns=columns, **mark))
    records = conform(rows, of).records.sort("source_id")
    assert records["amount"].to_list() == [Decimal("1.23"), Decimal("0.50"), Decimal("7.00")]
    assert records["source_close_date"].to_list() == [date(2027, 1, 31), None, None]


@pytest.mark.parametrize(
    ("sheet", "name"),
    [(None, "shown"), (1, "hidden"), (3, "third"), ("third", "third"), ("hidden", "hidden")],
)
def test_a_sheet_is_the_declared_one_or_the_first_that_is_shown(sheet, name):
    sheets = {one: [["id", "name"], [1, one]] for one in ("hidden", "shown", "third")}
    found = read(workbook(sheets, hidden=["hidden"]), **XLSX, sheet=sheet)
    assert values(found)[0]["name"] == name
    noted = (f"{WHERE}: sheet 'shown' is read, not 'third'; `sheet` names another",)
    assert found.notes == (noted if sheet is None else ())


@pytest.mark.parametrize("sheet", [0, 2, "Leads"])
def test_a_sheet_that_is_not_there_is_named_with_those_that_are(sheet):
    with pytest.raises(FileUnreadableError, match=r"has no sheet .*, but 'People'\. Name one in `sheet`"):
        read(workbook({"People": PEOPLE}), **XLSX, sheet=sheet)
    assert values(read(workbook({"People": PEOPLE}), **XLSX, sheet="People")) == ADA_AND_ZOE


def test_a_report_in_a_workbook_has_lines_before_and_after_its_rows():
    rows = [["Contacts"], [], *PEOPLE, [None, "Eve"], ["id", "name"], [3, "Cy"], [], ["3 records"]]
    found = read(workbook({"A": rows}), **XLSX)
    assert [(row["id"], line) for row, line in zip(values(found), found.rows["line"], strict=True)] == [
        ("1", 4), ("2", 5), ("3", 8),
    ]  # fmt: skip
    assert aside(found) == [(6, "missing_id")]
    assert found.notes == (
        f"{WHERE}: the header is line 3; what stands before it is passed over",
        f"{WHERE}: 1 blank lines passed over",
        f"{WHERE}: the header stands again in line 7; passed over",
        f"{WHERE}: 1 of the last lines (line 10) are passed over: a footer, no rows",
    )


def test_a_workbook_larger_than_allowed_is_refused():
    rows = [["id", "name"], *([number, "x" * 1000] for number in range(1100))]
    with pytest.raises(FileUnreadableError, match="more than the 1 MB that its stream allows"):
        read(workbook({"A": rows}), **XLSX, unpacked_limit_mb=1)
    assert read(workbook({"A": rows}), **XLSX, unpacked_limit_mb=2).rows.height == 1100


@pytest.mark.parametrize(
    "document",
    [
        [{"id": 1, "name": "Ada"}, {"id": "2", "name": "Zoë"}],
        {"total": 2, "people": [{"id": 1, "name": "Ada"}, {"id": "2", "name": "Zoë"}], "tags": ["a"]},
        {"data": {"items": [{"id": 1, "name": "Ada"}, {"id": "2", "name": "Zoë"}]}, "paging": {"next": None}},
    ],
    ids=["array", "array in an object", "array one level deeper"],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_document_holds_one_array_of_records(document, indent):
    found = read(json.dumps(document, indent=indent), **JSON)
    assert (values(found), found.rows["line"].to_list(), aside(found)) == (ADA_AND_ZOE, [1, 2], [])


def test_values_of_a_json_document_are_exact_and_odd_elements_set_aside():
    content = '[{"id": "1", "name": 1.10}, 7, {"id": "2", "id": "3", "name": "x"}, {"id": "4", "name": {"a": [1E2]}}]'
    found = read(content, **JSON)
    assert values(found) == [{"id": "1", "name": "1.10"}, {"id": "4", "name": '{"a":[1E2]}'}]
    assert aside(found) == [(2, "not_an_object"), (3, "doubled_key")]


@pytest.mark.parametrize(
    ("content", "says", "mended"),
    [
        ('{"id": "1", "name": "Ada"}\n{"id": "2", "name": "Zoë"}\n', "declare `format: jsonl`", {"format": "jsonl"}),
        ('[{"id": "1", "name": "Ada"}', "is no JSON document (line 1). Copy or export it again, whole.", None),
        (
            '{"a": [{"id": "1"}], "b": [{"id": "2"}]}',
            "several arrays of objects ('a', 'b'). Put one",
            None,
        ),
        (
            '{"id": "1", "name": "Ada"}',
            "holds no array of objects. Write its records as one",
            {"format": "jsonl"},
        ),
        ('[{"id": "1"}]', "has no column 'name'. It has 'id'", None),
        ('[{"id": NaN}]', "a word such as NaN", None),
        ("[{'id': 1}]".encode("utf-16"), "Declare `encoding: utf-16`", None),
        (b'[{"id": "1", "name": "Zo\xeb"}]', "is not utf-8. Declare its `encoding`", {"encoding": "latin-1"}),
    ],
)
def test_a_json_document_that_cannot_be_read_names_the_way_out(content, says, mended):
    with pytest.raises(FileUnreadableError) as refused:
        read(content, **JSON)
    assert says in str(refused.value)
    if mended is not None:
        assert read(content, **JSON, **mended).rows.height >= 1


def test_options_of_other_formats_are_told():
    with pytest.raises(ValueError, match="sheet is of workbooks: leave it out for csv"):
        declared(sheet="A")
