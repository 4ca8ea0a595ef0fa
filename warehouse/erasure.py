"""Erasure in the warehouse: who a person is, and what no run computes anew: ledger, issues, deliveries, quarantine.

Which rows are meant is told by functions over keys and texts, because the list of the erased holds digests only.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from definitions.schema.column import Kind
from definitions.schema.tables import (
    BRIDGE_PERSON_SOURCE,
    DIM_OWNER,
    DIM_PERSON,
    FCT_CLASSIFICATION_CHANGE,
    FCT_HYGIENE_ISSUE,
    FCT_OPPORTUNITY_DAILY_SNAPSHOT,
    OPS,
    OPS_CURSOR,
    OPS_NOTIFICATION,
    OPS_QUARANTINE,
    Table,
)
from warehouse.database_errors import without_values
from warehouse.tables import TABLES

_KEPT_TABLES = (FCT_CLASSIFICATION_CHANGE, FCT_HYGIENE_ISSUE, FCT_OPPORTUNITY_DAILY_SNAPSHOT, *OPS)
_AT_ONCE = 1_000


@without_values("Looking up a person")
def records_with_address(engine: sa.Engine, address: str) -> set[str]:
    """Return the record keys of the published people that have this normalised address."""
    people, sources = TABLES[DIM_PERSON.name].c, TABLES[BRIDGE_PERSON_SOURCE.name].c
    named = sa.select(people.person_id).where(people.email_normalised == address)
    with engine.connect() as connection:
        return {*connection.execute(sa.select(sources.record_key).where(sources.person_id.in_(named))).scalars()}


@without_values("Looking up the owners")
def addresses_of_owners(engine: sa.Engine) -> set[str]:
    """Return the addresses of the users of the CRM, as their source spells them."""
    address = TABLES[DIM_OWNER.name].c.owner_email
    with engine.connect() as connection:
        return {*connection.execute(sa.select(address).where(address.is_not(None))).scalars()}


@without_values("Looking up a person")
def records_of_same_people(engine: sa.Engine, record_keys: Collection[str]) -> set[str]:
    """Return these record keys, and those of all records that are the same people as published."""
    sources = TABLES[BRIDGE_PERSON_SOURCE.name].c
    people = sa.select(sources.person_id).where(sources.record_key.in_([*record_keys]))
    same = sa.select(sources.record_key).where(sources.person_id.in_(people))
    with engine.connect() as connection:
        return {*record_keys, *connection.execute(same).scalars(), *connection.execute(people).scalars()}


@without_values("Recording the states")
def record_state_versions(engine: sa.Engine, versions: Mapping[tuple[str, str], str]) -> None:
    """Record which file holds the state of each stream (source, stream)."""
    table = TABLES[OPS_CURSOR.name]
    with engine.begin() as connection:
        for (source, stream), version in versions.items():
            of_stream = (table.c.source_system == source) & (table.c.stream == stream)
            connection.execute(sa.update(table).where(of_stream).values(state_version=version))


@without_values("Erasing a person")
def erase_history(
    engine: sa.Engine, has_record: Callable[[str], bool], redacted: Callable[[str], str]
) -> dict[str, int]:
    """Delete the rows of erased people from the tables that keep what was, and redact addresses in the others.

    `has_record` tells an erased record key, `redacted` returns a text without erased addresses. One transaction; safe
    to repeat. Returns the rows deleted or changed by table; tables without any are left out.
    """
    ledger, issues = TABLES[FCT_CLASSIFICATION_CHANGE.name], TABLES[FCT_HYGIENE_ISSUE.name]
    sent, held = TABLES[OPS_NOTIFICATION.name], TABLES[OPS_QUARANTINE.name]
    counts: dict[str, int] = {}
    with engine.begin() as connection:
        for table in (issues, ledger):
            found = connection.execute(sa.select(table.c.record_id).where(table.c.record_kind == "person").distinct())
            people = [record_id for record_id in found.scalars() if has_record(record_id)]
            if table is issues:
                of_people = sa.select(issues.c.issue_id).where(issues.c.record_id.in_(people))
                counts[sent.name] = _delete(connection, sent, [sent.c.issue_id.in_(of_people)])
            counts[table.name] = _delete(connection, table, _in_parts(table.c.record_id, people))
        records = connection.execute(sa.select(held.c.record_key).distinct()).scalars()
        counts[held.name] = _delete(
            connection, held, _in_parts(held.c.record_key, [key for key in records if has_record(key)])
        )
        for contract in _KEPT_TABLES:
            changed = _redact(connection, contract, redacted)
            counts[contract.name] = counts.get(contract.name, 0) + changed
    return {name: count for name, count in counts.items() if count}


def _in_parts(column: sa.ColumnElement[str], values: list[str]) -> Iterable[sa.ColumnElement[bool]]:
    return (column.in_(values[start : start + _AT_ONCE]) for start in range(0, len(values), _AT_ONCE))


def _delete(connection: sa.Connection, table: sa.Table, conditions: Iterable[sa.ColumnElement[bool]]) -> int:
    return sum(connection.execute(sa.delete(table).where(condition)).rowcount for condition in conditions)


def _redact(connection: sa.Connection, contract: Table, redacted: Callable[[str], str]) -> int:
    """Redact every text of a table that is no key; return how many rows changed."""
    table, changed = TABLES[contract.name], 0
    for column in contract.columns:
        if column.kind not in {Kind.TEXT, Kind.JSON} or column.name in contract.key:
            continue
        cell = sa.cast(table.c[column.name], sa.Text())
        texts = connection.execute(sa.select(cell).where(cell.contains("@")).distinct()).scalars()
        for text in texts.all():
            if (new := redacted(text)) != text:
                value = sa.cast(sa.literal(new), postgresql.JSONB()) if column.kind is Kind.JSON else sa.literal(new)
                statement = sa.update(table).where(cell == text).values({column.name: value})
                changed += connection.execute(statement).rowcount
    return changed
