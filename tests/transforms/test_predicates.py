"""One predicate, two engines: Polars and a real PostgreSQL must give the same true, false or unknown."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from definitions.polars_types import dtype_of
from definitions.predicates.parse import tree_of
from definitions.predicates.predicate import Predicate
from definitions.predicates.text import literal
from definitions.schema.column import Kind
from definitions.schema.columns import COLUMNS
from definitions.schema.facets import facets_of
from tests.databases import address, new_database
from transforms.classify.predicates import compile_predicate
from warehouse.embedded.server import EmbeddedServer

AS_OF = date(2026, 3, 31)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = (
    *("need_status", "stage_name", "next_step", "forecast_category"),
    *("amount", "weighted_amount", "probability", "fx_rate", "push_count", "contact_count", "employees"),
    *("is_open", "is_won", "compelling_event"),
    *("close_date", "created_on", "next_activity_on", "closed_at", "source_created_at"),
)
DAY_COUNTERS = ("days_overdue", "days_to_close", "age_days", "days_to_next_activity")
FACETS = facets_of("opportunity") | {"employees": COLUMNS["employees"]}
# The curated columns' types; the collation is not the literals', which must not matter.
TYPES = {
    Kind.TEXT: 'text COLLATE "pg_unicode_fast"',
    Kind.INTEGER: "integer",
    Kind.COUNT: "bigint",
    Kind.REAL: "double precision",
    Kind.MONEY: "numeric(18, 2)",
    Kind.BOOLEAN: "boolean",
    Kind.DAY: "date",
    Kind.MOMENT: "timestamptz",
}


@pytest.fixture(scope="module")
def connection(server: EmbeddedServer) -> Iterator[psycopg.Connection]:
    columns = ", ".join(f'"{name}" {TYPES[COLUMNS[name].kind]}' for name in NAMES)
    with psycopg.connect(address(new_database(server)), autocommit=True) as opened:
        opened.execute("SET TIME ZONE 'Asia/Kathmandu'")
        opened.execute(f"CREATE TABLE deals (place integer, {columns})")
        yield opened


def by_postgres(connection: psycopg.Connection, predicate: Predicate, rows: list[dict[str, Any]]) -> list[bool | None]:
    marks = ", ".join(["%s"] * (len(NAMES) + 1))
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE deals")
        cursor.executemany(
            f"INSERT INTO deals VALUES ({marks})",
            [(place, *(row.get(name) for name in NAMES)) for place, row in enumerate(rows)],
        )
        cursor.execute(f"SELECT {predicate.to_postgres(AS_OF)} FROM deals ORDER BY place".encode())
        return [answer for (answer,) in cursor.fetchall()]


def by_polars(predicate: Predicate, rows: list[dict[str, Any]]) -> list[bool | None]:
    schema = {name: dtype_of(COLUMNS[name]) for name in NAMES}
    frame = pl.DataFrame([{name: row.get(name) for name in NAMES} for row in rows], schema=schema)
    answer = frame.with_columns(answer=compile_predicate(predicate, AS_OF)).select("answer")
    assert answer.schema == {"answer": pl.Boolean}
    return answer["answer"].to_list()


TABLE = [
    ("days_overdue > 7", {"close_date": date(2026, 3, 23)}, True),
    ("days_overdue > 7", {"close_date": date(2026, 3, 24)}, False),
    ("days_overdue > 7", {}, None),
    ("days_to_close = 0 - days_overdue", {"close_date": date(2020, 2, 29)}, True),
    ("close_date - created_on > 30", {"close_date": date(2026, 3, 3), "created_on": date(2026, 1, 31)}, True),
    ("need_status = 'acknowledged'", {"need_status": "unknown"}, None),
    ("need_status is null", {"need_status": "unknown"}, True),
    ("need_status not in ('none')", {"need_status": "unknown"}, None),
    ("coalesce(need_status, 'none') = 'none'", {"need_status": "unknown"}, True),
    ("stage_name in ('a', next_step)", {"stage_name": "a"}, True),
    ("stage_name not in ('a', next_step)", {"stage_name": "b"}, None),
    ("stage_name not in ('a', next_step)", {"stage_name": "a"}, False),
    ("stage_name in ('a', 'b')", {}, None),
    ("stage_name < 'a'", {"stage_name": "B"}, True),
    ("stage_name < 'f'", {"stage_name": "É"}, False),
    ("stage_name = 'Proposal'", {"stage_name": "proposal"}, False),
    ("stage_name like 'prop%'", {"stage_name": "Proposal"}, False),
    ("stage_name like '50\\% o_'", {"stage_name": "50% of"}, True),
    ("stage_name like '50\\% o_'", {"stage_name": "500 of"}, False),
    ("stage_name like 'a%c'", {"stage_name": "a\nb\nc"}, True),
    ("stage_name like '_'", {"stage_name": "🚀"}, True),
    ("stage_name like '_'", {"stage_name": "e\u0301"}, False),
    ("stage_name like 'a.c'", {"stage_name": "abc"}, False),
    ("stage_name not like '%'", {}, None),
    ("stage_name = 'it''s'", {"stage_name": "it's"}, True),
    ("stage_name = '\\'", {"stage_name": "\\"}, True),
    ("stage_name = 'a' or is_open", {"is_open": True}, True),
    ("stage_name = 'a' and is_open", {"is_open": False}, False),
    ("not is_open", {}, None),
    ("is_open = is_won", {"is_open": False, "is_won": False}, True),
    ("amount = 10.1", {"amount": Decimal("10.10")}, True),
    ("amount > 10", {"amount": Decimal("10.01")}, True),
    ("amount between 10.005 and 10.02", {"amount": Decimal("10.01")}, True),
    ("amount * probability > 5000", {"amount": Decimal(10000), "probability": 0.51}, True),
    ("employees > contact_count and employees <> 1", {"employees": 9007199254740993, "contact_count": 3}, True),
    ("employees = push_count", {"employees": 2147483648, "push_count": -2147483648}, False),
    ("push_count * push_count > 0", {"push_count": 2147483647}, True),
    ("push_count + 1 > push_count", {"push_count": 2147483647}, True),
    ("push_count = 1.0", {"push_count": 1}, True),
    ("probability = 0.1", {"probability": 0.1}, True),
    ("probability > 1", {"probability": float("nan")}, True),
    ("closed_at > source_created_at", {"closed_at": NEW_YEAR, "source_created_at": NEW_YEAR - timedelta(1)}, True),
    ("close_date between date '2026-03-31' and date '2026-03-31'", {"close_date": AS_OF}, True),
    ("coalesce(days_overdue, 0 - 1.5) < 0", {}, True),
    ("coalesce(is_open, is_won, true)", {}, True),
    ("(is_open and is_won) is null", {"is_open": True}, True),
    ("true", {}, True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "row", "expected"), TABLE, ids=[f"{text} {row}" for text, row, _ in TABLE])
def test_both_engines_answer(connection, text, row, expected):
    predicate = Predicate(tree_of(text, FACETS, {}))
    assert by_polars(predicate, [row]) == [expected]
    assert by_postgres(connection, predicate, [row]) == [expected]


WORDS = ("a", "A", "b", "", " ", "É", "e\u0301", "é", "a%b", "a_b", "a\\b", "a\nb", "🚀", "unknown", "it's", "ß")
FAMILIES = {
    "text": ("stage_name", "next_step", "forecast_category", "need_status"),
    "free text": ("stage_name", "next_step"),
    "number": (
        *("amount", "weighted_amount", "probability", "fx_rate", "push_count", "contact_count", "employees"),
        *DAY_COUNTERS,
    ),
    "boolean": ("is_open", "is_won", "compelling_event"),
    "day": ("close_date", "created_on", "next_activity_on"),
    "moment": ("closed_at", "source_created_at"),
}  # fmt: skip

texts = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)
days = st.dates(date(2025, 12, 1), date(2026, 6, 1)) | st.dates(date(1900, 1, 1), date(2999, 12, 31))
moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone
cents = st.integers(-(10**7), 10**7).map(lambda whole: Decimal(whole).scaleb(-2)) | st.sampled_from(
    [Decimal("0.00"), Decimal("9999999999999999.99"), Decimal("-0.01")]
)
reals = st.sampled_from([0.0, -0.0, 0.1, 0.3, 1.0, float("inf"), float("-inf"), float("nan")]) | st.floats(-1e6, 1e6)
whole = st.integers(-3, 3) | st.integers(-(2**31), 2**31 - 1)
VALUES = {
    Kind.TEXT: texts,
    Kind.MONEY: cents,
    Kind.REAL: reals,
    Kind.INTEGER: whole,
    Kind.COUNT: st.integers(0, 3) | st.integers(0, 2**63 - 1),
    Kind.BOOLEAN: st.booleans(),
    Kind.DAY: days,
    Kind.MOMENT: moments,
}


def value_of(name: str) -> st.SearchStrategy[Any]:
    field = COLUMNS[name]
    return st.none() | (st.sampled_from(field.values) if field.values else VALUES[field.kind])


rows = st.lists(st.fixed_dictionaries({name: value_of(name) for name in NAMES}), max_size=6)
numerals = (
    st.integers(-5, 5).map(str)
    | st.integers(-(10**14), 10**14).map(str)
    | st.decimals(-100, 100, places=2).map(lambda value: format(value, "f"))
)


def said(family: str) -> st.SearchStrategy[str]:
    literals = {
        "free text": texts.map(literal),
        "number": numerals,
        "boolean": st.sampled_from(["true", "false"]),
        "day": days.map(literal),
    }
    names = st.sampled_from(FAMILIES[family])
    return names | literals[family] if family in literals else names


@st.composite
def scalars(draw: st.DrawFn, family: str, depth: int = 2) -> str:
    how = draw(st.integers(0, 5)) if depth else 0
    if how == 4:
        name = st.sampled_from(FAMILIES[family])
        return f"coalesce({draw(name)}, {draw(name)}, {draw(said(family))})"
    if how == 5 and family == "number":
        days_apart = st.just(f"({draw(st.sampled_from(FAMILIES['day']))} - {draw(st.sampled_from(FAMILIES['day']))})")
        part = scalars("number", depth - 1)
        return draw(days_apart | st.just(f"({draw(part)} {draw(st.sampled_from('+-*'))} {draw(part)})"))
    return draw(said(family))


@st.composite
def chosen_words(draw: st.DrawFn) -> str:
    """A test of a closed vocabulary, which takes its own words only."""
    name = draw(st.sampled_from(["forecast_category", "need_status"]))
    known = [literal(word) for word in COLUMNS[name].values if word != "unknown"]
    if draw(st.booleans()):
        return f"{name} {draw(st.sampled_from(['=', '<>']))} {draw(st.sampled_from(known))}"
    listed = ", ".join(draw(st.lists(st.sampled_from(known), min_size=1)))
    return f"{name} {draw(st.sampled_from(['', 'not ']))}in ({listed})"


@st.composite
def shapes(draw: st.DrawFn) -> str:
    pieces = st.sampled_from(["a", "A", "b", "%", "_", "\\%", "\\_", "\\\\", "É", ".", "\n"])
    pattern = "".join(draw(st.lists(pieces, max_size=5)))
    return f"{draw(scalars('free text'))} {draw(st.sampled_from(['', 'not ']))}like {literal(pattern)}"


@st.composite
def compared(draw: st.DrawFn) -> str:
    family = draw(st.sampled_from(["free text", "number", "boolean", "day", "moment"]))
    one, two, three = (draw(scalars(family)) for _ in range(3))
    orders = [] if family == "boolean" else ["<", "<=", ">", ">=", "between", "not between"]
    how = draw(st.sampled_from(["=", "<>", "in", "not in", *orders]))
    if how.endswith("between"):
        return f"({one}) {how} ({two}) and ({three})"
    return f"({one}) {how} ({two}, {three})" if how.endswith("in") else f"({one}) {how} ({two})"


@st.composite
def missing(draw: st.DrawFn) -> str:
    family = draw(st.sampled_from(list(FAMILIES)))
    return f"{draw(scalars(family, 1))} is {draw(st.sampled_from(['', 'not ']))}null"


tests = st.recursive(
    st.one_of(compared(), compared(), chosen_words(), shapes(), missing(), scalars("boolean")),
    lambda inner: st.one_of(
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
        inner.map("not ({})".format),
        inner.map("(({}) is null)".format),
    ),
    max_leaves=6,
)


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=tests, deals=rows)
def test_polars_and_postgres_agree(connection, text, deals):
    predicate = Predicate(tree_of(text, FACETS, {}))
    assert by_polars(predicate, deals) == by_postgres(connection, predicate, deals)


@given(text=tests)
def test_the_text_of_a_predicate_parses_to_itself(text):
    predicate = Predicate(tree_of(text, FACETS, {}))
    assert Predicate(tree_of(predicate.text, FACETS, {})) == predicate
