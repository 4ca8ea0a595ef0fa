"""HubSpot's search: filter groups, one sort, offset paging up to 10,000, without archived records."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl

from sandbox.hubspot.errors import HubSpotError
from sandbox.hubspot.objects import DEFAULTS
from sandbox.hubspot.store import MODIFIED, ObjectTable
from sandbox.server.rendering import as_text, hubspot_objects
from sandbox.server.web import Answer, Request

CAP = 10_000
PAGE_LIMIT = 200
DEFAULT_PAGE = 10
MAX_GROUPS, MAX_FILTERS = 5, 6
MAX_CACHED_SEARCHES = 32


class Searches:
    """Searches of one state of the company; the rows of a search are computed once and then paged."""

    def __init__(self, tables: dict[str, ObjectTable], *, unsteady: bool) -> None:
        """`tables` by object type; `unsteady` orders ties differently at every request."""
        self.tables, self.unsteady = tables, unsteady
        self._turn = False
        self._found: dict[bytes, pl.DataFrame] = {}

    def answer(self, kind: str, request: Request) -> Answer:
        """Return one page of a search."""
        body = request.json()
        limit = _limit(body.get("limit", DEFAULT_PAGE))
        after = _after(body.get("after"))
        if after + limit > CAP:
            raise HubSpotError(
                "VALIDATION_ERROR",
                f"The maximum number of search results is {CAP}: after + limit must not be above it.",
            )
        rows = self._rows(kind, body)
        page = rows.slice(after, limit)
        properties = body.get("properties") or DEFAULTS[kind]
        found = b",".join(hubspot_objects(page, properties, MODIFIED[kind]))
        total = rows.height
        if after + limit >= total:
            return Answer(body=b'{"total":%d,"results":[%b]}' % (total, found))
        return Answer(
            body=b'{"total":%d,"results":[%b],"paging":{"next":{"after":"%d"}}}' % (total, found, after + limit)
        )

    def _rows(self, kind: str, body: dict[str, Any]) -> pl.DataFrame:
        groups, sorts = body.get("filterGroups") or [], body.get("sorts") or []
        self._turn = self.unsteady and not self._turn
        key = msgspec.json.encode([kind, groups, sorts, body.get("query"), self._turn])
        rows = self._found.get(key)
        if rows is None:
            rows = _sorted(_filtered(self.tables[kind].live, groups, body.get("query")), sorts, upwards=self._turn)
            if len(self._found) >= MAX_CACHED_SEARCHES:
                self._found.pop(next(iter(self._found)))
            self._found[key] = rows
        return rows


def _limit(value: object) -> int:
    if not isinstance(value, int) or not 1 <= value <= PAGE_LIMIT:
        raise HubSpotError("VALIDATION_ERROR", f"limit must be a number from 1 to {PAGE_LIMIT}")
    return value


def _after(value: object) -> int:
    if value in (None, ""):
        return 0
    if not str(value).isdigit():
        raise HubSpotError("VALIDATION_ERROR", "after must be an integer")
    return int(str(value))


def _filtered(frame: pl.DataFrame, groups: list[dict[str, Any]], query: str | None) -> pl.DataFrame:
    if len(groups) > MAX_GROUPS:
        raise HubSpotError("VALIDATION_ERROR", f"Too many filter groups: {len(groups)} is above {MAX_GROUPS}")
    if query:
        texts = [
            name for name in ("email", "firstname", "lastname", "name", "dealname", "domain") if name in frame.columns
        ]
        sought = query.lower()
        frame = frame.filter(pl.any_horizontal(pl.col(texts).str.to_lowercase().str.contains(sought, literal=True)))
    if not groups:
        return frame
    return frame.filter(pl.any_horizontal([pl.all_horizontal(_filters(frame, group)) for group in groups]))


def _filters(frame: pl.DataFrame, group: dict[str, Any]) -> list[pl.Expr]:
    filters = group.get("filters") or []
    if not filters or len(filters) > MAX_FILTERS:
        raise HubSpotError("VALIDATION_ERROR", f"A filter group holds 1 to {MAX_FILTERS} filters")
    return [condition(frame, one) for one in filters]


def condition(frame: pl.DataFrame, declared: dict[str, Any]) -> pl.Expr:
    """Compile one filter to an expression; raises `HubSpotError` on an unknown property or operator."""
    name, operator = declared.get("propertyName", ""), declared.get("operator", "")
    if name not in frame.columns or name.startswith("_"):
        raise HubSpotError(
            "VALIDATION_ERROR", f"There was a problem with the request: property '{name}' does not exist"
        )
    kind = frame.schema[name]
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return pl.col(name).is_not_null() if operator == "HAS_PROPERTY" else pl.col(name).is_null()
    if operator in ("IN", "NOT_IN"):
        inside = as_text(name, kind).is_in([str(value) for value in declared.get("values", [])])
        return inside if operator == "IN" else ~inside
    compared = [pl.lit(_value(declared.get(key), kind, name)) for key in ("value", "highValue") if key in declared]
    if not compared:
        raise HubSpotError("VALIDATION_ERROR", f"operator {operator} needs a value")
    return _compared(pl.col(name), operator, compared)


def _compared(column: pl.Expr, operator: str, values: list[pl.Expr]) -> pl.Expr:
    low = values[0]
    if operator == "BETWEEN" and len(values) == len(("low", "high")):
        return column.is_between(low, values[1])
    comparisons = {
        "EQ": column == low, "NEQ": (column != low).fill_null(value=True), "GT": column > low, "GTE": column >= low,
        "LT": column < low, "LTE": column <= low,
    }  # fmt: skip
    if operator not in comparisons:
        raise HubSpotError("VALIDATION_ERROR", f"unknown operator {operator}")
    return comparisons[operator]


def _value(raw: object, kind: pl.DataType, name: str) -> object:
    """Convert the value of a filter to the column's type; moments may be milliseconds or ISO."""
    text = str(raw)
    try:
        if isinstance(kind, pl.Datetime):
            return _moment(text)
        if kind == pl.Date:
            return _moment(text).date()
        if kind == pl.Boolean:
            return text == "true"
        return float(text) if kind.is_numeric() and "." in text else int(text) if kind.is_numeric() else text
    except ValueError:
        raise HubSpotError("VALIDATION_ERROR", f"the value for property '{name}' is not valid") from None


def _moment(text: str) -> datetime:
    if text.lstrip("-").isdigit():
        return datetime.fromtimestamp(int(text) / 1000, tz=UTC).replace(tzinfo=None)
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _sorted(frame: pl.DataFrame, sorts: list[Any], *, upwards: bool) -> pl.DataFrame:
    if len(sorts) > 1:
        raise HubSpotError("VALIDATION_ERROR", "only one sort is allowed")
    if not sorts:
        return frame
    name, descending = _sort(sorts[0])
    if name not in frame.columns or name.startswith("_"):
        raise HubSpotError("VALIDATION_ERROR", f"property '{name}' does not exist")
    # The order of ties is not documented: by id here, but mostly descending, so that no client relies on it.
    return frame.sort(name, "_rank", descending=[descending, not upwards], nulls_last=True)


def _sort(sort: object) -> tuple[str, bool]:
    if isinstance(sort, dict):
        return str(sort.get("propertyName", "")), sort.get("direction") == "DESCENDING"
    text = str(sort)
    return text.removeprefix("-"), text.startswith("-")
