"""Edits of single records: what a person does by hand, such as a deletion that is undone without a trace."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import msgspec
import polars as pl

from sandbox.company.company import Company, Tables


class Edit(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Records of one table to be put into another state; `modified` (null: as it was) is their change time then."""

    table: str
    ids: list[str]
    state: Literal["live", "archived", "absent"]
    modified: datetime | None = None


class Record(msgspec.Struct, frozen=True):
    """How a record stood before an edit."""

    id: str
    state: str
    modified: datetime


def edited(company: Company, edit: Edit) -> tuple[Company, list[Record]]:
    """The company after an edit, and its records before; raises `ValueError` for a table or id that is not there."""
    before: list[Record] = []

    def changed(tables: Tables) -> Tables:
        return {name: _edited(table, edit, before) if name == edit.table else table for name, table in tables.items()}

    after = replace(company, hubspot=changed(company.hubspot), salesforce=changed(company.salesforce))
    if missing := sorted(set(edit.ids) - {record.id for record in before}):
        raise ValueError(f"{edit.table} has no record {', '.join(missing)}")
    return after, before


def _edited(table: pl.DataFrame, edit: Edit, before: list[Record]) -> pl.DataFrame:
    key = "Id" if "Id" in table.columns else "_id"
    hit = pl.col(key).is_in(edit.ids)
    rows = table.filter(hit).select(key, "_state", "_modified").rows()
    before += [Record(id_, state, modified.replace(tzinfo=UTC)) for id_, state, modified in rows]
    modified = pl.col("_modified")
    if edit.modified is not None:
        at = pl.lit(edit.modified.astimezone(UTC).replace(tzinfo=None)).cast(table.schema["_modified"])
        modified = pl.when(hit).then(at).otherwise(modified)
    state = pl.when(hit).then(pl.lit(edit.state)).otherwise("_state").cast(table.schema["_state"])
    return table.with_columns(_state=state, _modified=modified)
