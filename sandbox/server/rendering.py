"""Rendering of typed columns as vendor JSON, many rows at a time.

HubSpot writes every value as text or null; Salesforce writes JSON numbers, booleans and null, and moments without a
colon in the offset.
"""

from collections.abc import Sequence

import polars as pl

HUBSPOT_MOMENT = "%Y-%m-%dT%H:%M:%S%.3fZ"
SALESFORCE_MOMENT = "%Y-%m-%dT%H:%M:%S.000+0000"


def as_text(column: str, kind: pl.DataType) -> pl.Expr:
    """Render a value as HubSpot writes it."""
    value = pl.col(column)
    if isinstance(kind, pl.Datetime):
        return value.dt.strftime(HUBSPOT_MOMENT)
    if kind == pl.Date:
        return value.dt.strftime("%Y-%m-%d")
    if kind.is_float():
        return value.cast(pl.String).str.strip_suffix(".0")
    return value if kind == pl.String else value.cast(pl.String)


def as_json(column: str, kind: pl.DataType) -> pl.Expr:
    """Render a value as Salesforce writes it."""
    value = pl.col(column)
    if isinstance(kind, pl.Datetime):
        return value.dt.strftime(SALESFORCE_MOMENT)
    return value.dt.strftime("%Y-%m-%d") if kind == pl.Date else value


def _encoded(frame: pl.DataFrame, record: pl.Expr) -> list[bytes]:
    texts: list[str] = frame.select(record.struct.json_encode()).to_series().to_list()
    return [text.encode() for text in texts]


def hubspot_objects(frame: pl.DataFrame, properties: Sequence[str], modified: str) -> list[bytes]:
    """Render records as `SimplePublicObject`s with the requested properties, and the three HubSpot always adds."""
    if frame.is_empty():
        return []
    schema = frame.schema
    always = {
        "createdate": pl.col("_created").dt.strftime(HUBSPOT_MOMENT),
        "hs_object_id": pl.col("_id"),
        modified: pl.col("_modified").dt.strftime(HUBSPOT_MOMENT),
    }
    requested = [
        name for name in dict.fromkeys(properties) if name in schema and not name.startswith("_") and name not in always
    ]
    values = [as_text(name, schema[name]).alias(name) for name in requested]
    values += [value.alias(name) for name, value in always.items()]
    fields = [
        pl.col("_id").alias("id"),
        pl.struct(values).alias("properties"),
        always["createdate"].alias("createdAt"),
        always[modified].alias("updatedAt"),
        (pl.col("_state") == "archived").alias("archived"),
    ]
    if frame["_state"][0] == "archived":
        fields.append(always[modified].alias("archivedAt"))
    return _encoded(frame, pl.struct(fields))


def salesforce_records(frame: pl.DataFrame, kind: str, fields: Sequence[str], version: str) -> list[bytes]:
    """Render records as in SOQL answers: `attributes`, then the selected fields in the requested order."""
    if frame.is_empty():
        return []
    schema = frame.schema
    url = pl.lit(f"/services/data/{version}/sobjects/{kind}/") + pl.col("Id")
    attributes = pl.struct(pl.lit(kind).alias("type"), url.alias("url")).alias("attributes")
    return _encoded(frame, pl.struct([attributes, *(as_json(name, schema[name]).alias(name) for name in fields)]))
