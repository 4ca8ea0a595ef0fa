"""Runs killed with SIGKILL at random moments, 204 the long way: tables end as those of a twin nobody disturbed."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

import psycopg
import pytest
from sqlalchemy import make_url

from flows.terminal.sandbox_process import sandbox_running
from tests.databases import OTHER_SESSIONS, address
from tests.flows.conftest import advance
from tests.flows.line import ROOT, Line, _child, warehouse_in
from tests.flows.shop import CONFIG, HEADER
from tests.flows.terminal import bantam
from tests.operations.keepsakes import differences
from tests.operations.repetitions import repetitions
from tests.processes import exit_code
from tests.waiting import until

pytestmark = pytest.mark.slow

KILLED = -signal.SIGKILL
FIRST_DAY = date(2026, 11, 2)
KILLS_A_DAY = repetitions(10, 17)
STAGES = ("Talking", "Won", "Lost")


@dataclass(slots=True)
class Kills:
    """Seeded moments at which runs are killed, between their start and somewhat after their usual end."""

    chance: random.Random
    usual_seconds: float

    def refresh_until_killed(self, line: Line, as_of: date, times: int) -> list[int]:
        """Start runs until so many of them were killed; all exit codes, 0 of a run that ended before its moment."""
        codes: list[int] = []
        while codes.count(KILLED) < times:
            codes.append(self.refresh(line, as_of))
        return codes

    def refresh(self, line: Line, as_of: date) -> int:
        """Start a run and kill it at a random moment; its exit code, 0 where it had ended before."""
        moment = self.chance.uniform(0, self.usual_seconds * 1.1)

        def kill(process: int) -> None:
            threading.Event().wait(moment)
            # It may have ended by itself.
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

        code = exit_code(_child, line.surroundings(), str(line.config), line.data, as_of, meanwhile=kill)
        if code != KILLED:
            # It was faster than that: what is already published takes less time, as does a machine in a better hour.
            self.usual_seconds = min(self.usual_seconds, moment)
        # The server ends the session of a dead client some moments later, and with it the lock of the run.
        with psycopg.connect(address(make_url(line.variables["BANTAM_WAREHOUSE_URL"])), autocommit=True) as watching:
            until(lambda: watching.execute(OTHER_SESSIONS).fetchone() == (0,))
        return code


def usual_seconds(line: Line, as_of: date) -> float:
    """How long an undisturbed run takes in a process of its own, at this hour, on this machine."""
    # The first child waits for what all are forked from.
    assert exit_code(int) == 0
    began = time.monotonic()
    assert line.refresh_in_a_process(as_of) == 0
    return time.monotonic() - began


def leftovers(line: Line) -> list[str]:
    """Files that killed runs left and the next one should have cleaned."""
    return [path.name for path in line.home.rglob("*") if path.name.startswith(".writing-") or path.suffix == ".part"]


def nothing_is_wrong(line: Line) -> bool:
    """Whether `bantam doctor` says so."""
    ended = bantam(line.home, "doctor", **line.variables)
    return ended.code == 0 and "Nothing is wrong." in ended.out


def deals_of(day: int) -> Iterator[str]:
    """A file of deals on the numbered day: some move, some close, some are new, some are gone."""
    chance = random.Random(day)
    for number in range(40 + 3 * day):
        if (number + day) % 17:
            close = FIRST_DAY + timedelta(days=chance.randrange(-20, 90))
            yield f"{number},Deal {number},{STAGES[(number * 7 + day) % 11 % 3]},{close},{100 * number + day % 5}"


def test_a_shop_whose_runs_are_killed_at_random_moments(server, tmp_path):
    line, twin = (
        Line(config=tmp_path / "bantam.yaml", home=tmp_path / name, variables=warehouse_in(server))
        for name in ("disturbed", "twin")
    )
    line.config.write_text(CONFIG)
    codes, chance = [], random.Random(17)
    for day in range(repetitions(3, 8)):
        as_of = FIRST_DAY + timedelta(days=day)
        (tmp_path / "deals.csv").write_text("\n".join([HEADER, *deals_of(day)]) + "\n")
        kills = Kills(chance, usual_seconds(twin, as_of))
        codes += kills.refresh_until_killed(line, as_of, KILLS_A_DAY)
        report = line.refresh(as_of)
        assert [row["difference"] for row in report["balance"]] == [0]
        assert differences(line.published(), twin.published()) == [], f"day {day}"
        assert leftovers(line) == []
    assert set(codes) <= {0, KILLED}
    assert nothing_is_wrong(line)


def test_a_company_in_two_systems_whose_runs_are_killed_at_random_moments(server, migrated, tmp_path):
    with sandbox_running(120, FIRST_DAY) as sandbox:
        config = ROOT / "examples" / "hubspot_salesforce" / "bantam.yaml"
        line, twin = (
            Line(
                config=config, home=tmp_path / name, variables={**sandbox.environment, **warehouse_in(server, migrated)}
            )
            for name in ("disturbed", "twin")
        )
        codes, chance = [], random.Random(18)
        for week in range(repetitions(2, 4)):
            as_of = FIRST_DAY + timedelta(weeks=week)
            kills = Kills(chance, usual_seconds(twin, as_of))
            codes += kills.refresh_until_killed(line, as_of, KILLS_A_DAY)
            report = line.refresh(as_of)
            assert {row["difference"] for row in report["balance"]} == {0}
            assert differences(line.published(), twin.published()) == [], f"week {week}"
            assert leftovers(line) == []
            advance(sandbox, 7)
        assert nothing_is_wrong(line)
    assert set(codes) <= {0, KILLED}
