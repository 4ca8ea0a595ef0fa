"""Qualification: the state of each criterion of the definitions (met, not met, unknown) with its evidence."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from definitions.agreement.model import Criterion, Definitions
from definitions.schema.classified import Classified
from definitions.schema.column import Column
from transforms.classify.evidence import is_disclosable, json_object
from transforms.classify.predicates import compile_facet, compile_predicate
from transforms.step import ROW, step


@step(partition_by=ROW, delivers=("criteria_met", "criteria_unmet", "criteria_unknown", "criteria"))
def with_criteria(frame: pl.LazyFrame, definitions: Definitions, kind: Classified, as_of: date) -> pl.LazyFrame:
    """Add criteria_met, criteria_unmet, criteria_unknown (Int32, adding up to all criteria) and `criteria` (JSON).

    The JSON has each criterion in the order of the definitions: {"budget": {"state": "met", "evidence":
    "budget_status", "value": "allocated"}, ...}; the value of a personal field is left out. For opportunities also
    missing_criteria (names the canonical stage requires that are not met, comma separated) and missing_criteria_count;
    an unmapped stage requires nothing.
    """
    answers = {name: _answer(name) for name in definitions.criteria}
    tested = frame.with_columns(
        compile_predicate(criterion.met, as_of).alias(_answer(name)) for name, criterion in definitions.criteria.items()
    )
    columns = definitions.columns
    added = tested.with_columns(
        criteria_met=_count([pl.col(answer) for answer in answers.values()]),
        criteria_unmet=_count([~pl.col(answer) for answer in answers.values()]),
        criteria_unknown=_count([pl.col(answer).is_null() for answer in answers.values()]),
        criteria=json_object(
            [_criterion_state(name, one, columns, as_of) for name, one in definitions.criteria.items()]
        ),
    )
    if kind == "opportunity":
        missing = [_is_missing(name, definitions) for name in answers]
        added = added.with_columns(
            missing_criteria=pl.concat_str(
                [pl.when(lacks).then(pl.lit(name)) for name, lacks in zip(answers, missing, strict=True)],
                separator=", ",
                ignore_nulls=True,
            ),
            missing_criteria_count=_count(missing),
        )
    return added.drop(answers.values())


def _answer(criterion: str) -> str:
    return f"answer to {criterion}"


def _count(tests: list[pl.Expr]) -> pl.Expr:
    """Count the tests that are true; unknown is not."""
    return pl.sum_horizontal(*(test.fill_null(value=False).cast(pl.Int32) for test in tests))


def _criterion_state(name: str, criterion: Criterion, columns: Mapping[str, Column], as_of: date) -> pl.Expr:
    answer = pl.col(_answer(name))
    state = pl.when(answer).then(pl.lit("met")).when(~answer).then(pl.lit("not_met")).otherwise(pl.lit("unknown"))
    members = [state.alias("state"), pl.lit(criterion.evidence).alias("evidence")]
    if is_disclosable(criterion.evidence, columns):
        members.append(compile_facet(criterion.evidence, as_of).alias("value"))
    return pl.struct(members).alias(name)


def _is_missing(criterion: str, definitions: Definitions) -> pl.Expr:
    requiring = [stage.stage for stage in definitions.stages if criterion in stage.requires]
    is_required = pl.col("canonical_stage").is_in(requiring)
    return is_required & ~pl.col(_answer(criterion)).fill_null(value=False)
