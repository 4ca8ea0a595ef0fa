"""Metrics of the run report: pipeline as reported and as agreed, classes as claimed and as found, findings.

Amounts are in the reporting currency. A sum without any known amount is null, not 0, and so is a share of
zero; every sum comes with the number of records that have no amount.
"""

from collections.abc import Sequence

import polars as pl

from definitions.schema.classified import CLASS_COLUMN, Classified
from definitions.schema.vocabulary import SEVERITY
from transforms.classify.classes import weighted
from transforms.step import ALL, step


@step(partition_by=ALL)
def pipeline(opportunities: pl.LazyFrame) -> pl.LazyFrame:
    """Return two rows, `basis` reported (every open deal the sources hold) and eligible (classes in the forecast).

    Columns: basis, deals, amount, without_amount (deals), weighted_amount (amount times probability), without_weight
    (deals whose amount or probability is unknown), share_of_reported (of the amount, 0 to 1).
    """
    weighted_deals = opportunities.select(
        "is_forecast_eligible",
        amount="amount_corporate",
        weight=weighted(),
        is_reported=pl.col("is_open") & (pl.col("pipeline_class") != "merged_or_deleted"),
    )
    bases = {"reported": pl.col("is_reported"), "eligible": pl.col("is_forecast_eligible")}
    rows = [
        weighted_deals.filter(counted).select(
            basis=pl.lit(basis),
            deals=_rows(),
            amount=_sum("amount"),
            without_amount=_unknown("amount"),
            weighted_amount=_sum("weight"),
            without_weight=_unknown("weight"),
        )
        for basis, counted in bases.items()
    ]
    reported = pl.col("amount").filter(pl.col("basis") == "reported").first().cast(pl.Float64)
    share = pl.when(reported != 0).then(pl.col("amount").cast(pl.Float64) / reported)
    return pl.concat(rows).with_columns(share_of_reported=share)


@step(partition_by=ALL)
def class_counts(classified: pl.LazyFrame, kind: Classified, ladder: Sequence[str]) -> pl.LazyFrame:
    """Return one row per class, in the order of the ladder: class, claimed (by the sources), assessed, difference.

    The row with a null class counts the records whose sources claim none.
    """
    claimed = classified.group_by(pl.col("claimed_class").alias("class")).agg(claimed=_rows())
    assessed = classified.group_by(pl.col(CLASS_COLUMN[kind]).alias("class")).agg(assessed=_rows())
    return (
        claimed.join(assessed, on="class", how="full", coalesce=True)
        .with_columns(pl.col("claimed", "assessed").fill_null(0))
        .with_columns(difference=pl.col("assessed") - pl.col("claimed"))
        .sort(_rank("class", ladder), "class", nulls_last=True)
        .select("class", "claimed", "assessed", "difference")
    )


@step(partition_by=ALL)
def moved(changes: pl.LazyFrame, kind: Classified, ladder: Sequence[str]) -> pl.LazyFrame:
    """Count the moves of the run, from its rows of the ledger, by from_class, to_class and rule.

    Columns from_class, to_class, rule, records, amount, without_amount. One row per move and rule, in the order of the
    ladder; `amount` is null for persons.
    """
    moves = changes.filter(pl.col("record_kind") == kind)
    return _moves(moves.select("rule", "from_class", "to_class", amount="value_at_risk"), ladder)


@step(partition_by=ALL)
def top_findings(findings: pl.LazyFrame) -> pl.LazyFrame:
    """Return one row per rule and severity: severity, rule_id, record_kind, findings, value_at_risk, without_value.

    Worst first: by severity, value at risk, number. A deal may fail several rules, so the values do not add up; see
    `at_risk`. Works on open issues too.
    """
    return (
        findings.group_by("severity", "rule_id", "record_kind")
        .agg(
            findings=_rows(),
            value_at_risk=_sum("value_at_risk"),
            without_value=_unknown("value_at_risk"),
        )
        .sort(
            _rank("severity", SEVERITY.names), "value_at_risk", "findings", "rule_id", "record_kind",
            descending=[False, True, True, False, False], nulls_last=True,
        )
    )  # fmt: skip


@step(partition_by=ALL)
def at_risk(findings: pl.LazyFrame) -> pl.LazyFrame:
    """Return one row per kind: record_kind, records, value_at_risk, without_value; each record counts once."""
    return (
        findings.group_by("record_kind", "record_id")
        .agg(pl.col("value_at_risk").max())
        .group_by("record_kind")
        .agg(
            records=_rows(),
            value_at_risk=_sum("value_at_risk"),
            without_value=_unknown("value_at_risk"),
        )
        .sort("record_kind")
    )


def _moves(moves: pl.LazyFrame, ladder: Sequence[str]) -> pl.LazyFrame:
    return (
        moves.group_by("from_class", "to_class", "rule")
        .agg(
            records=_rows(),
            amount=_sum("amount"),
            without_amount=_unknown("amount"),
        )
        .sort(_rank("from_class", ladder), "from_class", _rank("to_class", ladder), "to_class", "rule", nulls_last=True)
    )


def _sum(column: str) -> pl.Expr:
    """Sum of the known values; null where there are rows and none is known."""
    values = pl.col(column)
    return pl.when((values.count() > 0) | (pl.len() == 0)).then(values.sum()).cast(pl.Decimal(38, 2))


def _rows() -> pl.Expr:
    return pl.len().cast(pl.Int64)


def _unknown(column: str) -> pl.Expr:
    return pl.col(column).null_count().cast(pl.Int64)


def _rank(column: str, order: Sequence[str]) -> pl.Expr:
    return pl.col(column).replace_strict(
        list(order), list(range(len(order))), default=len(order), return_dtype=pl.Int32
    )
