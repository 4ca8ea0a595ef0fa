"""Verification of landing, states, cursors and warehouse against each other; nothing is changed, not even mended."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.landing.history import LandedRun, damage_of_page, landed_runs
from connectors.landing.reader import MANIFEST, LandedPage, ask_again
from connectors.landing.writer import Landing
from definitions.errors import ConfigurationError
from flows.home.binding import BOUND, bound_to
from flows.home.coverage import covering_run, needed_runs
from flows.home.folders import Home
from flows.home.state_files import damage_of_state, intact_version, run_of, state_path
from warehouse.read import lookups
from warehouse.read import published as reads

_PUT_ASIDE = (
    "the next run puts it aside and asks the source again; of a file that adds to others (complete: false) it asks"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and what the remedy is and does."""

    what: str
    remedy: str


@dataclass(slots=True)
class Check:
    """One thing that was looked at: how many there are, and what is wrong."""

    what: str
    checked: int = 0
    faults: list[Fault] = field(default_factory=list)

    def wrong(self, what: str, remedy: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(what, remedy))


@dataclass(frozen=True, slots=True)
class _Named:
    """What the warehouse says of one stream."""

    cursor: Mapping[str, Any] | None
    version: str | None


def examine(home: Home, engine: sa.Engine | None, *, quick: bool, progress: Callable[[int, int], None]) -> list[Check]:
    """All checks, in the order in which a remedy may need another.

    `engine` is null where there is no warehouse that can be read. With `quick` files are looked for and not read.
    `progress` is told bytes read and bytes in all. Raises `ConfigurationError` where the home is another account's.
    """
    named = {} if engine is None else _named(engine)
    places = sorted({*named, *_places(home.root / "landing"), *_places(home.root / "state")})
    landing = Landing(home.root / "landing")
    runs = {place: landed_runs(landing, *place) for place in places}
    damaged = _damaged(runs, quick=quick, progress=progress)
    return [
        _home(home, engine),
        _manifests(runs),
        _pages(home, runs, damaged, named),
        _coverage(runs, named),
        _states(home, runs, damaged, named),
        *([] if engine is None else _warehouse(engine, named, quick=quick)),
    ]


def _named(engine: sa.Engine) -> dict[tuple[str, str], _Named]:
    return {
        (row["source_system"], row["stream"]): _Named(
            None if row["cursor"] is None else json.loads(row["cursor"]), row["state_version"]
        )
        for row in reads.cursors(engine).to_dicts()
    }


def _places(folder: Path) -> Iterator[tuple[str, str]]:
    return ((path.parent.name, path.name) for path in folder.glob("*/*") if path.is_dir())


def _home(home: Home, engine: sa.Engine | None) -> Check:
    check = Check("home, and the warehouse it belongs to", 1)
    bound = bound_to(home)
    if engine is None:
        if bound is not None:
            check.wrong(
                f"{home.root} belongs to warehouse {bound}, which is not there",
                "restore it from a backup; else the next run fills an empty one from landing, and since when classes "
                "and issues stand is lost",
            )
    elif bound not in {None, reads.warehouse_id(engine)}:
        check.wrong(
            f"{home.root} belongs to another warehouse, {bound}",
            f"set BANTAM_HOME or BANTAM_WAREHOUSE_URL to the other's; or remove {home.root / BOUND} to bind it anew",
        )
    return check


def _manifests(runs: Mapping[tuple[str, str], Sequence[LandedRun]]) -> Check:
    check = Check("manifests of landing")
    for place, landed in runs.items():
        check.checked += len(landed)
        for run in landed:
            if run.is_manifest_damaged:
                check.wrong(f"{run.folder / MANIFEST}: a line is damaged", _remedy(place))
    return check


def _remedy(place: tuple[str, str]) -> str:
    return f"restore the file from a backup; or `{ask_again(place[0])}`, after which it is not needed"


Damaged = Mapping[tuple[str, str], Sequence[tuple[LandedPage, Path, str]]]


def _damaged(
    runs: Mapping[tuple[str, str], Sequence[LandedRun]], *, quick: bool, progress: Callable[[int, int], None]
) -> Damaged:
    total = sum(page.bytes for landed in runs.values() for run in landed for page in run.pages)
    done, found = 0, {}
    for place, landed in runs.items():
        bad = []
        for page in (page for run in landed for page in run.pages):
            damage = _missing(page) if quick else damage_of_page(page)
            done += page.bytes
            progress(done, total)
            if damage is not None:
                bad.append((page, *damage))
        found[place] = bad
    return found


def _missing(page: LandedPage) -> tuple[Path, str] | None:
    """Whether a file of a page is missing or of another length, which is seen without reading it."""
    for path in filter(None, (page.path, page.rejected_path)):
        if not path.exists():
            return path, "is missing"
    if page.path is not None and page.path.stat().st_size != page.bytes:
        return page.path, "is not as long as it was landed"
    return None


