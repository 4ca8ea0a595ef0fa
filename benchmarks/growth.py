"""Growth: whether time grows with the people and no faster, in seconds a person record."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.company import PEOPLE, Sizes, land_base, land_copies
from benchmarks.measured import run_case
from benchmarks.table import Row, steps

# Copies are numbered with two digits: 3,000,000 person records are 57 copies of this many people of the sandbox.
_BASE_PEOPLE = 40_000
_COMPUTING = "computing and staging"
_TARGET = "1.2 x"


def growth(folder: Path, sizes: Sequence[int], say: Callable[[str], None]) -> list[Row]:
    """Refresh a company of each of the two sizes from an empty home, and compare what a person record took."""
    land_base(folder / "base", _BASE_PEOPLE)
    small, large = (_refreshed(folder, size, say) for size in sizes)
    for line in steps({f"{size:,}": case for size, case in zip(sizes, (small, large), strict=True)}):
        print(line)
    named = f"of {sizes[1]:,} / {sizes[0]:,}"
    return [
        Row(f"seconds a person {named}, processors", _ratio(small, large, lambda case: case["cpu"]), _TARGET),
        Row("  the same, by the wall", _ratio(small, large, lambda case: case["wall"]), ""),
        Row("  the same, processors, computing alone", _ratio(small, large, _computing), _TARGET),
        Row(f"refresh of {sizes[1]:,}, most memory", f"{large['peak_mib'] / 1024:.1f} GiB", ""),
    ]


def _refreshed(folder: Path, size: int, say: Callable[[str], None]) -> Mapping[str, Any]:
    home = folder / f"of {size}"
    say(f"generating {size:,} person records")
    landed = land_copies(folder / "base", home, Sizes(people=size, deals=size // 5, tasks=size))
    say(f"landed {sum(landed.values()):,} records; refreshing")
    figures = run_case("refresh", str(home))
    shutil.rmtree(home)
    return {**figures, "people": sum(landed[stream] for stream in PEOPLE)}


def _computing(case: Mapping[str, Any]) -> float:
    _, own, server, _ = case["steps"][_COMPUTING]
    return float(own + server)


def _ratio(small: Mapping[str, Any], large: Mapping[str, Any], seconds: Callable[[Mapping[str, Any]], float]) -> str:
    one, other = (seconds(case) / case["people"] for case in (small, large))
    return f"{other / one:.2f} x"
