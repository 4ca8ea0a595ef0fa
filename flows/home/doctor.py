"""Verification of landing, states, cursors and warehouse against each other, without changing anything."""

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
from flows.erasure.erased_keys import pending, read_erasures
from flows.home.binding import BOUND, bound_to
from flows.home.coverage import covering_run, needed_runs
from flows.home.folders import Home
from flows.home.state_files import damage_of_state, intact_version, run_of, state_path
from warehouse.read import lookups
from warehouse.read import published as reads

_REMEDY_OF_UNCOVERED = (
    "the next run puts it aside and asks the source again; of a file that adds to others (complete: false) it asks"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Fault, and its remedy."""

    what: str
    remedy: str


@dataclass(slots=True)
class Check:
    """One kind of object that was verified: number of objects, and faults."""

    what: str
    checked: int = 0
    faults: list[Fault] = field(default_factory=list)

    def wrong(self, what: str, remedy: str) -> None:
        """Add a fault."""
        self.faults.append(Fault(what, remedy))


@dataclass(frozen=True, slots=True)
class _StreamCursor:
    """Cursor and state version of one stream in the warehouse."""

    cursor: Mapping[str, Any] | None
    version: str | None


def examine(home: Home, engine: sa.Engine | None, *, quick: bool, progress: Callable[[int, int], None]) -> list[Check]:
    """Return all checks, in the order in which remedies depend on each other.

    `engine` is null if no warehouse can be read. With `quick` files are only looked for, not read. `progress` is called
    with bytes read and total bytes. Raises `ConfigurationError` if the home belongs to another account.
    """
    by_stream = {} if engine is None else _stream_cursors(engine)
    stream_keys = sorted({*by_stream, *_stream_keys(home.root / "landing"), *_stream_keys(home.root / "state")})
    landing = Landing(home.root / "landing")
    runs = {stream_key: landed_runs(landing, *stream_key) for stream_key in stream_keys}
    damaged = _damaged(runs, quick=quick, progress=progress)
    return [
        _home(home, engine),
        _erasures(home),
        _manifests(runs),
        _pages(home, runs, damaged, by_stream),
        _coverage(runs, by_stream),
        _states(home, runs, damaged, by_stream),
        *([] if engine is None else _warehouse(engine, by_stream, quick=quick)),
    ]


def _stream_cursors(engine: sa.Engine) -> dict[tuple[str, str], _StreamCursor]:
    return {
        (row["source_system"], row["stream"]): _StreamCursor(
            None if row["cursor"] is None else json.loads(row["cursor"]), row["state_version"]
        )
        for row in reads.cursors(engine).to_dicts()
    }


def _stream_keys(folder: Path) -> Iterator[tuple[str, str]]:
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


def _erasures(home: Home) -> Check:
    events = read_erasures(home)
    check = Check("erasures of persons", sum(event.event == "begun" for event in events))
    for event in pending(events):
        check.wrong(f"the erasure of {event.at:%Y-%m-%d %H:%M} UTC is not complete", "`bantam erase` completes it")
    return check


def _manifests(runs: Mapping[tuple[str, str], Sequence[LandedRun]]) -> Check:
    check = Check("manifests of landing")
    for stream_key, landed in runs.items():
        check.checked += len(landed)
        for run in landed:
            if run.is_manifest_damaged:
                check.wrong(f"{run.folder / MANIFEST}: a line is damaged", _remedy(stream_key))
    return check


def _remedy(stream_key: tuple[str, str]) -> str:
    return f"restore the file from a backup; or `{ask_again(stream_key[0])}`, after which it is not needed"


Damaged = Mapping[tuple[str, str], Sequence[tuple[LandedPage, Path, str]]]


def _damaged(
    runs: Mapping[tuple[str, str], Sequence[LandedRun]], *, quick: bool, progress: Callable[[int, int], None]
) -> Damaged:
    total = sum(page.bytes for landed in runs.values() for run in landed for page in run.pages)
    done, found = 0, {}
    for stream_key, landed in runs.items():
        bad = []
        for page in (page for run in landed for page in run.pages):
            damage = _missing(page) if quick else damage_of_page(page)
            done += page.bytes
            progress(done, total)
            if damage is not None:
                bad.append((page, *damage))
        found[stream_key] = bad
    return found


def _missing(page: LandedPage) -> tuple[Path, str] | None:
    """Return the file of a page that is missing or has another length, and the reason; files are not read."""
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
    by_stream: Mapping[tuple[str, str], _StreamCursor],
) -> Check:
    check = Check("pages of landing", sum(len(run.pages) for landed in runs.values() for run in landed))
    for stream_key, bad in damaged.items():
        stored = by_stream.get(stream_key, _StreamCursor(None, None))
        covering = covering_run(stored.cursor, stored.version)
        needed = (
            None
            if stored.version is None
            else needed_runs(_runs_up_to(runs[stream_key], stored), stored.cursor, stored.version)
        )
        for page, path, reason in bad:
            if covering is None or page.run_id > covering:
                remedy = _REMEDY_OF_UNCOVERED
            elif needed is not None and page.run_id not in needed:
                remedy = "none is needed: it holds only what the source no longer tells"
            elif stored.version is not None and intact_version(home.root / "state", *stream_key, stored.version):
                remedy = (
                    f"none is needed while the state is whole; `{ask_again(stream_key[0])}` makes landing whole again"
                )
            else:
                remedy = _remedy(stream_key)
            check.wrong(f"{path} {reason}", remedy)
    return check


def _runs_up_to(runs: Sequence[LandedRun], stored: _StreamCursor) -> list[LandedRun]:
    """Return the runs up to the later one of cursor and state."""
    last = max(covering_run(stored.cursor, stored.version) or "", run_of(stored.version) or "")
    return [run for run in runs if run.run_id <= last]


def _coverage(
    runs: Mapping[tuple[str, str], Sequence[LandedRun]], by_stream: Mapping[tuple[str, str], _StreamCursor]
) -> Check:
    check = Check("cursors that landing covers")
    for stream_key, stored in by_stream.items():
        if stored.version is None:
            continue
        check.checked += 1
        if needed_runs(_runs_up_to(runs.get(stream_key, ()), stored), stored.cursor, stored.version) is None:
            check.wrong(
                f"{'.'.join(stream_key)}: landing lacks what was pulled up to run "
                f"{covering_run(stored.cursor, stored.version)}",
                f"restore landing from a newer backup; or `{ask_again(stream_key[0])}`, after which landing covers it "
                "again",
            )
    return check


def _states(
    home: Home,
    runs: Mapping[tuple[str, str], Sequence[LandedRun]],
    damaged: Damaged,
    by_stream: Mapping[tuple[str, str], _StreamCursor],
) -> Check:
    folder, check = home.root / "state", Check("states")
    for stream_key, stored in by_stream.items():
        if stored.version is None:
            continue
        check.checked += 1
        if intact_version(folder, *stream_key, stored.version) is None:
            path = state_path(folder, *stream_key, stored.version)
            check.wrong(f"{path} {damage_of_state(path)}", _remedy_of_state(stream_key, stored, runs, damaged))
    in_use = {
        state_path(folder, *stream_key, stored.version)
        for stream_key, stored in by_stream.items()
        if stored.version is not None
    }
    for path in sorted(set(folder.glob("*/*/*.parquet")) - in_use):
        check.checked += 1
        if (damage := damage_of_state(path)) is not None:
            check.wrong(f"{path} {damage}", "none is needed: an older state, which later publications remove")
    return check


def _remedy_of_state(
    stream_key: tuple[str, str],
    stored: _StreamCursor,
    runs: Mapping[tuple[str, str], Sequence[LandedRun]],
    damaged: Damaged,
) -> str:
    landed = _runs_up_to(runs.get(stream_key, ()), stored)
    needed = needed_runs(landed, stored.cursor, stored.version or "")
    if needed is not None and not any(page.run_id in needed for page, _, _ in damaged.get(stream_key, ())):
        return "the next run makes it again from landing, the same rows"
    if needed is None and not any(run.run_id == covering_run(stored.cursor, stored.version) for run in landed):
        if older := [run for run in landed if run.cursor is not None]:
            return f"the next run makes it from landing up to {older[-1].run_id}, and asks the source from there on"
        return f"restore landing from a backup; or `{ask_again(stream_key[0])}` starts the stream anew"
    return f"restore the damaged pages from a backup; or `{ask_again(stream_key[0])}` starts the stream anew"


def _warehouse(engine: sa.Engine, by_stream: Mapping[tuple[str, str], _StreamCursor], *, quick: bool) -> list[Check]:
    published = reads.published_run_ids(engine)
    cursors = Check("cursors of published runs", len(by_stream))
    for stream_key, stored in by_stream.items():
        for run in {run_of(stored.version), covering_run(stored.cursor, stored.version)} - {None, *published}:
            cursors.wrong(
                f"{'.'.join(stream_key)}: run {run} is not among the published ones",
                f"`{ask_again(stream_key[0])}` starts the stream anew",
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
    """Raise `ConfigurationError` if there is no home, or it belongs to another account."""
    if not home.root.is_dir():
        raise ConfigurationError(f"{home.root}: there is no home here. Set BANTAM_HOME to the one to examine.")
    home.made()
