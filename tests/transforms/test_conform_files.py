"""Rows of files to canonical records: what each declaration does, and what a value that breaks it costs."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.mapping.source_mapping import SourceMapping
from tests.transforms.declared_files import MEANING, conform, landed, stream
from transforms.conform.files import conform_file, stages_of_file
from transforms.conform.files_versions import compact_files


def one(declared, cell, **others):
    """The value of the one mapped field, or why it is null; its row stays."""
    of = stream(**declared)
    conformed = conform([{"id": "7", "x": cell, **others}], of)
    [field] = of.columns
    assert conformed.quarantined.is_empty()
    [value] = conformed.records[field].to_list()
    if conformed.value_faults.is_empty():
        return value
    assert value is None
    [fault] = conformed.value_faults.select("reason_code", "field_name").rows()
    return fault


def opportunity(field, **column):
    return {"columns": {field: {"column": "x", **column}}}


@pytest.mark.parametrize(
    ("declared", "cell", "expected"),
    [
        (opportunity("source_close_date"), "2017-03-01", date(2017, 3, 1)),
        (opportunity("source_close_date", dates="month_first"), "3/1/2017", date(2017, 3, 1)),
        (opportunity("source_close_date") | {"dates": "day_first"}, "3/1/2017", date(2017, 1, 3)),
        (opportunity("source_close_date", dates="day_first"), "3/13/2017", ("unreadable_value", "source_close_date")),
        (opportunity("source_close_date"), "3/1/2017", ("unreadable_value", "source_close_date")),
        (opportunity("last_stage_change_at"), "2017-03-01", datetime(2017, 3, 1, 5, tzinfo=UTC)),
        (opportunity("last_stage_change_at"), "2017-03-01T00:00:00Z", datetime(2017, 3, 1, tzinfo=UTC)),
        (opportunity("amount"), "1,234.50", Decimal("1234.50")),
        (opportunity("amount") | {"decimal": ","}, "1.234,50", Decimal("1234.50")),
        (opportunity("amount", times=1000), "(1.5)", Decimal("-1500.00")),
        (opportunity("amount") | {"decimal": "."}, "1.234,50", ("unreadable_value", "amount")),
        (opportunity("amount"), "1e999", ("out_of_range", "amount")),
        (opportunity("amount"), "123456789012345678901234567890", ("out_of_range", "amount")),
        (opportunity("amount"), "NaN", ("unreadable_value", "amount")),
        (opportunity("push_count"), "2", 2),
        (opportunity("push_count"), "-1", ("out_of_range", "push_count")),
        (opportunity("push_count"), "2147483648", ("out_of_range", "push_count")),
        (opportunity("probability"), "60%", 0.6),
        (opportunity("probability"), "60", ("out_of_range", "probability")),
        (opportunity("probability", times="0.01"), "60", 0.6),
        (opportunity("compelling_event"), "Yes", True),
        (opportunity("compelling_event"), "perhaps", ("unreadable_value", "compelling_event")),
        (opportunity("currency_code"), "eur", "EUR"),
        (opportunity("currency_code"), "XYZ", ("unreadable_value", "currency_code")),
        (opportunity("budget_status"), "allocated", "allocated"),
        (opportunity("budget_status", values={"Yes!": "allocated"}), "Yes!", "allocated"),
        (opportunity("budget_status"), "plenty", ("outside_vocabulary", "budget_status")),
        (opportunity("next_step"), "  Call\x00 ", "Call"),
        (opportunity("next_step"), "", None),
        (opportunity("next_step", nulls=["none"]), " none ", None),
        (opportunity("next_step", nulls=["none"]), "None", "None"),
        (opportunity("next_step") | {"nulls": ["tbd"]}, "tbd", None),
        (opportunity("next_step", nulls=[]) | {"nulls": ["tbd"]}, "tbd", "tbd"),
        (opportunity("next_step", values={"a": "b"}), "a", "b"),
        (opportunity("next_step", values={"a": "b"}), "A", "A"),
        (opportunity("next_step", values={"a": "b"}, others="ignore"), "c", None),
        (opportunity("next_step", values={"a": "b"}, others="refuse"), "c", ("unknown_alias", "next_step")),
        (opportunity("next_step", values={"a": "b"}, others="refuse"), "", None),
        (opportunity("owner_key", refers_to="teams"), " Ada ", "crm:teams:Ada"),
        (opportunity("owner_key", refers_to="hubspot:owner"), "12", "hubspot:owner:12"),
        (opportunity("owner_key", refers_to="teams", values={"Adah": "Ada"}), "Adah", "crm:teams:Ada"),
        (opportunity("owner_key", refers_to="teams"), "", None),
    ],
)
def test_a_cell_is_read_as_declared_or_is_null_with_its_reason(declared, cell, expected):
    assert one(declared, cell) == expected


def own(**column):
    return opportunity("custom.x", **column)


@pytest.mark.parametrize(
    ("declared", "cell", "expected"),
    [
        (own(kind="text"), " Süd ", {"x": "Süd", "unreadable": None}),
        (own(kind="text", values={"S": "South"}), "S", {"x": "South", "unreadable": None}),
        (own(kind="text", values={"S": "South"}, others="refuse"), "N", {"x": None, "unreadable": "x"}),
        (own(kind="text"), "", None),
        (own(kind="number", nulls=["n/a"]), "n/a", None),
        (own(kind="number", decimal=","), "1,5", {"x": 1.5, "unreadable": None}),
        (own(kind="money", times=1000), "1.5", {"x": "1500.00", "unreadable": None}),
        (own(kind="day", dates="month_first"), "3/1/2017", {"x": "2017-03-01", "unreadable": None}),
        (own(kind="day"), "3/1/2017", {"x": None, "unreadable": "x"}),
        (own(kind="whole"), "1.5", {"x": None, "unreadable": "x"}),
        (own(kind="boolean", values={"Ja": "yes"}), "Ja", {"x": True, "unreadable": None}),
    ],
)
def test_a_field_of_a_customers_own_is_read_as_declared_and_costs_itself_alone(declared, cell, expected):
    conformed = conform([{"id": "7", "x": cell}], stream(**declared))
    assert conformed.quarantined.is_empty()
    (found,) = conformed.records["custom"].to_list()
    assert (None if found is None else json.loads(found)) == expected


def test_an_odd_value_costs_itself_and_is_named():
    conformed = conform([{"id": "1", "x": "5"}, {"id": "2", "x": "five"}], stream(**opportunity("amount")))
    assert conformed.records.select("source_id", "amount").rows() == [("1", Decimal(5)), ("2", None)]
    assert conformed.quarantined.is_empty()
    assert conformed.value_faults.rows() == [
        ("crm:deals:2", "crm", "deals", "amount", "unreadable_value", "decimal_point", None)
    ]


def test_a_field_may_be_declared_to_cost_its_row():
    of = stream(**opportunity("amount", on_unreadable="quarantine"))
    conformed = conform([{"id": "1", "x": "5"}, {"id": "2", "x": "five"}], of)
    assert conformed.records["source_id"].to_list() == ["1"]
    assert conformed.value_faults.is_empty()
    assert conformed.quarantined.rows() == [
        ("crm:deals:2", "crm", "deals", "unreadable_value", "amount", "decimal_point", None,
         "r1/000001-a.csv.zst:3", None, False),
    ]  # fmt: skip


def test_an_unknown_word_is_shown_to_the_letter():
    deals = [{"id": "1", "stage": "Lost|Won", "day": "", "money": ""}]
    held = conform(deals, stream(columns=DEAL)).value_faults
    assert held.select("reason_code", "field_name", "detail").rows() == [("unmapped_value", "source_stage", "Lost|Won")]
    of = stream(**opportunity("next_step", values={"a": "b"}, others="refuse"))
    held = conform([{"id": "1", "x": "c|d"}], of).value_faults
    assert held.select("reason_code", "field_name", "detail").rows() == [("unknown_alias", "next_step", "c|d")]


DEAL = {"source_stage": "stage", "source_close_date": "day", "amount": "money"}


@pytest.mark.parametrize(
    ("stage", "day", "expected"),
    [
        ("Won", "2017-03-01", (True, True, datetime(2017, 3, 1, 5, tzinfo=UTC))),
        ("won ", "2017-03-01", (True, True, datetime(2017, 3, 1, 5, tzinfo=UTC))),
        ("Open", "2017-03-01", (False, False, None)),
        ("Won", "", (True, True, None)),
        ("", "2017-03-01", (None, None, None)),
    ],
    ids=["closed on its close date", "spelt otherwise", "open deals are not closed on theirs", "no day", "no stage"],
)
def test_the_stage_says_whether_and_the_close_date_when_a_deal_was_closed(stage, day, expected):
    deals = conform([{"id": "1", "stage": stage, "day": day, "money": ""}], stream(columns=DEAL)).records
    assert deals.select("is_closed", "is_won", "closed_at").rows() == [expected]


def test_a_stage_that_no_setting_maps_is_named():
    conformed = conform([{"id": "1", "stage": "Paused", "day": "", "money": ""}], stream(columns=DEAL))
    columns = ["source_stage", "is_closed", "is_won", "closed_at"]
    assert conformed.records.select(columns).rows() == [("Paused", None, None, None)]
    assert conformed.value_faults.select("reason_code", "detail").rows() == [("unmapped_value", "Paused")]


@pytest.mark.parametrize(
    ("money", "code", "expected"),
    [
        ("5", "", "USD"),
        ("€5", "", "EUR"),
        ("$5", "", "USD"),
        ("5", "CHF", "CHF"),
        ("CHF 5", "CHF", "CHF"),
        ("", "", "USD"),
        ("€5", "CHF", ("contradiction", "amount")),
    ],
)
def test_a_currency_is_the_columns_or_the_amounts_or_the_sources(money, code, expected):
    of = stream(columns={"amount": "x", "currency_code": "code"})
    conformed = conform([{"id": "1", "x": money, "code": code}], of)
    (currency,) = conformed.records["currency_code"]
    (amount,) = conformed.records["amount"]
    (fault,) = conformed.value_faults.select("reason_code", "field_name").rows() or [None]
    assert (fault or currency) == expected
    assert (amount is None) == (fault is not None or not money)


def test_a_currency_that_cannot_be_read_is_not_the_sources():
    of = stream(columns={"amount": "x", "currency_code": "code"})
    conformed = conform([{"id": "1", "x": "5", "code": "XYZ"}], of)
    assert conformed.records.select("amount", "currency_code").rows() == [(Decimal(5), None)]
    assert conformed.value_faults["field_name"].to_list() == ["currency_code"]


def test_the_stages_of_a_file_are_spelt_as_its_deals_spell_them():
    rows = [{"id": "1", "stage": "won", "day": "", "money": ""}, {"id": "2", "stage": "?", "day": "", "money": ""}]
    of = stream(columns=DEAL)
    state = compact_files(None, [landed(rows)], MEANING, stream=of, keeps_versions=True)
    stages = stages_of_file(state.lazy(), MEANING, stream=of)
    columns = ["record_key", "source_stage", "canonical_stage", "display_order", "is_closed", "is_won"]
    assert stages.records.select(columns).rows() == [
        ("crm:stage:Open", "Open", "qualification", 1, False, False),
        ("crm:stage:won", "won", "closed_won", 2, True, True),
    ]
    assert stages.quarantined.height == 0


def test_stages_of_pipelines_are_stages_of_their_own():
    meaning = SourceMapping(
        source="crm", time_zone="UTC", currency="USD", stages={"Done": "closed_won", "Churn/Done": "closed_lost"}
    )
    of = stream(columns={"source_stage": "stage", "pipeline_id": "pipe"})
    rows = [{"id": "1", "stage": "Done", "pipe": "Sales"}, {"id": "2", "stage": "Done", "pipe": "Churn"}]
    state = compact_files(None, [landed(rows)], meaning, stream=of, keeps_versions=True).lazy()
    stages = stages_of_file(state, meaning, stream=of).records
    assert stages.select("source_id", "pipeline_id", "canonical_stage", "is_won").rows() == [
        ("Churn/Done", "Churn", "closed_lost", False),
        ("Sales/Done", "Sales", "closed_won", True),
    ]
    deals = conform_file(state, meaning, stream=of).records.sort("source_id")
    assert deals["is_won"].to_list() == [True, False]


def test_required_flags_have_a_default_but_nobody_is_active_by_default():
    of = stream("owner", columns={"owner_name": "x", "is_active": {"constant": True}})
    owners = conform([{"id": "1", "x": "Ada"}], of).records
    assert owners.select("owner_name", "is_active", "is_queue", "is_deleted").rows() == [("Ada", True, False, False)]


def test_columns_of_any_name_are_read():
    """Names that our own frames use, or that a path would split, are names like others."""
    columns = {"name": "location", "next_step": "raw", "competitor": "a.b", "loss_reason": "source_id"}
    row = {"source_id": "7", "location": "L", "raw": "R", "a.b": "C"}
    deals = conform([row], stream(id="source_id", columns=columns)).records
    assert deals.select("source_id", *columns).rows() == [("7", "L", "R", "C", "7")]


CELL = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(["5", "3/1/2017", "2017-03-01", "Won", "€5"])


@settings(deadline=None)
@given(st.dictionaries(CELL.filter(lambda text: text.strip().isalnum()), st.tuples(CELL, CELL, CELL), max_size=2))
def test_every_row_stays_whatever_its_cells_hold(cells):
    rows = [{"id": key, "stage": a, "day": b, "money": c} for key, (a, b, c) in cells.items()]
    conformed = conform(rows, stream(columns=DEAL))
    keys = [*conformed.records["record_key"]]
    assert conformed.quarantined.is_empty()
    kept = compact_files(None, [landed(rows)], MEANING, stream=stream(columns=DEAL), keeps_versions=True)["source_id"]
    assert sorted(keys) == sorted(f"crm:deals:{key}" for key in kept)
    again = conform(rows[::-1], stream(columns=DEAL))
    assert again.records.sort("record_key").equals(conformed.records.sort("record_key"))
