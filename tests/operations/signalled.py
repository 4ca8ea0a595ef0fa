"""A `bantam run` that is sent a signal at a chosen moment, and what it came to."""

import json
import os
import random
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from tests.flows.line import Line
from tests.flows.terminal import Ended, bantam

CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One run: which signal, how many seconds after its start, and how many seconds from then to its end."""

    number: signal.Signals
    after: float
    seconds: float
    ended: Ended


def tried(line: Line, as_of: date, seed: int, longest: float, **more: str) -> Try:
    """Run in a process of its own, and send a signal at a moment that the seed chooses; `longest` is a run's time."""
    chance = random.Random(seed)
    number = chance.choice([signal.SIGTERM, signal.SIGINT])
    after = chance.uniform(0.0, longest)
    sent: list[float] = []

    def send(process: int) -> None:
        threading.Event().wait(after)
        sent.append(time.monotonic())
        # It may have ended before.
        with suppress(ProcessLookupError):
            os.kill(process, number)

    command = ("run", "--config", str(line.config), "--as-of", as_of.isoformat(), "--quiet")
    ended = bantam(line.home, *command, meanwhile=send, **{**line.variables, **more})
    seconds = time.monotonic() - sent[0]
    return Try(number=number, after=after, seconds=seconds, ended=ended)


@dataclass(frozen=True, slots=True)
class Stand:
    """How many runs the warehouse has, and how many reports the home."""

    runs: int
    reports: int


def stand_of(line: Line) -> Stand:
    """Count both now."""
    runs = line.ask("SELECT count(*) FROM ops.run")[0][0] if is_migrated(line) else 0
    return Stand(runs, len([*(line.home / "reports").glob("*.json")]))


def faults(one: Try, line: Line, before: Stand) -> list[str]:
    """What a try did other than promised; empty where it kept every promise."""
    if one.ended.code == 0:
        # It had ended before, or was about to write its last line.
        return [] if one.seconds < 2 else [f"went on for {one.seconds:.1f} s as if nothing had been said"]
    lines = one.ended.complaint.splitlines()
    last = lines[-1] if lines else ""
    found = []
    if one.ended.code != CODES[one.number]:
        found.append(f"exit code {one.ended.code}")
    if one.seconds > 10:
        found.append(f"ended after {one.seconds:.1f} s")
    if len([each for each in lines if each.startswith("bantam: ")]) != 1 or not last.startswith("bantam: "):
        found.append(f"wrote {lines}")
    after = stand_of(line)
    says_published = " was published: its tables stand" in last
    if says_published != (after.runs == before.runs + 1):
        found.append(f"says {last!r} and has published {after.runs - before.runs} runs")
    reports = [json.loads(path.read_text()) for path in (line.home / "reports").glob("*.json")]
    newest = max(reports, key=lambda report: report["started_at"], default=None)
    # A run that does not know its home yet leaves no report.
    if newest is not None and after.reports > before.reports and newest.get("exit_code") not in (CODES[one.number], 0):
        found.append(f"reported {newest['status']} with {newest['exit_code']}")
    return found


def is_migrated(line: Line) -> bool:
    return line.ask("SELECT to_regclass('ops.run') IS NOT NULL")[0][0]
