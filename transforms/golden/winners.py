"""Which record wins each field, of all entities at once: whole-number keys instead of a sort within each group.

For each rule every record gets a key that is smaller the more it is wanted, and an entity's smallest key is its winner.
A key ends in the record's place in one order of all records, so that no two are equal and each leads back to its row.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from definitions.schema.column import Rule
from transforms.golden.survivorship import Survivor

_ROLE = {Rule.CRM_FIRST: "crm", Rule.MARKETING_FIRST: "marketing"}


def winning_rows(records: pl.DataFrame, rules: Sequence[Survivor], roles: Mapping[str, str]) -> list[pl.Series]:
    """Find the row of `records` that wins each rule: a series a rule, with one row number an entity.

    `records` is sorted by entity_id and record_key, and so are the entities; null where no record of the entity has a
    field that is wanted. `roles` is in order of priority.
    """
    frame, latest_first = _placed(records, roles)
    at_once = [rule for rule in rules if rule.about is None]
    rows = dict(zip(at_once, _smallest(frame, at_once, latest_first), strict=True))
    for rule in rules:
        if rule.about is not None:
            giver = next(other for other in at_once if rule.about in other.fields)
            (rows[rule],) = _smallest(_of_same(frame, rule, rows[giver]), [rule], latest_first)
    return [rows[rule] for rule in rules]


def _placed(records: pl.DataFrame, roles: Mapping[str, str]) -> tuple[pl.DataFrame, pl.Series]:
    """Number entities and add each record's place by recency; and the rows in that order."""
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


def _of_same(frame: pl.DataFrame, rule: Survivor, giver: pl.Series) -> pl.DataFrame:
    """Take the rule's fields from records that hold another value of what they are about than the entity does."""
    held = frame.get_column(str(rule.about))
    survived = held.gather(giver).gather(frame.get_column("_entity"))
    has_say = (held == survived).fill_null(value=True)
    return frame.with_columns(pl.when(has_say).then(field).alias(field) for field in rule.fields)


def _smallest(frame: pl.DataFrame, rules: Sequence[Survivor], latest_first: pl.Series) -> list[pl.Series]:
    size = frame.height
    keys = [
        ((_misses(rule) * (size + 1) + _level(rule)) * size + pl.col("_recency")).alias(str(place))
        for place, rule in enumerate(rules)
    ]
    best = frame.select("_entity", *keys).group_by("_entity", maintain_order=True).min()
    return [latest_first.gather(best.get_column(str(place)) % size) for place in range(len(rules))]


def _level(rule: Survivor) -> pl.Expr:
    """Rank records as the rule does, 0 or 1 first; at most the number of records, and of equals all alike."""
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
    """Count what a record lacks of the wanted: 0 has the first, 1 the second, null has none."""
    misses = pl.lit(None, pl.UInt64)
    for place, field in reversed(list(enumerate(rule.wanted))):
        misses = pl.when(pl.col(field).is_not_null()).then(pl.lit(place, pl.UInt64)).otherwise(misses)
    if rule.vague:
        is_vague = pl.col(rule.wanted[0]).is_in(list(rule.vague))
        misses = misses + is_vague.fill_null(value=False).cast(pl.UInt64)
    return misses
