"""Fields of the customer's own, from the raw record to one JSON object, and what predicates answer of them."""

import json
from dataclasses import replace
from datetime import date

import polars as pl
import psycopg
import pytest

from definitions.mapping.custom_fields import UNREADABLE, FieldEntry
from definitions.predicates.predicate import parse
from tests.databases import address, new_database
from tests.transforms import hubspot_records
from tests.transforms.hubspot_records import hubspot_object, read
from transforms.classify.predicates import compile_predicate
from transforms.golden.custom_fields import packed, unpacked

KINDS = ("text", "number", "whole", "money", "boolean", "day", "moment")
COLUMNS = tuple(
    FieldEntry.model_validate({"from": f"p_{kind}", "kind": kind}).column(f"custom.{kind}") for kind in KINDS
)
OWN = (*COLUMNS, UNREADABLE)
GIVEN = {
    "p_text": "  Süd ", "p_number": "1.5", "p_whole": "7", "p_money": "1,250.50", "p_boolean": "true",
    "p_day": "2026-01-31", "p_moment": "2026-01-31T10:00:00Z",
}  # fmt: skip
READ = {
    "text": "Süd", "number": 1.5, "whole": 7, "money": "1250.50", "boolean": True, "day": "2026-01-31",
    "moment": "2026-01-31T10:00:00+00:00", "unreadable": None,
}  # fmt: skip


def custom_of(**properties):
    meaning = replace(
        hubspot_records.MEANING,
        fields={"deal": {column.name: f"p_{kind}" for column, kind in zip(COLUMNS, KINDS, strict=True)}},
        custom={"deal": COLUMNS},
    )
    given = hubspot_object(1, {"dealstage": "appointmentscheduled", **properties})
    records = read("deals", given, meaning=meaning, keeps_versions=True)["opportunity"]
    assert records.quarantined.is_empty()
    custom = records.records["custom"].item()
    unread = [name.removeprefix("custom.") for name in records.value_faults["field_name"]]
    assert ", ".join(unread) == (json.loads(custom or "{}").get("unreadable") or "")
    return custom


def test_every_kind_is_read():
    assert json.loads(custom_of(**GIVEN)) == READ


def test_what_cannot_be_read_is_null_and_named_and_the_rest_stays():
    told = json.loads(custom_of(**GIVEN | {"p_number": "high", "p_day": "soon"}))
    assert told == READ | {"number": None, "day": None, "unreadable": "number, day"}


def test_a_record_without_any_value_has_no_object():
    assert custom_of() is None
    assert custom_of(p_text="  ") is None


def test_out_of_the_object_and_back_changes_nothing():
    records = pl.DataFrame({"custom": [custom_of(**GIVEN), None]})
    columns = unpacked(records, OWN)
    assert columns["custom.money"].dtype == pl.Decimal(18, 2)
    assert packed(columns, OWN)["custom"].to_list() == records["custom"].to_list()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("test", "answer"),
    [
        ("custom.text = 'Süd'", True),
        ("custom.number > 1", True),
        ("custom.number + custom.whole > 8.4", True),
        ("custom.money = 1250.5", True),
        ("custom.boolean", True),
        ("custom.day < date '2026-02-01'", True),
        ("custom.moment is not null", True),
        ("custom.unreadable is not null", False),
        ("custom.unreadable = 'day'", None),
    ],
)
def test_both_engines_answer_alike_of_every_kind(server, test, answer):
    predicate = parse(test, "opportunity", own={"opportunity": {column.name: column for column in OWN}})
    records = pl.DataFrame({"custom": [custom_of(**GIVEN)]})
    as_of = date(2026, 1, 31)
    assert unpacked(records, OWN).select(compile_predicate(predicate, as_of)).item() is answer
    with psycopg.connect(address(new_database(server))) as connection:
        for kind in ("text", "jsonb"):
            rows = f"(SELECT %s::{kind} AS custom) AS row"
            asked = f"SELECT {predicate.to_postgres(as_of)} FROM {rows}"
            assert connection.execute(asked.encode(), [records["custom"].item()]).fetchone() == (answer,)
