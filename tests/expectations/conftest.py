"""A real PostgreSQL with the staged tables of one small company, on which every check holds."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from definitions.agreement.load import load_definitions
from definitions.agreement.model import Definitions
from definitions.schema.column import Column, Kind
from definitions.schema.tables import COMPUTED, Table
from tests.databases import address, new_database
from warehouse.embedded.server import EmbeddedServer

_AS_OF = date(2026, 11, 20)
_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_TYPES = {
    Kind.TEXT: "text",
    Kind.INTEGER: "integer",
    Kind.COUNT: "bigint",
    Kind.REAL: "double precision",
    Kind.MONEY: "numeric(18, 2)",
    Kind.BOOLEAN: "boolean",
    Kind.DAY: "date",
    Kind.MOMENT: "timestamptz",
    Kind.TEXTS: "text[]",
    Kind.JSON: "text",
}
_PLAIN = {
    Kind.TEXT: "x",
    Kind.INTEGER: 1,
    Kind.COUNT: 1,
    Kind.BOOLEAN: False,
    Kind.DAY: date(2026, 10, 1),
    Kind.MOMENT: datetime(2026, 11, 20, 6, tzinfo=UTC),
}


def _ago(days: int) -> date:
    return _AS_OF - timedelta(days=days)


_NOTHING_ASKED = {"criteria_met": 0, "criteria_unmet": 0, "criteria_unknown": 6}
_NEED_AND_BUDGET = {"budget_status": "identified", "need_status": "acknowledged"}
_PEOPLE: tuple[dict[str, object], ...] = (
    {"lifecycle_class": "merged_or_deleted", "is_deleted": True},
    {"lifecycle_class": "excluded", "email_domain": "example.com"},
    {"lifecycle_class": "customer", "has_won_opportunity": True},
    {"lifecycle_class": "in_opportunity", "has_open_opportunity": True},
    {"lifecycle_class": "disqualified", "lead_status": "disqualified", "disqualified_on": _ago(30)},
    {"lifecycle_class": "dead", "silent_since_on": _ago(10)},
    {"lifecycle_class": "recycled", "recycled_on": _ago(20)},
    {"lifecycle_class": "dormant", "engagement_level": "passive", "last_inbound_on": _ago(100)},
    {"lifecycle_class": "sql", "claimed_class": "sql", "sales_accepted_on": _ago(5), **_NEED_AND_BUDGET}
    | {"criteria_met": 2, "criteria_unmet": 1, "criteria_unknown": 3},
    {"lifecycle_class": "sal", "sales_accepted_on": _ago(5)},
    {"lifecycle_class": "mql", "claimed_class": "mql", "engagement_level": "proactive"},
    {"lifecycle_class": "lead", "claimed_class": "lead", "engagement_level": "passive", "last_inbound_on": _ago(3)},
    {"lifecycle_class": "suspect", "icp_fit": "pass", "last_outbound_on": _ago(3)},
    {"lifecycle_class": "list_record"},
    {"lifecycle_class": "unclassifiable", "has_identity": False, "record_count": 2},
)
_OPEN = {
    "is_open": True,
    "is_closed": False,
    "is_won": False,
    "close_date": _ago(-60),
    "canonical_stage": "initial_contact",
}
_LOST = {"is_open": False, "is_closed": True, "is_won": False}
_DEALS: tuple[dict[str, object], ...] = (
    {"pipeline_class": "merged_or_deleted", **_OPEN, "is_deleted": True},
    {"pipeline_class": "closed_won", **_LOST, "is_won": True, "is_win_rate_eligible": True},
    {"pipeline_class": "closed_duplicate", **_LOST, "loss_family": "duplicate"},
    {"pipeline_class": "closed_unqualified", **_LOST, "loss_family": "unqualified"},
    {"pipeline_class": "closed_lost", **_LOST, "is_win_rate_eligible": True},
    {"pipeline_class": "abandoned", **_OPEN, "created_on": _ago(300), "last_meaningful_change_on": _ago(200)},
    {"pipeline_class": "no_close_date", **_OPEN, "close_date": None},
    {"pipeline_class": "overdue", **_OPEN, "close_date": _ago(20)},
    {"pipeline_class": "long_term", **_OPEN, "close_date": _ago(-500)},
    {"pipeline_class": "stalled", **_OPEN, "stage_entered_on": _ago(40), "stage_age_limit_days": 30},
    {"pipeline_class": "unqualified_open", **_OPEN, "canonical_stage": "qualification", "missing_criteria_count": 3},
    {"pipeline_class": "active", **_OPEN, "canonical_stage": "qualification", "authority_status": "dm_aware"}
    | {**_NEED_AND_BUDGET, "criteria_met": 3, "criteria_unmet": 2, "criteria_unknown": 1}
    | {"is_forecast_eligible": True, "weighted_amount": Decimal("100.00")},
)


def _person(number: int, row: dict[str, object]) -> dict[str, object]:
    own = {"person_id": f"hubspot:contact:{number}", "owner_id": "hubspot:owner:1", "account_id": "hubspot:company:1"}
    return {**own, "has_identity": True, "lead_since_on": _ago(60), **_NOTHING_ASKED, **row}


def _deal(number: int, row: dict[str, object]) -> dict[str, object]:
    own = {"opportunity_id": f"hubspot:deal:{number}", "owner_id": "hubspot:owner:1", "account_id": "hubspot:company:1"}
    money = {"amount": Decimal(1000), "amount_corporate": Decimal(1000), "currency_code": "USD", "probability": 0.1}
    money["fx_rate"] = 1.0
    counts = {"missing_criteria_count": 0, "weighted_amount": Decimal(0), "created_on": _ago(50)}
    return {**own, **money, **counts, **_NOTHING_ASKED, "primary_person_id": "hubspot:contact:4", **row}


def _link(kind: str, thing: str, number: int, golden: int) -> dict[str, object]:
    key = f"hubspot:{kind}:{number}"
    gone = kind != "company" and number == 1
    own = {"record_key": key, "source_id": str(number), "is_deleted": gone}
    return {**own, thing: f"hubspot:{kind}:{golden}", "is_survivor": True}


def _sheet(stream: str, fetched: int, merged_into: int = 0, deleted: int = 0) -> dict[str, object]:
    zero = {"quarantined": 0, "excluded": 0, "difference": 0, "pulled": fetched}
    places = {"curated": fetched - merged_into - deleted, "merged_into": merged_into, "deleted": deleted}
    return {"source_system": "hubspot", "stream": stream, "fetched": fetched, **places, **zero}


_ROWS: dict[str, list[dict[str, object]]] = {
    "dim_date": [{"calendar_date": _AS_OF}],
    "dim_word": [{"vocabulary": "severity", "word": "info", "meaning": "Worth a look.", "word_rank": 1}],
    "dim_owner": [{"owner_id": "hubspot:owner:1", "is_active": True}, {"owner_id": "hubspot:owner:2"}],
    "dim_stage": [{"stage_id": "hubspot:default:1"}],
    "dim_product": [{"product_id": "hubspot:product:1"}],
    "dim_account": [
        {"account_id": f"hubspot:company:{number}", "domain": f"firm{number}.test", "industry": "Software"}
        for number in range(1, 101)
    ],
    "dim_person": [_person(number, row) for number, row in enumerate(_PEOPLE, 1)],
    "fct_opportunity": [_deal(number, row) for number, row in enumerate(_DEALS, 1)],
    "fct_activity": [
        {"activity_id": f"hubspot:call:{number}", "person_id": "hubspot:contact:4", "source_object": "call"}
        for number in range(1, 4)
    ],
    "bridge_person_source": [_link("contact", "person_id", n, min(n, len(_PEOPLE))) for n in range(1, 17)],
    "bridge_account_source": [_link("company", "account_id", n, n) for n in range(1, 101)],
    "bridge_opportunity_source": [_link("deal", "opportunity_id", n, n) for n in range(1, 13)],
    "bridge_opportunity_person": [{"opportunity_id": "hubspot:deal:12", "person_id": "hubspot:contact:4"}],
    "fct_classification_change": [
        {"change_id": "1", "from_class": "mql", "to_class": "lead", "record_id": "hubspot:contact:12"},
        {"change_id": "2", "from_class": "mql", "to_class": "merged_or_deleted", "record_id": "hubspot:contact:99"},
    ],
    # The open ones are those that the definitions find, see below.
    "fct_hygiene_issue": [{"issue_id": "1", "state": "resolved", "resolved_on": date(2026, 10, 1)}],
    "fct_opportunity_daily_snapshot": [
        {"snapshot_date": _AS_OF, "opportunity_id": "hubspot:deal:12", "pipeline_class": "active", "is_open": True}
        | {"amount": Decimal(1000), "close_date": _ago(-60)}
    ],
    "conservation": [
        _sheet("contacts", 16, merged_into=1, deleted=1),
        _sheet("deals", 12, deleted=1),
        _sheet("call", 3),
    ],
}


def _plain(table: Table, field: Column) -> object:
    """A value that says nothing: null where the contract allows it."""
    if field.name == "source_system":
        return "hubspot"
    if field.name not in table.required and field.name != "source_updated_at":
        return None
    return field.values[0] if field.values else _PLAIN[field.kind]


def _fill(connection: psycopg.Connection, table: Table) -> None:
    columns = ", ".join(f'"{field.name}" {_TYPES[field.kind]}' for field in table.columns)
    connection.execute(f'CREATE UNLOGGED TABLE golden."{table.name}" ({columns})')
    plain = {field.name: _plain(table, field) for field in table.columns}
    places = ", ".join(["%s"] * len(plain))
    for row in _ROWS[table.name]:
        assert row.keys() <= plain.keys(), f"{table.name} has no {row.keys() - plain.keys()}"
        connection.execute(f'INSERT INTO golden."{table.name}" VALUES ({places})', list((plain | row).values()))


def _open_issues(connection: psycopg.Connection, definitions: Definitions) -> None:
    """Add an open issue for every golden record that fails a rule, as PostgreSQL sees it."""
    for rule in definitions.hygiene:
        table, worn = {
            "person": ("dim_person", "lifecycle_class"),
            "opportunity": ("fct_opportunity", "pipeline_class"),
        }[rule.on]
        critical = rule.critical_when.to_postgres(_AS_OF) if rule.critical_when else "false"
        connection.execute(
            f"""INSERT INTO golden.fct_hygiene_issue (issue_id, rule_id, severity, record_kind, record_id, state,
            opened_on, last_seen_on, is_baseline, says, run_id, definitions_version, loaded_at, record_hash)
            SELECT {rule.on}_id || '|{rule.rule}', '{rule.rule}', CASE WHEN {critical} THEN 'critical'
            ELSE '{rule.severity}' END, '{rule.on}', {rule.on}_id, 'open', '2026-10-01', '2026-11-20', false, 'x',
            run_id, definitions_version, loaded_at, record_hash FROM golden.{table}
            WHERE {rule.when.to_postgres(_AS_OF)} AND {worn} <> ALL (%s)""",
            [list(definitions.not_checked)],
        )


@pytest.fixture(scope="session")
def url(server: EmbeddedServer) -> str:
    """Address of a database that holds the staged tables, and their clean copy in schema golden."""
    database = address(new_database(server))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA golden; CREATE SCHEMA staging; SET TIME ZONE 'UTC'")
        for table in COMPUTED:
            _fill(connection, table)
        _open_issues(connection, load_definitions("handoff"))
    return database


@pytest.fixture
def staged(url: str) -> Iterator[psycopg.Connection]:
    """A connection to clean staged tables, to sabotage them with; schema staging is searched."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA staging CASCADE; CREATE SCHEMA staging; SET search_path TO staging")
        for table in COMPUTED:
            connection.execute(f'CREATE UNLOGGED TABLE "{table.name}" AS TABLE golden."{table.name}"')
        yield connection


@pytest.fixture
def as_of() -> date:
    """The date the staged tables are true for."""
    return _AS_OF


@pytest.fixture
def now() -> datetime:
    """The moment the staged tables were made."""
    return _NOW


@pytest.fixture(scope="session")
def handoff() -> Definitions:
    """The definitions the staged classes follow."""
    return load_definitions("handoff")
