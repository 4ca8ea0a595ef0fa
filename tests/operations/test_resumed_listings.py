"""Runs killed at any page, of a first listing, of changes and of everything again: at most one page is asked twice."""

import random
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from definitions.errors import TransformError
from flows.terminal.sandbox_process import RunningSandbox, sandbox_running
from tests.flows.conftest import CONFIG, advance
from tests.flows.line import Line, warehouse_in
from tests.flows.terminal import bantam
from tests.operations.keepsakes import Kept, differences, kept, restored
from tests.operations.repetitions import repetitions
from tests.recording_proxy import Kill, RecordingProxy, recording_proxy

pytestmark = pytest.mark.slow

PEOPLE, FIRST = 500, date(2026, 11, 23)
SECOND = FIRST + timedelta(7)
KILLED = -signal.SIGKILL
PLACES = repetitions(5, 40)
# HubSpot gives as few as asked for, the imitation of Salesforce at least two hundred.
SMALL_PAGES = (
    CONFIG.read_text()
    .replace("kind: hubspot\n", "kind: hubspot\n    page_size: 20\n")
    .replace("kind: salesforce\n", "kind: salesforce\n    page_size: 200\n")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calm:
    """What an undisturbed run asked for, by stream, and what it published."""

    pages: Counter
    tables: dict

    def places(self) -> Iterator[Kill]:
        """Pages at which a run is killed, spread over all; every other one is answered first."""
        total = sum(self.pages.values())
        for number in range(PLACES):
            yield Kill(page=1 + number * (total - 1) // (PLACES - 1), is_answered=number % 2 == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The imitations behind a relay, and a line that has met them once."""

    sandbox: RunningSandbox
    line: Line
    proxy: RecordingProxy
    first: Calm
    home: Kept


def asked(proxy, run) -> Calm:
    proxy.counts()
    line = run()
    return Calm(pages=proxy.counts(), tables=line.published())


@pytest.fixture(scope="module")
def company(server, migrated, tmp_path_factory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("company")
    (folder / "bantam.yaml").write_text(SMALL_PAGES)
    with sandbox_running(PEOPLE, FIRST) as sandbox, recording_proxy(sandbox.base_url) as proxy:
        urls = {"HUBSPOT_URL": proxy.url, "SALESFORCE_URL": proxy.url}
        variables = {**sandbox.environment, **urls, **warehouse_in(server, migrated)}
        line = Line(config=folder / "bantam.yaml", home=folder / "home", variables=variables)
        first = asked(proxy, lambda: refreshed(line, FIRST))
        yield Company(sandbox=sandbox, line=line, proxy=proxy, first=first, home=kept(line, folder / "first", server))


@pytest.fixture(scope="module")
def week_later(company) -> None:
    advance(company.sandbox, 7)


def refreshed(line, day, **how) -> Line:
    line.refresh(day, **how)
    return line


def killed(line, day, proxy, kill, **how) -> int:
    """Run until the kill; the code the process ended with."""

    def arm(process) -> None:
        kill.process = process
        proxy.kill = kill

    return line.refresh_in_a_process(day, meanwhile=arm, **how)


def one_page_at_most(before: Counter, calm: Counter, kills: int = 1) -> None:
    """The streams were pulled one after the other, so that each kill costs one page of one of them."""
    more = {stream: before[stream] - calm[stream] for stream in before | calm}
    assert min(more.values()) >= 0, more
    assert sum(more.values()) <= kills, more


def test_a_first_listing_that_is_killed_at_any_page(company, server, migrated, tmp_path):
    calm, proxy = company.first, company.proxy
    assert sum(calm.pages.values()) > 50
    for number, kill in enumerate(calm.places()):
        variables = {**company.line.variables, **warehouse_in(server, migrated)}
        line = replace(company.line, home=tmp_path / str(number), variables=variables)
        proxy.counts()
        assert killed(line, FIRST, proxy, kill) == KILLED
        report = line.refresh(FIRST)
        one_page_at_most(proxy.counts(), calm.pages)
        assert differences(line.published(), calm.tables) == []
        assert {row["difference"] for row in report["balance"]} == {0}


@pytest.mark.parametrize("point", ["transform.mid", "audit.after_pass", "publish.before_commit"])
def test_a_run_that_is_killed_when_all_is_pulled_has_nothing_asked_again(company, server, migrated, tmp_path, point):
    variables = {**company.line.variables, **warehouse_in(server, migrated)}
    line = replace(company.line, home=tmp_path / "home", variables=variables)
    company.proxy.counts()
    assert line.refresh_in_a_process(FIRST, point) == KILLED
    assert company.proxy.counts() == company.first.pages
    line.refresh(FIRST)
    assert company.proxy.counts() == Counter()
    assert differences(line.published(), company.first.tables) == []


def test_a_run_that_is_refused_has_everything_asked_again(company, server, migrated, tmp_path):
    """What it listed may be what it was refused for, and may have been corrected since."""
    config = tmp_path / "bantam.yaml"
    unmapped = SMALL_PAGES.replace("appointmentscheduled:", "no_such_stage:")
    config.write_text(f"unreadable_ceiling: 0\n{unmapped}")
    variables = {**company.line.variables, **warehouse_in(server, migrated)}
    line = replace(company.line, config=config, home=tmp_path / "home", variables=variables)
    with pytest.raises(TransformError, match="appointmentscheduled"):
        line.refresh(FIRST)
    config.write_text(SMALL_PAGES)
    company.proxy.counts()
    line.refresh(FIRST)
    assert company.proxy.counts() == company.first.pages
    assert differences(line.published(), company.first.tables) == []


def test_a_page_that_the_source_no_longer_knows_begins_its_listing_anew(company, server, migrated, tmp_path):
    calm, proxy = company.first, company.proxy
    variables = {**company.line.variables, **warehouse_in(server, migrated)}
    line = replace(company.line, home=tmp_path / "home", variables=variables)
    proxy.counts()
    assert killed(line, FIRST, proxy, Kill(page=20, is_answered=True)) == KILLED
    refused: list[str] = []

    def is_expired(path: str) -> bool:
        if "after=" in path and not refused:
            refused.append(path)
            return True
        return False

    proxy.is_expired = is_expired
    report = line.refresh(FIRST)
    proxy.is_expired = lambda _path: False
    assert len(refused) == 1
    notes = [note for stream in report["streams"] for note in stream["notes"]]
    assert ["had stopped; it was listed anew" in note for note in notes].count(True) == 1
    assert differences(line.published(), calm.tables) == []


@pytest.mark.parametrize("full", [False, True], ids=["of changes", "of everything again"])
@pytest.mark.usefixtures("week_later")
def test_a_later_listing_that_is_killed_at_any_page(company, server, tmp_path, full):
    proxy = company.proxy

    def met_once(name) -> Line:
        return restored(company.line, tmp_path / name, server, home=company.home, warehouse=company.home.warehouse)

    calm = asked(proxy, lambda: refreshed(met_once("calm"), SECOND, full=full))
    for number, kill in enumerate(calm.places()):
        line = met_once(str(number))
        proxy.counts()
        assert killed(line, SECOND, proxy, kill, full=full) == KILLED
        line.refresh(SECOND, full=full)
        one_page_at_most(proxy.counts(), calm.pages)
        assert differences(line.published(), calm.tables) == []


@pytest.mark.usefixtures("week_later")
def test_commands_that_pull_all_streams_at_once_are_killed_one_after_the_other(company, server, tmp_path):
    """Each kill costs at most one page of each stream."""
    proxy, chance = company.proxy, random.Random(5)
    calm, line = (
        restored(company.line, tmp_path / name, server, home=company.home, warehouse=company.home.warehouse)
        for name in ("calm", "line")
    )
    expected = asked(proxy, lambda: refreshed(calm, SECOND, full=True))
    command = ("run", "--config", str(line.config), "--as-of", SECOND.isoformat(), "--full", "--quiet")
    codes: list[int] = []
    while 0 not in codes:
        proxy.kill = kill = Kill(page=chance.randrange(4, 14), is_answered=chance.random() < 0.5)

        def arm(process: int, kill: Kill = kill) -> None:
            kill.process = process

        codes.append(bantam(line.home, *command, meanwhile=arm, **line.variables).code)
    assert set(codes) == {0, KILLED}
    assert len(codes) > 3
    more = {stream: count - expected.pages[stream] for stream, count in proxy.counts().items()}
    assert max(more.values()) < len(codes), more
    assert differences(line.published(), expected.tables) == []
