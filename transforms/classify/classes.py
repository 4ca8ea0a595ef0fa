"""Classification of persons and deals: the first class of the ladder whose test is true."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from definitions.agreement.model import ClassRule, Definitions
from definitions.polars_types import MONEY
from definitions.schema.column import Column
from transforms.classify.evidence import names_read, readable
from transforms.classify.predicates import compile_predicate
from transforms.step import ROW, step

_NOT_COUNTED_AS_LOST = ("merged_or_deleted", "closed_duplicate", "closed_unqualified")
_ROW, _POSITION, _PATTERN = "row of the frame", "position in the ladder", "pattern of answers"


@step(partition_by=ROW, delivers=("lifecycle_class", "class_reasons", "rule", "reason"))
def classify_people(people: pl.LazyFrame, definitions: Definitions, as_of: date) -> pl.LazyFrame:
    """Add lifecycle_class, class_reasons, rule and reason to persons that have facets and criteria.

    Exactly one class each: the first of the ladder whose test is true; unknown is not true. `class_reasons` has each
    class tested, in order, with its answer (`dead=false; sql=unknown; lead=true`); `rule` is profile/version/class;
    `reason` the deciding test with the values it read, without personal ones. Collects its input.
    """
    return _classified(people, definitions.people, "lifecycle_class", definitions, as_of)


@step(
    partition_by=ROW,
    delivers=(
        "pipeline_class",
        "class_reasons",
        "rule",
        "reason",
        "is_forecast_eligible",
        "is_win_rate_eligible",
        "weighted_amount",
    ),
)
def classify_opportunities(opportunities: pl.LazyFrame, definitions: Definitions, as_of: date) -> pl.LazyFrame:
    """Add pipeline_class, class_reasons, rule, reason (see `classify_people`) and the columns that reports count by.

    is_forecast_eligible: the definitions include the class in the forecast. is_win_rate_eligible: closed, and neither
    duplicate, unqualified nor deleted. weighted_amount: `weighted` where the class is included, else 0.
    """
    included = [rule.name for rule in definitions.opportunities if rule.forecast == "included"]
    counts = ~pl.col("pipeline_class").is_in(_NOT_COUNTED_AS_LOST)
    return (
        _classified(opportunities, definitions.opportunities, "pipeline_class", definitions, as_of)
        .with_columns(
            is_forecast_eligible=pl.col("pipeline_class").is_in(included),
            is_win_rate_eligible=pl.col("is_closed") & counts,
        )
        .with_columns(
            weighted_amount=pl.when("is_forecast_eligible").then(weighted()).otherwise(pl.lit(0, dtype=MONEY)),
        )
    )


def weighted() -> pl.Expr:
    """Multiply corporate amount by probability, to the cent; null where either is unknown.

    Exact: decimals, the probability to six places, halves rounded away from zero as PostgreSQL does.
    """
    amount = pl.col("amount_corporate").cast(pl.Decimal(38, 2))
    # A probability that is no number (NaN) is unknown.
    chance = pl.col("probability").cast(pl.Decimal(38, 6), strict=False)
    return (amount * chance).round(2, mode="half_away_from_zero").cast(MONEY)


def _classified(
    frame: pl.LazyFrame, rules: Sequence[ClassRule], column: str, definitions: Definitions, as_of: date
) -> pl.LazyFrame:
    names = [rule.name for rule in rules]
    version = f"{definitions.profile}/{definitions.version}"
    new = (column, "rule", "class_reasons", "reason")
    # Collected, because three branches start here and each should read only the columns it needs.
    answered = _with_answers(frame.drop(new, strict=False), rules, as_of).collect().lazy()
    # Rows share a few patterns of answers: texts are built once per pattern and joined back.
    words = answered.unique(_PATTERN).select(
        _PATTERN,
        _at_position(names).alias(column),
        _at_position([f"{version}/{name}" for name in names]).alias("rule"),
        _reasons(names).alias("class_reasons"),
    )
    explained = answered.select(_PATTERN).join(words, on=_PATTERN, how="left", maintain_order="left").drop(_PATTERN)
    return pl.concat(
        [answered, explained, _reason(answered, rules, definitions.columns, as_of)], how="horizontal"
    ).drop(_ROW, _POSITION, _PATTERN, *map(_answer, names))


def _with_answers(frame: pl.LazyFrame, rules: Sequence[ClassRule], as_of: date) -> pl.LazyFrame:
    """Add the answer to every class, the position of the first true one, and the pattern: both as one number."""
    tests = {
        _answer(rule.name): pl.lit(value=True) if rule.when is None else compile_predicate(rule.when, as_of)
        for rule in rules
    }
    first = pl.coalesce(pl.when(pl.col(answer)).then(pl.lit(position)) for position, answer in enumerate(tests))
    is_unknown = [pl.col(answer).is_null() & (pl.col(_POSITION) > position) for position, answer in enumerate(tests)]
    unknowns = pl.sum_horizontal(test.cast(pl.Int64) * 2**position for position, test in enumerate(is_unknown))
    return (
        frame.with_row_index(_ROW)
        .with_columns(**tests)
        .with_columns(first.cast(pl.Int64).alias(_POSITION))
        .with_columns((unknowns * len(rules) + pl.col(_POSITION)).alias(_PATTERN))
    )


def _answer(name: str) -> str:
    return f"answer to class {name}"


def _at_position(words: list[str]) -> pl.Expr:
    return pl.col(_POSITION).replace_strict(list(range(len(words))), words, return_dtype=pl.String)


def _reasons(names: list[str]) -> pl.Expr:
    """Join the answers of all classes tested, down to the one assigned."""
    answers = []
    for position, name in enumerate(names):
        answer = pl.col(_answer(name)).cast(pl.String).fill_null("unknown")
        answers.append(pl.when(pl.col(_POSITION) >= position).then(pl.lit(f"{name}=") + answer))
    return pl.concat_str(answers, separator="; ", ignore_nulls=True)


def _reason(
    answered: pl.LazyFrame, rules: Sequence[ClassRule], columns: Mapping[str, Column], as_of: date
) -> pl.LazyFrame:
    """Describe for each row, in order, the deciding test and the values that it read.

    `is_open and days_overdue > 7: is_open yes, days_overdue 12`. Class by class, since making values readable costs
    more than all tests together.
    """
    reasons = []
    for position, rule in enumerate(rules):
        text = pl.lit("no class above applies")
        if rule.when is not None:
            names = names_read(rule.when)
            values = [pl.format("{} {}", pl.lit(name), readable(name, as_of, columns)) for name in names]
            text = pl.concat_str(pl.lit(f"{rule.when.text}: "), pl.concat_str(values, separator=", "))
        reasons.append(answered.filter(pl.col(_POSITION) == position).select(_ROW, reason=text))
    return pl.concat(reasons).sort(_ROW).select("reason")
