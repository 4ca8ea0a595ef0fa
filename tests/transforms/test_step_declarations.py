"""What is declared of steps: every function from frames to frames says what it needs together, and no prose repeats it.

`test_steps` computes each declared step in parts.
"""

import dataclasses
import importlib
import inspect
import pkgutil
import re
from datetime import date
from pathlib import Path
from typing import get_args, get_type_hints

import polars as pl
import pytest

import transforms
from definitions.errors import TransformError
from sandbox.company.company import found
from tests.transforms.step_calls import frames_in, in_parts, same_rows
from transforms.step import ROW, STEPS, DeclaredStep, step

PARTS = 7
FIRST_DAY = date(2026, 11, 22)
DAYS = pl.date_range(FIRST_DAY, date(2026, 12, 6), eager=True).alias("day")
MODULES = [
    importlib.import_module(module.name)
    for module in pkgutil.walk_packages(transforms.__path__, "transforms.")
    if not module.ispkg
]
FUNCTIONS = {
    f"{module.__name__}.{name}": inspect.unwrap(function)
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and not name.startswith("_")
}
NO_STEPS = {
    "transforms.conform.raw.collected": "collects, and computes nothing",
    "transforms.frames.in_slices": "cuts a frame into parts",
    "transforms.golden.winners.winning_rows": "gives places in its frame, which mean nothing elsewhere",
    "transforms.pipeline.table_batches.history_batches": "yields what steps give, with their table",
    "transforms.pipeline.table_batches.table_batch": "sorts what steps give, and names its table",
}
# What an expression of `transforms.values` is asked besides the text, where it has to be.
BESIDES = {
    "day_in_zone": {"zone": "Europe/Berlin"},
    "start_of_day": {"zone": "Europe/Berlin"},
    "unmarked": {"decimal": ","},
    "in_units": {"power": -2},
    "further_addresses": {"further_emails": pl.concat_list(pl.lit("ada@acme.com; Bo <bo@acme.com>"))},
    "phone_e164": {"region": pl.lit("DE")},
    "without_placeholders": {"placeholders": ["n/a", "0"]},
}
# They make an expression of the functions they are given.
OF_FUNCTIONS = {"map_distinct", "read_distinct", "read_in_steps"}
EXPRESSIONS = {
    function.__name__: function
    for name, function in FUNCTIONS.items()
    if name.startswith("transforms.values.")
    and inspect.signature(function).return_annotation is pl.Expr
    and function.__name__ not in OF_FUNCTIONS
}
TEXTS = ["35%", "12.345,67 €", "1,234.5", "1e3", "-0", "03/04/2017", "31.12.2024", "2026-02-30", "2026-11-22T10:00:00Z",
         "5. März 2024", "+49 30 1234567", "030/123 45 67", "yes", "N/A", "usd", "Ünal & Co. GmbH", ""]  # fmt: skip


def holds_frames(hint: object) -> bool:
    """Whether a value of this type is a frame, or has one in it."""
    if hint in {pl.DataFrame, pl.LazyFrame, pl.Series}:
        return True
    if dataclasses.is_dataclass(hint) and hint.__module__.startswith("transforms."):
        return any(holds_frames(field) for field in get_type_hints(hint).values())
    return any(holds_frames(part) for part in get_args(hint) if not isinstance(part, list))


def takes_and_gives_frames(function) -> bool:
    hints = get_type_hints(function)
    result = hints.pop("return")
    return holds_frames(result) and any(holds_frames(hint) for hint in hints.values())


def test_every_function_from_frames_to_frames_is_a_step():
    could_be = {name for name, function in FUNCTIONS.items() if takes_and_gives_frames(function)}
    assert could_be - set(STEPS) == set(NO_STEPS)
    assert {name for name in STEPS if name.startswith("transforms.")} <= could_be


def test_no_prose_repeats_what_is_declared():
    remark = re.compile(r"row by\s+row|needs\s+(all|whole)\b", re.IGNORECASE)
    for module in MODULES:
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        assert not remark.search(text), f"{module.__name__}: declare it with transforms.step.step"


@pytest.fixture(scope="module")
def texts():
    """Texts of all kinds that a generated company holds, and some that it does not."""
    company = found(300, 7, FIRST_DAY)
    tables = [*company.hubspot.values(), *company.salesforce.values()]
    columns = [column.rename("text") for table in tables for column in table.select(pl.col(pl.String))]
    held = pl.concat([column.unique() for column in columns]).unique().sort()
    return pl.concat([pl.Series("text", TEXTS, pl.String), held.gather_every(10)])


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_reads_one_value_at_a_time(texts, name):
    """So that it needs no declaration: whatever values are beside it, a value is read the same."""
    typed = {"day_in_zone": DAYS.cast(pl.Datetime("us", "UTC")), "start_of_day": DAYS}.get(name, texts)
    expression = EXPRESSIONS[name](pl.col(typed.name), **BESIDES.get(name, {}))
    whole = typed.to_frame().select(expression)
    assert same_rows(
        whole, [typed.gather_every(PARTS, number).to_frame().select(expression) for number in range(PARTS)]
    )
    few = typed.head(len(TEXTS)).to_frame()
    assert same_rows(whole.head(len(TEXTS)), [one.select(expression) for one in few.iter_slices(1)])


def test_a_step_that_looks_at_other_rows_is_found_out():
    def ranked(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(rank=pl.col("n").rank().over("key"))

    frame = pl.DataFrame({"key": ["a", "b", None] * 20, "n": range(60)})
    (whole,) = frames_in(ranked(frame))
    for key, is_so in ((ROW, False), ("key", True)):
        known = DeclaredStep(compute=ranked, partition_by=key, needs=(), delivers=())
        parts = [one for (one,) in in_parts(known, {"frame": frame}, PARTS)]
        assert same_rows(whole, parts) is is_so


def test_what_a_step_does_not_deliver_is_told_at_once_by_name(undeclared):
    @step(partition_by=ROW, delivers=("reachability", "unreachable_since_on"))
    def with_half(people: pl.LazyFrame) -> pl.LazyFrame:
        return people.with_columns(reachability=pl.lit("ok"))

    with pytest.raises(TransformError, match=r"with_half does not deliver unreachable_since_on, which it declares\."):
        with_half(pl.LazyFrame({"person_id": ["a"]}))


def test_a_step_may_need_only_what_it_takes():
    with pytest.raises(TypeError, match="alone has no parameter owners"):

        @step(partition_by=ROW, needs=("owners",))
        def alone(people: pl.LazyFrame) -> pl.LazyFrame:
            return people


@pytest.fixture
def undeclared():
    """Takes out again what a test declares."""
    before = dict(STEPS)
    yield
    STEPS.clear()
    STEPS.update(before)
