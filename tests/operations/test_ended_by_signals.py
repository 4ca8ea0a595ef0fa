"""SIGTERM and Ctrl-C at random moments of a run: it ends in ten seconds, tells the truth, and the next one finishes."""

import shutil
import subprocess
import time
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import make_url

from flows.terminal.sandbox_process import sandbox_running
from tests.flows.conftest import CONFIG
from tests.flows.line import Line, warehouse_in
from tests.flows.prefect_server import PrefectServer
from tests.flows.shop import copied_shop, opened_shop, write_deals
from tests.flows.terminal import bantam
from tests.flows.test_crashes import FIRST, MONDAY, SECOND, TUESDAY, differences
from tests.operations.repetitions import repetitions
from tests.operations.signalled import faults, stand_of, tried

pytestmark = pytest.mark.slow

FIRST_DAY, LATER = date(2026, 11, 8), date(2026, 11, 22)


@pytest.fixture(scope="module")
def prefect(tmp_path_factory):
    """One server for all runs, so that more of their moments are those of the run itself."""
    prefect = PrefectServer(tmp_path_factory.mktemp("prefect"))
    with prefect.running():
        yield {"PREFECT_API_URL": prefect.api}


@pytest.fixture(scope="module")
def monday(server, tmp_path_factory):
    """The shop as published on Monday; its file is Tuesday's."""
    line = opened_shop(tmp_path_factory.mktemp("monday") / "shop", FIRST, server)
    line.refresh(MONDAY)
    write_deals(line.config.parent, SECOND)
    return line


def timed(line, as_of, **more):
    began = time.monotonic()
    done = bantam(
        line.home, "run", "--config", str(line.config), "--as-of", as_of.isoformat(), **line.variables, **more
    )
    assert done.code == 0, done.complaint
    return time.monotonic() - began


@pytest.fixture(scope="module")
def tuesday(server, monday, prefect, tmp_path_factory):
    """Tables before and after an undisturbed Tuesday, and how long it takes with a Prefect server at hand."""
    line = copied_shop(monday, tmp_path_factory.mktemp("undisturbed") / "shop", server)
    seconds = timed(line, TUESDAY, **prefect)
    return monday.published(), line.published(), seconds


def check(fresh, as_of, seeds, seconds, before, after, **more):
    """Let run after run of one home be told to end; one that had published leaves the rest to a `fresh` home."""
    line = None
    for seed in seeds:
        line = line or fresh(seed)
        stood = stand_of(line)
        one = tried(line, as_of, seed, seconds, **more)
        assert faults(one, line, stood) == [], one
        if stand_of(line).runs > stood.runs:
            finished(line, after)
            line = None
    if line is not None:
        assert differences(line.published(), before) == []
        line.refresh(as_of)
        finished(line, after)


def finished(line, after):
    assert differences(line.published(), after) == []
    shutil.rmtree(line.home)


@pytest.mark.parametrize("first", range(0, repetitions(20, 60), 10))
def test_a_shop_that_is_refreshed(server, monday, tuesday, prefect, tmp_path, first):
    before, after, seconds = tuesday

    def fresh(seed):
        return copied_shop(monday, tmp_path / str(seed), server)

    check(fresh, TUESDAY, range(first, first + 10), seconds, before, after, **prefect)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    """The shop with a warehouse of its own, which each run starts and stops, as it does Prefect's server."""
    line = opened_shop(tmp_path_factory.mktemp("embedded") / "shop", FIRST)
    line.refresh(MONDAY)
    write_deals(line.config.parent, SECOND)
    folder = tmp_path_factory.mktemp("embedded twin") / "shop"
    twin = replace(line, config=folder / "bantam.yaml", home=folder / "home")
    copied_as_it_is(line.config.parent, folder)
    seconds = timed(twin, TUESDAY)
    return line, line.published(), twin.published(), seconds


def copied_as_it_is(source, target):
    """Copy with owners: as root, the embedded server runs as an account of its own."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


@pytest.mark.parametrize("first", range(100, 100 + repetitions(4, 20), 4))
def test_a_shop_that_starts_everything_itself(embedded, tmp_path, first):
    model, before, after, seconds = embedded

    def fresh(seed):
        folder = tmp_path / str(seed)
        copied_as_it_is(model.config.parent, folder)
        return replace(model, config=folder / "bantam.yaml", home=folder / "home")

    check(fresh, TUESDAY, range(first, first + 4), seconds, before, after)


@pytest.fixture(scope="module")
def company(server, migrated, prefect, tmp_path_factory):
    """A sandbox company two weeks after its first refresh: the refreshed home, and an undisturbed twin's tables."""
    with sandbox_running(150, FIRST_DAY) as sandbox:
        homes = tmp_path_factory.mktemp("homes")
        variables = {**sandbox.environment, **warehouse_in(server, migrated)}
        line = Line(config=CONFIG, home=homes / "shop" / "home", variables=variables)
        line.refresh(FIRST_DAY)
        before = line.published()
        sandbox.advance((LATER - FIRST_DAY).days)
        twin = copied_home(line, homes / "twin", server)
        seconds = timed(twin, LATER, **prefect)
        yield line, before, twin.published(), seconds


def copied_home(line, folder, server):
    shutil.copytree(line.home, folder)
    template = str(make_url(line.variables["BANTAM_WAREHOUSE_URL"]).database)
    return replace(line, home=folder, variables={**line.variables, **warehouse_in(server, template)})


@pytest.mark.parametrize("first", range(200, 200 + repetitions(5, 20), 5))
def test_a_company_in_two_vendors(server, company, prefect, tmp_path, first):
    model, before, after, seconds = company

    def fresh(seed):
        return copied_home(model, tmp_path / str(seed), server)

    check(fresh, LATER, range(first, first + 5), seconds, before, after, **prefect)
