"""Steps do what they declare: computed in one part and in seven they give the same rows, with the columns they owe.

They are called as two runs over a generated company call them, two weeks apart, and one over files.
"""

import importlib
import inspect
import pkgutil
from pathlib import Path

import polars as pl
import pytest

import transforms
from definitions.errors import TransformError
from flows.run.job import open_job
from flows.run.publication import Known
from flows.terminal.sandbox_process import sandbox_running
from tests.flows.conftest import CONFIG, FIRST_DAY, WEEKS_LATER, advance
from tests.flows.excerpts import write_maven
from tests.flows.line import ROOT, Computed, assembled, environment, pulled
from tests.transforms.small_company import nothing_before
from tests.transforms.step_calls import Recorder, frames_in, in_parts, same_rows, split_rows
from transforms.conform.conformed import nothing_quarantined
from transforms.pipeline.terms import Before
from transforms.state.versions import opened, with_flag_of_text
from transforms.step import ALL, ROW, STEPS, DeclaredStep, step

pytestmark = pytest.mark.slow
PARTS = 7
DAYS = pl.date_range(FIRST_DAY, WEEKS_LATER, eager=True).alias("day")
MODULES = [
    importlib.import_module(module.name)
    for module in pkgutil.walk_packages(transforms.__path__, "transforms.")
    if not module.ispkg
]
SPLIT = sorted(name for name, known in STEPS.items() if known.partition_by != ALL)
# What an expression of `transforms.values` is asked besides the text, where it has to be.
BESIDES = {
    "day_in_zone": {"zone": "Europe/Berlin"},
    "start_of_day": {"zone": "Europe/Berlin"},
    "unmarked": {"decimal": ","},
    "in_units": {"power": -2},
    "phone_e164": {"region": pl.lit("DE")},
    "without_placeholders": {"placeholders": ["n/a", "0"]},
}
# They make an expression of the functions they are given.
OF_FUNCTIONS = {"map_distinct", "read_distinct", "read_in_steps"}
EXPRESSIONS = {
    name: function
    for module in MODULES
    if module.__name__.startswith("transforms.values.")
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__
    and not name.startswith("_")
    and inspect.signature(function).return_annotation is pl.Expr
    and name not in OF_FUNCTIONS
}
TEXTS = ["35%", "12.345,67 €", "1,234.5", "1e3", "-0", "03/04/2017", "31.12.2024", "2026-02-30", "2026-11-22T10:00:00Z",
         "5. März 2024", "+49 30 1234567", "030/123 45 67", "yes", "N/A", "usd", "Ünal & Co. GmbH", ""]  # fmt: skip


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    watched = {STEPS[name].compute.__code__: name for name in SPLIT}
    recorder = Recorder(watched)
    home, files = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("files")
    with sandbox_running(300, FIRST_DAY) as sandbox, environment({**sandbox.environment, "BANTAM_HOME": str(home)}):
        with recorder.watching():
            first = run(CONFIG, FIRST_DAY, "000001", nothing_before())
        advance(sandbox, (WEEKS_LATER - FIRST_DAY).days)
        with recorder.watching():
            run(CONFIG, WEEKS_LATER, "000002", published(first))
    with environment({"BANTAM_HOME": str(files)}), recorder.watching():
        data = write_maven(tmp_path_factory.mktemp("data"))
        run(ROOT / "examples" / "maven_crm" / "bantam.yaml", FIRST_DAY, "000001", nothing_before(), data)
    with recorder.watching():
        for call in recorder.calls("transforms.state.versions.opened"):
            if call["envelope"].flag is not None:
                # As a state from before flags were kept is read.
                with_flag_of_text(opened(**call), call["envelope"])
    return recorder


def run(config: Path, as_of, number, before: Before, data: Path | None = None) -> Computed:
    job = open_job(str(config), data=data and str(data), as_of=as_of, sources=None)
    known = Known(
        run_id=f"{number}-20261122T000000Z", last_run_id=None, cursors={}, versions={}, before=before, filled={},
        unfiled=nothing_quarantined(),
    )  # fmt: skip
    return assembled(job, known, pulled(job, known))


def published(first: Computed) -> Before:
    tables = first.tables
    told = {"person": "lifecycle_class", "opportunity": "pipeline_class"}
    table_of = {"person": tables["dim_person"], "opportunity": tables["fct_opportunity"]}
    return Before(
        classes={
            kind: table_of[kind].select(f"{kind}_id", column, f"{column}_since").rename(
                {f"{kind}_id": "record_id", column: "class", f"{column}_since": "class_since"}
            )
            for kind, column in told.items()
        },
        issues=tables["fct_hygiene_issue"].lazy(),
        snapshots=tables["fct_opportunity_daily_snapshot"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def texts(seen):
    """Texts of all kinds that the company holds, and some that it does not."""
    columns = [frame.select(pl.col(pl.String)) for frame in seen.frames()]
    held = pl.concat([column.unique().rename("text") for frame in columns for column in frame]).unique().sort()
    return pl.concat([pl.Series("text", TEXTS, pl.String), held.gather_every(20)])


@pytest.mark.parametrize("name", SPLIT)
def test_in_one_part_and_in_seven_a_step_gives_the_same_rows(seen, name):
    known, calls = STEPS[name], seen.calls(name)
    assert calls, "no run calls this step"
    assert max(split_rows(known, call) for call in calls) >= PARTS, "too few rows to be split"
    for call in calls:
        whole = frames_in(known.compute(**call))
        parts = in_parts(known, call, PARTS)
        for one, others in zip(whole, zip(*parts, strict=True), strict=True):
            assert same_rows(one, others)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_reads_one_value_at_a_time(texts, name):
    """So that it needs no declaration: whatever values are beside it, a value is read the same."""
    typed = {"day_in_zone": DAYS.cast(pl.Datetime("us", "UTC")), "start_of_day": DAYS}.get(name, texts)
    expression = EXPRESSIONS[name](pl.col(typed.name), **BESIDES.get(name, {}))
    one_by_one = [typed.gather_every(PARTS, number).to_frame().select(expression) for number in range(PARTS)]
    single = [value.select(expression) for value in typed.head(len(TEXTS)).to_frame().iter_slices(1)]
    assert same_rows(typed.to_frame().select(expression), one_by_one)
    assert same_rows(typed.head(len(TEXTS)).to_frame().select(expression), single)


def test_a_step_that_looks_at_other_rows_is_found_out():
    def ranked(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(rank=pl.col("n").rank().over("key"))

    frame = pl.DataFrame({"key": ["a", "b", None] * 20, "n": range(60)})
    (whole,) = frames_in(ranked(frame))
    for key, is_so in ((ROW, False), ("key", True)):
        known = DeclaredStep(compute=ranked, partition_by=key, needs=(), delivers=())
        parts = [one for (one,) in in_parts(known, {"frame": frame}, PARTS)]
        assert same_rows(whole, parts) is is_so


def test_what_a_step_does_not_deliver_is_told_at_once_by_name():
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