def _pages(
    home: Home,
    runs: Mapping[tuple[str, str], Sequence[LandedRun]],
    damaged: Damaged,
    named: Mapping[tuple[str, str], _Named],
) -> Check:
    check = Check("pages of landing", sum(len(run.pages) for landed in runs.values() for run in landed))
    for place, bad in damaged.items():
        one = named.get(place, _Named(None, None))
        covering = covering_run(one.cursor, one.version)
        needed = None if one.version is None else needed_runs(_until(runs[place], one), one.cursor, one.version)
        for page, path, reason in bad:
            if covering is None or page.run_id > covering:
                remedy = _PUT_ASIDE
            elif needed is not None and page.run_id not in needed:
                remedy = "none is needed: it holds only what the source no longer tells"
            elif one.version is not None and intact_version(home.root / "state", *place, one.version):
                remedy = f"none is needed while the state is whole; `{ask_again(place[0])}` makes landing whole again"
            else:
                remedy = _remedy(place)
            check.wrong(f"{path} {reason}", remedy)
    return check


def _until(runs: Sequence[LandedRun], one: _Named) -> list[LandedRun]:
    """Runs that the cursor and the state of a stream can be made of."""
    last = max(covering_run(one.cursor, one.version) or "", run_of(one.version) or "")
    return [run for run in runs if run.run_id <= last]


def _coverage(runs: Mapping[tuple[str, str], Sequence[LandedRun]], named: Mapping[tuple[str, str], _Named]) -> Check:
    check = Check("cursors that landing covers")
    for place, one in named.items():
        if one.version is None:
            continue
        check.checked += 1
        if needed_runs(_until(runs.get(place, ()), one), one.cursor, one.version) is None:
            check.wrong(
                f"{'.'.join(place)}: landing lacks what was pulled up to run {covering_run(one.cursor, one.version)}",
                f"restore landing from a newer backup; or `{ask_again(place[0])}`, after which landing covers it again",
            )
    return check


def _states(
    home: Home,
    runs: Mapping[tuple[str, str], Sequence[LandedRun]],
    damaged: Damaged,
    named: Mapping[tuple[str, str], _Named],
) -> Check:
    folder, check = home.root / "state", Check("states")
    for place, one in named.items():
        if one.version is None:
            continue
        check.checked += 1
        if intact_version(folder, *place, one.version) is None:
            path = state_path(folder, *place, one.version)
            check.wrong(f"{path} {damage_of_state(path)}", _remedy_of_state(place, one, runs, damaged))
    in_use = {state_path(folder, *place, one.version) for place, one in named.items() if one.version is not None}
    for path in sorted(set(folder.glob("*/*/*.parquet")) - in_use):
        check.checked += 1
        if (damage := damage_of_state(path)) is not None:
            check.wrong(f"{path} {damage}", "none is needed: an older state, which later publications remove")
    return check


def _remedy_of_state(
    place: tuple[str, str],
    one: _Named,
    runs: Mapping[tuple[str, str], Sequence[LandedRun]],
    damaged: Damaged,
) -> str:
    landed = _until(runs.get(place, ()), one)
    needed = needed_runs(landed, one.cursor, one.version or "")
    if needed is not None and not any(page.run_id in needed for page, _, _ in damaged.get(place, ())):
        return "the next run makes it again from landing, the same rows"
    if needed is None and not any(run.run_id == covering_run(one.cursor, one.version) for run in landed):
        if older := [run for run in landed if run.cursor is not None]:
            return f"the next run makes it from landing up to {older[-1].run_id}, and asks the source from there on"
        return f"restore landing from a backup; or `{ask_again(place[0])}` starts the stream anew"
    return f"restore the damaged pages from a backup; or `{ask_again(place[0])}` starts the stream anew"


def _warehouse(engine: sa.Engine, named: Mapping[tuple[str, str], _Named], *, quick: bool) -> list[Check]:
    published = reads.published_run_ids(engine)
    cursors = Check("cursors of published runs", len(named))
    for place, one in named.items():
        for run in {run_of(one.version), covering_run(one.cursor, one.version)} - {None, *published}:
            cursors.wrong(
                f"{'.'.join(place)}: run {run} is not among the published ones",
                f"`{ask_again(place[0])}` starts the stream anew",
            )
    balance = Check("balance of the last run")
    status = lookups.status(engine)
    for row in status.conservation.to_dicts():
        balance.checked += 1
        if row["difference"]:
            balance.wrong(f"{row['source_system']}.{row['stream']}: differs by {row['difference']}", "report it")
    if quick:
        return [cursors, balance]
    rows = Check("published rows, each of a published run")
    for table, (count, strange) in lookups.rows_of_unpublished_runs(engine).items():
        rows.checked += count
        if strange:
            rows.wrong(
                f"curated.{table}: {strange:,} rows of runs that were never published",
                "restore the warehouse from a backup; the next run rewrites rows whose content differs",
            )
    return [cursors, balance, rows]


def refuse_other_account(home: Home) -> None:
    """Raise `ConfigurationError` where there is no home, or it is another account's."""
    if not home.root.is_dir():
        raise ConfigurationError(f"{home.root}: there is no home here. Set BANTAM_HOME to the one to examine.")
    home.made()
