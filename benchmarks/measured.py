"""One case, one process: what it took is its own, and what it held is gone when the next one starts."""

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class ServerClock:
    """Processor seconds of the embedded PostgreSQL under `home`: its own, its living and its ended processes'."""

    home: Path

    def seconds(self) -> float:
        """Seconds so far; 0 where the system has no /proc to tell them."""
        if not Path("/proc/self/stat").exists():
            return 0.0
        (file,) = self.home.glob("warehouse/**/postmaster.pid")
        server = file.read_text().splitlines()[0]
        ticks = sum(_ticks(Path("/proc") / server, 11, 15))
        for process in Path(f"/proc/{server}/task/{server}/children").read_text().split():
            ticks += sum(_ticks(Path("/proc") / process, 11, 13))
        return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(process: Path, first: int, last: int) -> list[int]:
    """Fields of a process's `stat`, counted from the one behind its name; none of a process that just ended."""
    try:
        told = (process / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(ticks) for ticks in told.rpartition(")")[2].split()[first:last]]


@dataclass(slots=True)
class Clocks:
    """Seconds by step: by the wall, of our own processor time and of the server's. It stands for a flow's watcher."""

    server: ServerClock
    steps: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; a step taken again adds up. Fourth comes the most memory held until its end, in MiB."""
        began = self._now()
        yield
        taken = [now - then for now, then in zip(self._now(), began, strict=True)]
        known = self.steps.get(name, [0.0, 0.0, 0.0])
        self.steps[name] = [*(one + other for one, other in zip(known, taken, strict=False)), peak_memory()]

    def _now(self) -> list[float]:
        return [time.perf_counter(), time.process_time(), self.server.seconds()]

    def totals(self) -> dict[str, float]:
        """All steps together."""
        wall, own, server = (sum(step[place] for step in self.steps.values()) for place in range(3))
        return {"wall": wall, "cpu": own + server, "peak_mib": peak_memory()}


def peak_memory() -> int:
    """The most memory this process ever held, in MiB; other processes, such as the database server, apart."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not `ru_maxrss`, which begins at the parent's: it survives the start of another program.
        (held,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)
        return int(held) * 1024 // MIB
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // MIB


def run_case(module: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m benchmarks.<module>` and read the figures it prints as JSON on its last line."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, env=quiet())
    if ended.returncode:
        raise SystemExit(f"benchmarks.{module} ended with {ended.returncode}; what it said stands above.")
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def quiet() -> Mapping[str, str]:
    """The environment of a case: third parties are told nothing."""
    return {
        **os.environ,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "ERROR",
        # As `flows.terminal.command_line` sets it.
        "_RJEM_MALLOC_CONF": "dirty_decay_ms:100,muzzy_decay_ms:0",
    }


def tell(figures: Mapping[str, Any]) -> None:
    """Print the figures of a case for `run_case`."""
    print(json.dumps(figures))
