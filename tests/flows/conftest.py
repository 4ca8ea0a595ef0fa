"""Two weeks of a synthetic company, lived once for all tests of a file, and a server for databases of their own."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
import polars as pl
import pytest

from flows.run.run_report import Report
from flows.terminal.sandbox_process import RunningSandbox, sandbox_running
from tests.flows.line import ROOT, Computed, Line, assembled, begun, pulled, warehouse_in
from warehouse.embedded.server import EmbeddedServer

PEOPLE = 400
FIRST_DAY, WEEKS_LATER, MUCH_LATER = date(2026, 11, 22), date(2026, 12, 6), date(2027, 8, 1)
CONFIG = ROOT / "examples" / "hubspot_salesforce" / "bantam.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How things stood after a run: report, curated tables, cursors, and requests that it cost the sources."""

    report: Report
    tables: Mapping[str, pl.DataFrame]
    cursors: list[tuple[Any, ...]]
    requests: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A home that lived with the company for two weeks, and a fresh one that met it at the end.

    `changed` names the records that the weeks touched, by table of the company and kind of change. `one_source` is what
    the fresh home would publish after asking only Salesforce, and what that cost.
    """

    line: Line
    fresh_line: Line
    sandbox: RunningSandbox
    first: Stand
    again: Stand
    after: Stand
    fresh: Stand
    one_source: tuple[Computed, Mapping[str, int]]
    changed: Mapping[str, Mapping[str, list[str]]]


@pytest.fixture(scope="session")
def lived(server: EmbeddedServer, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with sandbox_running(PEOPLE, FIRST_DAY) as sandbox:
        homes = tmp_path_factory.mktemp("homes")
        line, fresh_line = (
            Line(config=CONFIG, home=homes / name, variables={**sandbox.environment, **warehouse_in(server, migrated)})
            for name in ("incremental", "fresh")
        )
        first = stand(line, lambda: line.refresh(FIRST_DAY), sandbox)
        again = stand(line, lambda: line.refresh(FIRST_DAY), sandbox)
        changed = advance(sandbox, (WEEKS_LATER - FIRST_DAY).days)
        yield Lived(
            line=line,
            fresh_line=fresh_line,
            sandbox=sandbox,
            first=first,
            again=again,
            after=stand(line, lambda: line.refresh(WEEKS_LATER), sandbox),
            fresh=stand(fresh_line, lambda: fresh_line.refresh(WEEKS_LATER), sandbox),
            one_source=asking_one(fresh_line, "salesforce", sandbox),
            changed=changed,
        )


@pytest.fixture(scope="session")
def much_later(lived: Lived) -> Stand:
    """The first home, assessed again as of a later day."""
    return stand(lived.line, lambda: lived.line.reclassify(MUCH_LATER), lived.sandbox)


def advance(sandbox: RunningSandbox, days: int) -> Mapping[str, Mapping[str, list[str]]]:
    """Let the company live on; what it changed, by table, kind of change and id."""
    answer = httpx.post(f"{sandbox.base_url}/_sandbox/advance", json={"days": days, "ids": True}, timeout=60)
    changes: Mapping[str, Mapping[str, list[str]]] = answer.raise_for_status().json()["changes"]
    return changes


def asking_one(line: Line, source: str, sandbox: RunningSandbox) -> tuple[Computed, Mapping[str, int]]:
    before = requests(sandbox)
    with line.opened(WEEKS_LATER, sources=[source]) as (job, engine):
        run = begun(job, engine)
        tables = assembled(run, pulled(run))
    return tables, {name: count - before[name] for name, count in requests(sandbox).items()}


def stand(line: Line, run: Callable[[], Report], sandbox: RunningSandbox) -> Stand:
    before = requests(sandbox)
    report = run()
    cursors = line.ask("SELECT source_system, stream, cursor::text, state_version FROM ops.cursor ORDER BY 1, 2")
    asked = {name: count - before[name] for name, count in requests(sandbox).items()}
    return Stand(report=report, tables=line.published(), cursors=cursors, requests=asked)


def requests(sandbox: RunningSandbox) -> dict[str, int]:
    told: dict[str, int] = httpx.get(f"{sandbox.base_url}/_sandbox/requests").raise_for_status().json()
    return {"hubspot": 0, "salesforce": 0, "total": 0, **told}
