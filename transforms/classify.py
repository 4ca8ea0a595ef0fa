"""Where each person and each deal stands: the ladder of the definitions, asked from the top; the first yes wins."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from definitions.model import ClassRule, Definitions
from transforms.evidence import names_read, readable
from transforms.frames import MONEY
from transforms.predicates import compile_predicate

_NOT_COUNTED_AS_LOST = ("merged_or_deleted", "closed_duplicate", "closed_unqualified")
_PLACE = "place in the ladder"


def classify_people(people: pl.LazyFrame, definitions: Definitions, as_of: date) -> pl.LazyFrame:
    """Add lifecycle_class, class_reasons, rule and reason to persons that have facets and criteria.

    Exactly one class each: the first of the ladder whose test is true; unknown is not true. `class_reasons` has each
    class asked, in order, with its answer (`dead=false; sql=unknown; lead=true`); `rule` is profile/version/class;
    `reason` the deciding test with the values it read, personal ones not shown. Row by row.
    """
    return _classified(people, definitions.people, "lifecycle_class", definitions, as_of)


def classify_opportunities(opportunities: pl.LazyFrame, definitions: Definitions, as_of: date) -> pl.LazyFrame:
    """Add pipeline_class, class_reasons, rule, reason (see `classify_people`) and what reports count by.

    is_forecast_eligible: the definitions include the class in the forecast. is_win_rate_eligible: closed, and neither
    duplicate, unqualified nor deleted. weighted_amount: `weighted` where the class is included, else 0. Row by row.
    """
    included = [rule.name for rule in definitions.opportunities if rule.forecast == "included"]
    settled = ~pl.col("pipeline_class").is_in(_NOT_COUNTED_AS_LOST)
    return (
        _classified(opportunities, definitions.opportunities, "pipeline_class", definitions, as_of)
        .with_columns(
            is_forecast_eligible=pl.col("pipeline_class").is_in(included),
            is_win_rate_eligible=pl.col("is_closed") & settled,
        )
        .with_columns(
            weighted_amount=pl.when("is_forecast_eligible").then(weighted()).otherwise(pl.lit(0, dtype=MONEY)),
        )
    )


def weighted() -> pl.Expr:
    """Corporate amount times probability, to the cent; null where either is unknown. Row by row.

    Exact: decimals, the probability to six places, halves rounded away from zero as PostgreSQL does.
    """
    amount = pl.col("amount_corporate").cast(pl.Decimal(38, 2))
    # A probability that is no number (NaN) is unknown.
    chance = pl.col("probability").cast(pl.Decimal(38, 6), strict=False)
    return (amount * chance).round(2, mode="half_away_from_zero").cast(MONEY)


def _classified(
    frame: pl.LazyFrame, rules: Sequence[ClassRule], column: str, definitions: Definitions, as_of: date
) -> pl.LazyFrame:
    answers = [f"answer to class {rule.name}" for rule in rules]
    prefix = f"{definitions.profile}/{definitions.version}/"
    tests = [pl.lit(value=True) if rule.when is None else compile_predicate(rule.when, as_of) for rule in rules]
    return (
        frame.with_columns(test.alias(answer) for test, answer in zip(tests, answers, strict=True))
        .with_columns(_first_true(answers, list(range(len(rules)))).cast(pl.Int8).alias(_PLACE))
        .with_columns(
            _at_place([pl.lit(rule.name) for rule in rules]).alias(column),
            _at_place([pl.lit(prefix + rule.name) for rule in rules]).alias("rule"),
            _reason(rules, as_of).alias("reason"),
            _reasons(rules, answers).alias("class_reasons"),
        )
        .drop(*answers, _PLACE)
    )


def _first_true(answers: list[str], places: list[int]) -> pl.Expr:
    found = pl.lit(None, dtype=pl.Int32)
    for answer, place in reversed(list(zip(answers, places, strict=True))):
        found = pl.when(pl.col(answer)).then(pl.lit(place)).otherwise(found)
    return found


def _at_place(values: list[pl.Expr]) -> pl.Expr:
    chosen = pl.lit(None, dtype=pl.String)
    for place, value in reversed(list(enumerate(values))):
        chosen = pl.when(pl.col(_PLACE) == place).then(value).otherwise(chosen)
    return chosen


def _reason(rules: Sequence[ClassRule], as_of: date) -> pl.Expr:
    """Tell the test that decided and what it read: `is_open and days_overdue > 7: is_open yes, days_overdue 12`.

    Each name is made readable once for all classes that read it: a text for every class and row costs ten times that.
    """
    readers: dict[str, list[int]] = {}
    clauses = []
    for place, rule in enumerate(rules):
        clauses.append(pl.lit("no class above applies" if rule.when is None else f"{rule.when.text}: "))
        for name in () if rule.when is None else names_read(rule.when):
            readers.setdefault(name, []).append(place)
    told = [
        pl.when(pl.col(_PLACE).is_in(places)).then(pl.format("{} {}", pl.lit(name), readable(name, as_of)))
        for name, places in readers.items()
    ]
    values = pl.concat_str(told, separator=", ", ignore_nulls=True) if told else pl.lit("")
    return pl.concat_str(_at_place(clauses), values)


def _reasons(rules: Sequence[ClassRule], answers: list[str]) -> pl.Expr:
    """Join the answers of all classes asked, up to the one that is given."""
    asked = []
    for place, (rule, answer) in enumerate(zip(rules, answers, strict=True)):
        told = (
            pl.when(pl.col(answer))
            .then(pl.lit(f"{rule.name}=true"))
            .when(pl.col(answer).is_null())
            .then(pl.lit(f"{rule.name}=unknown"))
            .otherwise(pl.lit(f"{rule.name}=false"))
        )
        asked.append(pl.when(pl.col(_PLACE) >= place).then(told))
    return pl.concat_str(asked, separator="; ", ignore_nulls=True)
