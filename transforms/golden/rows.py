"""Golden rows: one per entity, with the surviving values of its records and the record that gave each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from definitions.errors import TransformError
from transforms.golden.survivorship import Survivor
from transforms.golden.winners import winning_rows
from transforms.step import step

_FACTS = ("is_deleted", "first_seen_at", "record_count", "source_count")
# The value itself identifies its record.
_WITHOUT_WINNER = frozenset({"record_key", "source_created_at", "source_updated_at"})
# Columns that identity needs of a record and an entity does not have.
_RECORD_COLUMNS = frozenset({"entity_id", "is_deleted", "merged_into_key", "same_as_keys", "further_emails", "custom"})


@step(
    partition_by="entity_id",
    delivers=("entity_id", "is_deleted", "first_seen_at", "record_count", "source_count", "field_winners"),
)
def golden(records: pl.DataFrame, rules: Sequence[Survivor], *, roles: Mapping[str, str]) -> pl.DataFrame:
    """Make one row of all records that share `entity_id`, sorted by it.

    `records` has entity_id, record_key, source_system, source_created_at, source_updated_at, is_deleted and columns
    that `rules` name; `roles` maps each source to `crm` or `marketing`, in order of priority. The result
    has entity_id, the outputs of those rules whose fields are present, is_deleted (every record is), first_seen_at,
    record_count and source_count over the live records, and field_winners: a JSON object from field to the record key
    that gave it, where fields of one rule are named by its first; null for a single record.

    A record that its source deleted or merged away gives no value while another is left. Blank text is no value. Raises
    `TransformError` on a column that no rule is for and on a source without a role.
    """
    applicable = _applicable(records, rules)
    _refuse_unknown_sources(records, roles)
    is_together = records.select(pl.col("entity_id").is_duplicated()).to_series()
    alone = _single_record_rows(_without_blanks(records.filter(~is_together)), applicable)
    together = _merged_rows(_without_blanks(records.filter(is_together)), applicable, roles)
    return pl.concat([alone, together]).sort("entity_id")


def _without_blanks(records: pl.DataFrame) -> pl.DataFrame:
    texts = pl.col(pl.String)
    return records.with_columns(pl.when(texts.str.contains(r"\S")).then(texts).name.keep())


def _applicable(records: pl.DataFrame, rules: Sequence[Survivor]) -> list[Survivor]:
    """Narrow the rules to the columns present."""
    present = set(records.columns)
    applicable = [
        replace(
            rule,
            fields=tuple(field for field in rule.fields if field in present),
            wanted=tuple(field for field in rule.wanted if field in present),
            about=rule.about if rule.about in present else None,
        )
        for rule in rules
        if present.intersection(rule.fields)
    ]
    undeclared = present - _RECORD_COLUMNS - {field for rule in applicable for field in rule.fields}
    if undeclared:
        raise TransformError(
            f"golden records: no rule says which record gives {', '.join(sorted(undeclared))}; "
            "declare it in definitions/schema with `survives`, or drop it first."
        )
    return applicable


def _refuse_unknown_sources(records: pl.DataFrame, roles: Mapping[str, str]) -> None:
    unknown = set(records.get_column("source_system").unique()) - set(roles)
    if unknown:
        raise TransformError(f"golden records: {', '.join(sorted(unknown))} is neither a CRM nor a marketing source.")


def _single_record_rows(records: pl.DataFrame, rules: Sequence[Survivor]) -> pl.DataFrame:
    one = pl.lit(1, pl.Int32)
    return records.select(
        "entity_id",
        *(
            pl.col(field).alias(output)
            for rule in rules
            for field, output in zip(rule.fields, rule.outputs, strict=True)
        ),
        "is_deleted",
        first_seen_at="source_created_at",
        record_count=one,
        source_count=one,
        field_winners=pl.lit(None, pl.String),
    )


def _merged_rows(records: pl.DataFrame, rules: Sequence[Survivor], roles: Mapping[str, str]) -> pl.DataFrame:
    facts = records.group_by("entity_id").agg(
        pl.col("is_deleted").all(),
        first_seen_at=pl.col("source_created_at").min(),
    )
    is_gone = pl.col("is_deleted")
    if "merged_into_key" in records.columns:
        is_gone |= pl.col("merged_into_key").is_not_null()
    eligible = records.filter(~is_gone | is_gone.all().over("entity_id")).sort("entity_id", "record_key")
    counts = eligible.group_by("entity_id").agg(
        record_count=pl.len().cast(pl.Int32), source_count=pl.col("source_system").n_unique().cast(pl.Int32)
    )
    facts = facts.join(counts, on="entity_id")
    ids = eligible.select(pl.col("entity_id").unique(maintain_order=True))
    rows = winning_rows(eligible, rules, roles)
    survived = [
        eligible.get_column(field).gather(rows[index]).alias(output)
        for index, rule in enumerate(rules)
        for field, output in zip(rule.fields, rule.outputs, strict=True)
    ]
    record_keys = eligible.select(_quoted(pl.col("record_key"))).to_series()
    winners = {rule.name: record_keys.gather(rows[index]) for index, rule in enumerate(rules)}
    facts = facts.select("entity_id", *_FACTS)
    return (
        ids.hstack(survived)
        .join(facts, on="entity_id", maintain_order="left")
        .with_columns(field_winners=_field_winners(winners))
    )


def _quoted(text: pl.Expr) -> pl.Expr:
    return pl.struct(text=text).struct.json_encode().str.strip_prefix('{"text":').str.strip_suffix("}")


def _field_winners(winners: Mapping[str, pl.Series]) -> pl.Series:
    pairs = [
        pl.lit(f'"{field}":') + pl.lit(quoted_key)
        for field, quoted_key in winners.items()
        if field not in _WITHOUT_WINNER
    ]
    listed = pl.concat_str(pairs, separator=",", ignore_nulls=True)
    return pl.select(pl.lit("{") + listed + pl.lit("}")).to_series()
