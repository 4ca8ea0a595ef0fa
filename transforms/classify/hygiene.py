"""Hygiene: one finding for each record that fails a rule of the definitions, with a text for its owner."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from definitions.agreement.model import Definitions, HygieneRule
from definitions.polars_types import MONEY
from definitions.schema.classified import CLASS_COLUMN, Classified
from definitions.schema.column import Column
from definitions.schema.columns import columns_named
from transforms.classify.evidence import evidence, sentence
from transforms.classify.predicates import compile_predicate
from transforms.frames import empty
from transforms.step import ROW, step

FINDING = columns_named(
    """rule_id severity record_kind record_id record_name owner_id value_at_risk amount says question
    suggested_action evidence source_url"""
)


@step(partition_by=ROW)
def findings(frame: pl.LazyFrame, definitions: Definitions, kind: Classified, as_of: date) -> pl.LazyFrame:
    """Return the findings (columns of `FINDING`) of classified records: one for each failing (record, rule).

    A rule fails where its test is true; unknown is no finding, and classes in `not_checked` have none. `amount` is the
    corporate amount of a deal and null for a person; so is `value_at_risk`, but for closed deals, which put nothing at
    risk (null). `record_name` is the name of the deal, or the company or lead source of a person: never the person's
    own. `evidence` has the values the rule read, personal ones left out. Sorted by record and rule.
    """
    rules = [rule for rule in definitions.hygiene if rule.on == kind]
    if not rules:
        return empty(FINDING)
    checked = frame.filter(~pl.col(CLASS_COLUMN[kind]).is_in(definitions.not_checked))
    columns = definitions.columns
    return pl.concat([_findings_of(rule, checked, columns, as_of) for rule in rules]).sort("record_id", "rule_id")


def _findings_of(rule: HygieneRule, frame: pl.LazyFrame, columns: Mapping[str, Column], as_of: date) -> pl.LazyFrame:
    read = rule.when.names | (rule.critical_when.names if rule.critical_when else frozenset())
    amount = pl.col("amount_corporate") if rule.on == "opportunity" else pl.lit(None, dtype=MONEY)
    return frame.filter(compile_predicate(rule.when, as_of)).select(
        rule_id=pl.lit(rule.rule),
        severity=_severity(rule, as_of),
        record_kind=pl.lit(rule.on),
        record_id=f"{rule.on}_id",
        record_name=pl.col("name") if rule.on == "opportunity" else pl.coalesce("company_name", "lead_source"),
        owner_id="owner_id",
        value_at_risk=pl.when("is_open").then(amount) if rule.on == "opportunity" else amount,
        amount=amount,
        says=sentence(rule.says, as_of, columns),
        question=sentence(rule.ask, as_of, columns),
        suggested_action=sentence(rule.action, as_of, columns),
        evidence=evidence(read, as_of, columns),
        source_url="source_url",
    )


def _severity(rule: HygieneRule, as_of: date) -> pl.Expr:
    usual = pl.lit(rule.severity)
    if rule.critical_when is None:
        return usual
    return pl.when(compile_predicate(rule.critical_when, as_of)).then(pl.lit("critical")).otherwise(usual)
