"""`python -m benchmarks`: how fast and how heavy, as ratios within one run on one machine."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.company import Sizes, land_base, land_copies
from benchmarks.growth import growth
from benchmarks.measured import ROOT, run_case
from benchmarks.table import Row, machine, show, steps

HELP = "import sys; sys.argv[1:] = ['--help']; from flows.terminal.command_line import main; main()"
ATTEMPTS = 3


def main() -> None:
    """Measure all cases and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--people", type=int, default=1_000_000, help="person records; as many tasks, a fifth of deals; 0: none"
    )
    parser.add_argument("--pulled", type=int, default=20_000, help="people of the sandbox that is pulled from")
    parser.add_argument(
        "--growth", type=int, nargs=2, default=(300_000, 3_000_000), metavar=("SMALL", "LARGE"),
        help="person records of two companies whose seconds a person are compared; 3,000,000 take 20 GB; 0 0: none",
    )  # fmt: skip
    parser.add_argument("--folder", type=Path, default=None, help="where to work; a temporary folder if not given")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bantam-bench-", dir=asked.folder) as folder:
        rows = _measured(Path(folder), asked.people, asked.pulled) if asked.people else []
        rows += growth(Path(folder) / "growth", asked.growth, _tell) if all(asked.growth) else []
    print(machine())
    show(rows)


def _measured(folder: Path, people: int, pulled: int) -> list[Row]:
    home = folder / "large"
    _tell(f"generating {people:,} person records")
    land_base(folder / "base")
    landed = land_copies(folder / "base", home, Sizes(people=people, deals=people // 5, tasks=people))
    _tell(f"landed {sum(landed.values()):,} records; refreshing")
    first = run_case("refresh", str(home))
    _tell("the floor")
    floor = run_case("floor", str(home))
    _tell("refreshing again")
    again = run_case("refresh", str(home))
    _tell("extracting")
    extracted = run_case("extraction", str(folder / "pulled"), str(pulled))
    for line in steps({"refresh": first, "floor": floor, "again": again}):
        print(line)
    return [*_refreshed(first, floor), *_unchanged(first, again), *_extracted(extracted), _help()]


def _refreshed(first: Mapping[str, Any], floor: Mapping[str, Any]) -> list[Row]:
    return [
        Row("refresh / floor, processor seconds", f"{first['cpu'] / floor['cpu']:.1f} x", "4 x"),
        Row("refresh / floor, seconds by the wall", f"{first['wall'] / floor['wall']:.1f} x", "4 x"),
        Row("refresh, most memory of our process", f"{first['peak_mib'] / 1024:.1f} GiB", "3 GiB"),
        Row("landed records a second, by the wall", f"{floor['records'] / first['wall']:,.0f}", ""),
    ]


def _unchanged(first: Mapping[str, Any], again: Mapping[str, Any]) -> list[Row]:
    return [
        Row("refresh in which nothing changed, rows written", f"{again['written']:,}", "0"),
        Row("  its seconds by the wall / the first's", f"{again['wall'] / first['wall']:.2f} x", ""),
    ]


def _extracted(extracted: Mapping[str, Any]) -> list[Row]:
    return [
        Row("extraction, rows a second", f"{extracted['rows'] / extracted['wall']:,.0f}", "10,000"),
        Row("extraction, rows a processor second of ours", f"{extracted['rows'] / extracted['cpu']:,.0f}", ""),
        Row("extraction, most memory", f"{extracted['peak_mib']:,} MiB", "300 MiB"),
    ]


def _help() -> Row:
    taken = []
    for _ in range(ATTEMPTS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", HELP], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=os.environ)
        taken.append(time.perf_counter() - began)
    return Row("bantam --help, the best of three", f"{min(taken):.2f} s", "0.5 s")


def _tell(what: str) -> None:
    sys.stderr.write(f"{what} ...\n")


if __name__ == "__main__":
    main()
