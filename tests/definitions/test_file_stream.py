"""Declaring a file: what is understood, and what is refused before anything is read."""

import pytest

from definitions.mapping.file_columns import header_name
from definitions.mapping.file_stream import FileStream
from definitions.schema.column import Kind

GIVEN = {"name": "deals", "kind": "opportunity", "path": "deals.csv", "id": "id", "columns": {"name": "id"}}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("deals.csv", ("csv", ",")),
        ("export/Deals.CSV.GZ", ("csv", ",")),
        ("deals.txt", ("csv", ",")),
        ("deals.tsv.zst", ("tsv", "\t")),
        ("deals.ndjson", ("jsonl", ",")),
        ("deals.xlsx", ("xlsx", ",")),
        ("deals.JSON", ("json", ",")),
        ("deals.v2.parquet", ("parquet", ",")),
    ],
)
def test_the_ending_names_the_format(path, expected):
    stream = FileStream.model_validate(GIVEN | {"path": path})
    assert (stream.format, stream.delimiter) == expected


def test_a_bare_name_stands_for_a_column():
    short = FileStream.model_validate(GIVEN | {"columns": {"name": " Deal "}})
    assert short == FileStream.model_validate(GIVEN | {"columns": {"name": {"column": "Deal"}}})
    assert short.needed_columns == ("Deal", "id")


def test_a_field_of_a_customers_own_is_a_typed_and_documented_column():
    own = {"custom.size": {"column": "Size", "kind": "whole", "means": "Size, in seats."}}
    stream = FileStream.model_validate(GIVEN | {"columns": {"name": "id", **own}})
    assert [(column.name, column.kind, column.means) for column in stream.custom] == [
        ("custom.size", Kind.COUNT, "Size, in seats.")
    ]
    assert stream.needed_columns == ("Size", "id")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"path": "deals"}, "format"),
        ({"path": "deals.xls"}, "format"),
        ({"path": "/etc/passwd.csv"}, "stays inside"),
        ({"path": "../deals.csv"}, "stays inside"),
        ({"encoding": "utf-9"}, "no text encoding is called 'utf-9'"),
        ({"encoding": "base64"}, "no text encoding"),
        ({"delimiter": ", "}, "at most 1 character"),
        ({"dates": "american"}, "dates"),
        ({"kind": "deal"}, "no records are of this kind; there are person"),
        ({"columns": {"stage": "x"}}, "opportunity has no field 'stage' to map; there are source_url"),
        ({"columns": {"record_key": "x"}}, "no field 'record_key'"),
        ({"columns": {"owner_key": "x"}}, "owner_key: `refers_to` belongs to fields that end in _key"),
        ({"columns": {"name": {"column": "x", "refers_to": "y"}}}, "name: `refers_to`"),
        ({"columns": {"name": {"column": "x", "times": 1000}}}, "name: `times` needs a number"),
        (
            {"columns": {"is_deleted": {"column": "x", "on_unreadable": "null"}}},
            "a deletion mark that cannot be read always sets its row aside",
        ),
        ({"columns": {"amount": {"column": "x", "times": 12}}}, "power of ten"),
        ({"columns": {"amount": {"column": "x", "times": -10}}}, "greater than 0"),
        ({"columns": {"name": {}}}, "either `column` or `constant`"),
        ({"columns": {"name": {"column": "x", "constant": "y"}}}, "either `column` or `constant`"),
        ({"columns": {"name": {"column": "x", "alias": {}}}}, "Extra inputs"),
        (
            {"columns": {"budget_status": {"column": "x", "values": {"a": "plenty"}}}},
            "no budget_status; there are unknown",
        ),
        ({"columns": {"budget_status": {"constant": "plenty"}}}, "this is no budget_status; there are unknown"),
        ({"columns": {"custom.size": "x"}}, "say of which kind it is, too: {column: x, kind: text}"),
        ({"columns": {"custom.Size": {"column": "x", "kind": "whole"}}}, "lower case words joined by _"),
        ({"columns": {"custom.size": {"column": "x", "kind": "int"}}}, "kind"),
        ({"columns": {"custom.size": {"column": "x", "kind": "text", "times": 1000}}}, "`times` needs a number"),
        ({"columns": {"custom.size": {"column": "x", "kind": "text", "refers_to": "y"}}}, "custom.size: `refers_to`"),
        ({"columns": {"amount": {"column": "x", "kind": "money"}}}, "or call yours custom.amount"),
        ({"columns": {"amout": "x"}}, "A field of your own is called custom.amout"),
        (
            {"kind": "product", "columns": {"name": "x", "custom.size": {"column": "x", "kind": "text"}}},
            "product has no fields of your own; these have: person, account, opportunity",
        ),
        ({"kind": "owner", "columns": {"owner_name": "x"}}, "owner needs is_active"),
        ({"kind": "activity", "columns": {}}, "activity needs activity_type"),
        ({"sheets": 1}, "Extra inputs"),
    ],
)
def test_a_wrong_declaration_is_refused_in_words(changes, says):
    with pytest.raises(ValueError, match=says):
        FileStream.model_validate(GIVEN | changes)


def test_names_of_columns_are_compared_without_what_cannot_be_seen():
    assert header_name("\ufeff Zoe\u0301\u00a0") == "Zo\u00e9"
    assert header_name("Foo__c") != header_name("foo__C")
