"""Scope of migrations: the schemas and tables that Alembic manages and compares with the contracts."""

from typing import Any

from warehouse.tables import METADATA

VERSION_TABLE = "schema_version"
SCHEMAS = frozenset({"curated", "ops"})


def _is_managed(name: str | None, kind: str, _parents: object) -> bool:
    if kind == "schema":
        return name in SCHEMAS
    return not (kind == "table" and name == VERSION_TABLE)


OPTIONS: dict[str, Any] = {
    "target_metadata": METADATA,
    "include_schemas": True,
    "include_name": _is_managed,
    "compare_type": True,
    "version_table": VERSION_TABLE,
    "version_table_schema": "ops",
}
