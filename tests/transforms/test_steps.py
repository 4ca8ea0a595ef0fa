"""Steps do what they declare: computed in one part and in seven they give the same rows.

They are called as a run over a generated company calls them, two weeks after its first, and one over files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from definitions.published_state import PublishedState
from flows.run.read_records import read_records
from flows.run.request import read_request
from flows.terminal.sandbox_process import sandbox_running
from tests.flows.conftest import CONFIG, FIRST_DAY, WEEKS_LATER, advance
from tests.flows.excerpts import write_maven
from tests.flows.line import ROOT, computed, detached, environment, pulled
from tests.transforms.small_company import nothing_before
from tests.transforms.step_calls import Recorder, frames_in, in_parts, same_rows, split_rows
from tests.transforms.test_step_declarations import PARTS
from transforms.conform.conformed import nothing_quarantined
from transforms.conform.raw import decoded
from transforms.state.versions import parsed_versions, with_flag_of_text
from transforms.step import ALL, STEPS

pytestmark = pytest.mark.slow
SPLIT = sorted(name for name, known in STEPS.items() if known.partition_by != ALL and name.startswith("transforms."))


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    recorder = Recorder({STEPS[name].compute.__code__: name for name in SPLIT})
    home, files = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("files")
    with sandbox_running(300, FIRST_DAY) as sandbox, environment({**sandbox.environment, "BANTAM_HOME": str(home)}):
        first = run(CONFIG, FIRST_DAY)
        advance(sandbox, (WEEKS_LATER - FIRST_DAY).days)
        with recorder.watching():
            run(CONFIG, WEEKS_LATER, first)
    with environment({"BANTAM_HOME": str(files)}), recorder.watching():
        data = write_maven(tmp_path_factory.mktemp("data"))
        run(ROOT / "examples" / "maven_crm" / "bantam.yaml", FIRST_DAY, data=data)
    with recorder.watching():
        for call in recorder.calls("transforms.state.versions.parsed_versions"):
            if call["envelope"].flag is not None:
                # As a state from before flags were kept is read.
                with_flag_of_text(parsed_versions(**call), call["envelope"])
        for call in recorder.calls("transforms.conform.records.decoded_records"):
            # Only merges are read so, and of them there are few.
            decoded(call["state"], pl.Struct({"id": pl.String}))
    return recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run computed, and what it would publish of its streams for the next one."""

    run_id: str
    tables: Mapping[str, pl.DataFrame]
    cursors: Mapping[tuple[str, str], Mapping[str, Any]]
    versions: Mapping[tuple[str, str], str | None]


def run(config: Path, as_of: date, last: Ran | None = None, data: Path | None = None) -> Ran:
    """Land, compact and compute; all is listed anew, on top of what the last run left."""
    job = read_request(str(config), data=data and str(data), as_of=as_of, sources=None, full=True, audits=False)
    run_id = "000001-20261122T000000Z" if last is None else "000002-20261206T000000Z"
    run = detached(job, run_id, nothing_before() if last is None else published(last))
    pulls = pulled(run)
    records, states = read_records(run, pulls)
    return Ran(
        run_id=run_id,
        tables=computed(run, records).tables,
        cursors={(source, one.stream): one.cursor for source, one in pulls},
        versions={(state.source, state.stream): state.version for state in states},
    )


def published(last: Ran) -> PublishedState:
    tables = last.tables
    told = {"person": "lifecycle_class", "opportunity": "pipeline_class"}
    table_of = {"person": tables["dim_person"], "opportunity": tables["fct_opportunity"]}
    return PublishedState(
        last_run_id=last.run_id,
        run_ids=frozenset({last.run_id}),
        cursors=last.cursors,
        state_versions=last.versions,
        rejected=nothing_quarantined(),
        classes={
            kind: table_of[kind].select(f"{kind}_id", column, f"{column}_since").rename(
                {f"{kind}_id": "record_id", column: "class", f"{column}_since": "class_since"}
            )
            for kind, column in told.items()
        },
        issues=tables["fct_hygiene_issue"].lazy(),
        snapshots=tables["fct_opportunity_daily_snapshot"],
    )  # fmt: skip


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
