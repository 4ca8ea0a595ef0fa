"""Salesforce's query resource: a query selects its rows once and returns them in pages by locator."""

from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.soql import Soql, field_of, read_soql, where_of
from sandbox.server.rendering import salesforce_records
from sandbox.server.web import Answer

PAGE = 2_000
SMALLEST_PAGE = 200
MAX_OPEN_CURSORS = 500
# Objects without the field IsDeleted.
NEVER_DELETED = ("User", "Group", "OpportunityStage")

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Result of a query: the rows of one table, and the selected fields."""

    kind: str
    fields: tuple[str, ...]
    rows: Rows


@dataclass(slots=True)
class Cursors:
    """Open cursors; a locator is never reused."""

    open_cursors: dict[str, Cursor] = field(default_factory=dict)
    issued: int = 0

    def keep(self, cursor: Cursor) -> str:
        """Store a cursor and return its name; at the limit the oldest cursor is dropped."""
        if len(self.open_cursors) >= MAX_OPEN_CURSORS:
            self.open_cursors.pop(next(iter(self.open_cursors)))
        self.issued += 1
        name = f"01g5g{self.issued:013d}"
        self.open_cursors[name] = cursor
        return name

    def forget(self) -> None:
        """Close all cursors: their locators are refused from now on."""
        self.open_cursors.clear()


def visible_table(kind: str, table: pl.DataFrame) -> pl.DataFrame:
    """Add the fields that Salesforce derives: deletion, timestamps, full name."""
    derived = {
        "CreatedDate": pl.col("_created"),
        "LastModifiedDate": pl.col("_modified"),
        "SystemModstamp": pl.col("_modified"),
    }
    if kind not in NEVER_DELETED:
        derived["IsDeleted"] = pl.col("_state") == "archived"
    if "LastName" in table.columns and "Name" not in table.columns:
        derived["Name"] = pl.concat_str("FirstName", "LastName", separator=" ", ignore_nulls=True)
    return table.filter(pl.col("_state") != "absent").with_columns(**derived).sort("Id")


class Queries:
    """Queries over one state of the company."""

    def __init__(self, tables: dict[str, pl.DataFrame], cursors: Cursors) -> None:
        """`tables` by object type; `cursors` belong to the server."""
        self.tables = {kind: visible_table(kind, table) for kind, table in tables.items()}
        self.cursors = cursors
        self._orders: dict[tuple[str, tuple[tuple[str, bool, bool], ...]], Rows] = {}

    def start(self, text: str, *, with_deleted: bool, page: int, version: str) -> Answer:
        """Answer a query: its first page, and a locator for the rest."""
        query = read_soql(text)
        kind = next((name for name in self.tables if name.lower() == query.kind.lower()), None)
        if kind is None:
            raise SalesforceError("INVALID_TYPE", f"sObject type '{query.kind}' is not supported.")
        table = self.tables[kind]
        fields = tuple(field_of(name, table, kind) for name in query.fields)
        rows = self._found(kind, query, with_deleted=with_deleted)
        if not query.fields:
            return Answer(body=msgspec.json.encode({"totalSize": len(rows), "done": True, "records": []}))
        return self._page(Cursor(kind, fields, rows), 0, page, version)

    def go_on(self, locator: str, page: int, version: str) -> Answer:
        """Answer a `nextRecordsUrl`."""
        name, _, start = locator.rpartition("-")
        cursor = self.cursors.open_cursors.get(name)
        if cursor is None or not start.isdigit():
            raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(cursor, int(start), page, version, name=name)

    def _found(self, kind: str, query: Soql, *, with_deleted: bool) -> Rows:
        table = self.tables[kind]
        keep = pl.lit(value=True) if with_deleted else pl.col("_state") == "live"
        if query.where is not None:
            keep = keep & where_of(query.where, table, kind)
        mask = table.select(pl.repeat(value=True, n=pl.len()) & keep).to_series().to_numpy()
        order = self._order(kind, query)
        rows = np.flatnonzero(mask) if order is None else order[mask[order]]
        return rows if query.limit is None else rows[: query.limit]

    def _order(self, kind: str, query: Soql) -> Rows | None:
        if not query.order:
            return None
        table = self.tables[kind]
        named = tuple((field_of(name, table, kind), down, last) for name, down, last in query.order)
        cached = self._orders.get((kind, named))
        if cached is None:
            fields, down, last = zip(*named, strict=True)
            by = table.select(
                pl.arg_sort_by(list(fields), descending=list(down), nulls_last=list(last), maintain_order=True)
            )
            cached = self._orders[(kind, named)] = by.to_series().to_numpy().astype(np.int64)
        return cached

    def _page(self, cursor: Cursor, start: int, page: int, version: str, *, name: str | None = None) -> Answer:
        rows = cursor.rows[start : start + page]
        records = b",".join(salesforce_records(self.tables[cursor.kind][rows], cursor.kind, cursor.fields, version))
        total, stop = len(cursor.rows), start + len(rows)
        if stop >= total:
            return Answer(body=b'{"totalSize":%d,"done":true,"records":[%b]}' % (total, records))
        locator = f"{name or self.cursors.keep(cursor)}-{stop}"
        url = quote(f"/services/data/{version}/query/{locator}")
        return Answer(
            body=b'{"totalSize":%d,"done":false,"nextRecordsUrl":"%b","records":[%b]}' % (total, url.encode(), records)
        )


def page_size(options: str) -> int:
    """Rows a page, from the `Sforce-Query-Options` header.

    >>> page_size("batchSize=500")
    500
    """
    for part in options.split(","):
        name, _, value = part.strip().partition("=")
        if name == "batchSize" and value.strip().isdigit():
            return max(SMALLEST_PAGE, min(PAGE, int(value)))
    return PAGE
