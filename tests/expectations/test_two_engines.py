"""Polars gives the classes, PostgreSQL checks them: on any records at all the two must agree, to the last row."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import psycopg
import pytest

from definitions.agreement.load import load_definitions, profiles
from definitions.polars_types import schema_of
from definitions.schema.column import Column, Kind
from definitions.schema.tables import DIM_PERSON, FCT_HYGIENE_ISSUE, FCT_OPPORTUNITY, Table
from expectations.audit import audit
from expectations.check import Suite
from expectations.suites.agreement import agreement_suite
from transforms.classify.classes import classify_opportunities, classify_people
from transforms.classify.criteria import with_criteria
from transforms.classify.hygiene import findings
from transforms.frames import conformed
from transforms.history.changes import issue_lives

_AS_OF = date(2026, 11, 20)
_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_ROWS = 3000
_WORDS = ("x", "", "unknown", "Student", "example.com", "test@bantam.example", "ada+test@x.example", "Ünïcode%_\\")
_ANY: dict[Kind, Callable[[random.Random], object]] = {
    Kind.TEXT: lambda chance: chance.choice(_WORDS),
    Kind.INTEGER: lambda chance: chance.choice([0, 1, 2, 3, 10, 31, 49, 50, 59, 60, 99, 100]),
    Kind.COUNT: lambda chance: chance.randrange(5),
    Kind.REAL: lambda chance: chance.choice([0.0, 0.05, 0.1, 0.123456789, 1 / 3, 0.5, 1.0]),
    Kind.MONEY: lambda chance: Decimal(chance.randrange(-100, 10**9)) / 100,
    Kind.BOOLEAN: lambda chance: chance.random() < 0.15,
    Kind.DAY: lambda chance: (
        _AS_OF - timedelta(days=chance.choice([-400, -366, -365, -1, 0, 1, 7, 8, 14, 15, 30, 31, 90, 180, 400]))
    ),
    Kind.MOMENT: lambda chance: _NOW - timedelta(hours=chance.randrange(9000)),
}


def _records(table: Table, chance: random.Random) -> pl.DataFrame:
    """Rows of every combination the contract allows, and some it does not."""
    known = [field for field in table.columns if field.kind in _ANY]
    rows = [{field.name: _value(table, field, chance) for field in known} for _ in range(_ROWS)]
    return pl.DataFrame(rows, schema=schema_of(known), orient="row")


def _value(table: Table, field: Column, chance: random.Random) -> object:
    if field.name not in table.required and chance.random() < 0.5:
        return None
    return chance.choice(field.values) if field.values else _ANY[field.kind](chance)


def _copy(connection: psycopg.Connection, table: Table, frame: pl.DataFrame) -> None:
    rows = conformed(frame.lazy(), table).collect()
    connection.execute(f'TRUNCATE "{table.name}"')
    with connection.cursor().copy(f'COPY "{table.name}" FROM STDIN') as copy:
        for row in rows.rows():
            copy.write_row(row)


@pytest.mark.slow
@pytest.mark.parametrize("profile", profiles())
def test_no_row_is_blamed_that_was_classified_by_the_same_definitions(url, staged, profile):
    definitions = load_definitions(profile)
    chance = random.Random(profile)
    people = with_criteria(_records(DIM_PERSON, chance).lazy(), definitions, "person", _AS_OF)
    persons = classify_people(people, definitions, _AS_OF).collect()
    _copy(staged, DIM_PERSON, persons)
    state = {"is_won": pl.col("is_won") & pl.col("is_closed"), "is_open": ~pl.col("is_closed")}
    state |= {"amount": pl.col("amount_corporate"), "fx_rate": pl.lit(1.0)}
    deals = with_criteria(
        _records(FCT_OPPORTUNITY, chance).lazy().with_columns(**state), definitions, "opportunity", _AS_OF
    )
    opportunities = classify_opportunities(deals, definitions, _AS_OF).collect()
    _copy(staged, FCT_OPPORTUNITY, opportunities)
    found = [
        findings(persons.lazy(), definitions, "person", _AS_OF),
        findings(opportunities.lazy(), definitions, "opportunity", _AS_OF),
    ]
    nothing = pl.LazyFrame(schema=schema_of(FCT_HYGIENE_ISSUE.columns))
    issues = issue_lives(nothing, pl.concat(found), as_of=_AS_OF, is_baseline=False).collect()
    assert issues["rule_id"].n_unique() > 10
    _copy(staged, FCT_HYGIENE_ISSUE, issues)
    report = audit(url, [agreement_suite(definitions, as_of=_AS_OF)], run_id="test")
    assert [(result.expectation, result.observed) for result in report.critical_failures] == []


@pytest.mark.slow
def test_one_day_later_some_rows_are_blamed(url, staged):
    """The law above would hold of an empty table too; so show that the same rows fail under another date."""
    definitions = load_definitions("handoff")
    people = with_criteria(_records(DIM_PERSON, random.Random(1)).lazy(), definitions, "person", _AS_OF)
    _copy(staged, DIM_PERSON, classify_people(people, definitions, _AS_OF).collect())
    suite = agreement_suite(definitions, as_of=_AS_OF + timedelta(days=1))
    checks = tuple(check for check in suite.checks if check.table == "dim_person")
    report = audit(url, [Suite("agreement", checks)], run_id="test")
    assert report.critical_failures
