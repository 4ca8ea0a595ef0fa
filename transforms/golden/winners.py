"""Selection of the record that wins each field, for all entities at once: integer keys instead of sorted groups.

For each rule every record gets a key, smaller for a better record; an entity's smallest key is its winner. A key ends
in the record's position in one order of all records, so that no two are equal and each leads back to its row.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from definitions.schema.column import Rule
from transforms.golden.survivorship import Survivor

_ROLE = {Rule.CRM_FIRST: "crm", Rule.MARKETING_FIRST: "marketing"}


def winning_rows(records: pl.DataFrame, rules: Sequence[Survivor], roles: Mapping[str, str]) -> list[pl.Series]:
    """Find the row of `records` that wins each rule: a series a rule, with one row number an entity.

    `records` is sorted by entity_id and record_key, and so are the entities; null where no record of the entity has a
    field of `wanted`. `roles` is in order of priority.
    """
    frame, latest_first = _ranked(records, roles)
    at_once = [rule for rule in rules if rule.about is None]
    rows = dict(zip(at_once, _winners(frame, at_once, latest_first), strict=True))
    for rule in rules:
        if rule.about is not None:
            winner = next(other for other in at_once if rule.about in other.fields)
            (rows[rule],) = _winners(_masked(frame, rule, rows[winner]), [rule], latest_first)
    return [rows[rule] for rule in rules]


def _ranked(records: pl.DataFrame, roles: Mapping[str, str]) -> tuple[pl.DataFrame, pl.Series]:
    """Number the entities and add each record's position by recency; return also the rows in that order."""
    source = pl.col("source_system")
    frame = records.with_columns(
        _entity=pl.col("entity_id").rle_id(),
        _role=source.replace_strict(dict(roles), return_dtype=pl.String),
        _priority=source.replace_strict(list(roles), range(len(roles)), return_dtype=pl.Int64),
        # Rows are in order of their keys, which makes the row number the last tie-breaker.
        _row=pl.int_range(pl.len(), dtype=pl.Int64),
    )
    latest_first = frame.select(
        pl.arg_sort_by("source_updated_at", "_priority", "_row", descending=[True, False, False], nulls_last=True)
    ).to_series()
    return frame.with_columns(_recency=latest_first.arg_sort().cast(pl.UInt64)), latest_first


def _masked(frame: pl.DataFrame, rule: Survivor, winner: pl.Series) -> pl.DataFrame:
    """Set the rule's fields to null in records whose value of `about` differs from the entity's."""
    values = frame.get_column(str(rule.about))
    survived = values.gather(winner).gather(frame.get_column("_entity"))
    is_consistent = (values == survived).fill_null(value=True)
    return frame.with_columns(pl.when(is_consistent).then(field).alias(field) for field in rule.fields)


def _winners(frame: pl.DataFrame, rules: Sequence[Survivor], latest_first: pl.Series) -> list[pl.Series]:
    size = frame.height
    keys = [
        ((_misses(rule) * (size + 1) + _level(rule)) * size + pl.col("_recency")).alias(str(position))
        for position, rule in enumerate(rules)
    ]
    best = frame.select("_entity", *keys).group_by("_entity", maintain_order=True).min()
    return [latest_first.gather(best.get_column(str(position)) % size) for position in range(len(rules))]


def _level(rule: Survivor) -> pl.Expr:
    """Rank records by the rule, 0 or 1 first, ties equal; at most the number of records."""
    if rule.rule is Rule.LATEST:
        level = pl.lit(0)
    elif rule.rule in _ROLE:
        level = pl.col("_role") != _ROLE[rule.rule]
    elif rule.rule is Rule.EARLIEST:
        level = pl.col("source_created_at").rank("dense").fill_null(pl.len())
    else:
        level = pl.col(rule.wanted[0]).rank("dense", descending=rule.rule is Rule.HIGHEST).fill_null(pl.len())
    return level.cast(pl.UInt64)


def _misses(rule: Survivor) -> pl.Expr:
    """Find which of the wanted fields a record has first: 0 the first, 1 the second, null none."""
    misses = pl.lit(None, pl.UInt64)
    for position, field in reversed(list(enumerate(rule.wanted))):
        misses = pl.when(pl.col(field).is_not_null()).then(pl.lit(position, pl.UInt64)).otherwise(misses)
    if rule.vague:
        is_vague = pl.col(rule.wanted[0]).is_in(list(rule.vague))
        misses = misses + is_vague.fill_null(value=False).cast(pl.UInt64)
    return misses
