"""Erasure of a person from a home and its warehouse: the list first, then landing, states, tables and history.

The list comes first, so that from then on no stream brings the person back; each later step finds by it what is left,
so that a killed erasure is completed by the next one. Nothing below tells a value: counts and digests only.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import sqlalchemy as sa

from connectors.landing.erased import ErasedList, StreamEraser
from connectors.landing.writer import Landing
from definitions.errors import ConfigurationError
from definitions.schema.tables import BRIDGE_PERSON_SOURCE, DIM_PERSON, FCT_ACTIVITY
from flows.erasure.erased_keys import (
    begin_erasure,
    complete_erasures,
    erased_list,
    list_to_write,
    release,
)
from flows.erasure.find_person import check_asked, digest_of, find_person
from flows.erasure.landing_pages import erase_from_landing, landed_streams
from flows.erasure.state_versions import erase_from_states
from flows.erasure.stream_eraser import eraser_of_strangers
from flows.home.binding import bind_home
from flows.home.folders import Home
from flows.home.lock import home_lock
from flows.home.spill import Spill, spilling
from flows.home.state_files import intact_version
from flows.run.failures import reported
from flows.run.open_run import begin
from flows.run.recomputation import recompute
from flows.run.request import RunRequest
from flows.run.warehouse_access import open_warehouse
from flows.streams.configured_streams import ConfiguredStream, StreamKey, configured_streams
from flows.terminal.progress import watcher
from warehouse.erasure import erase_history, record_state_versions
from warehouse.publishing.run_lock import RunLock, run_lock
from warehouse.read.published import cursors, last_run

_REASON = "erasure of a person"
_PERSONAL_TABLES = (DIM_PERSON.name, BRIDGE_PERSON_SOURCE.name, FCT_ACTIVITY.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReport:
    """What an erasure did: records found, rows or lines by place, the run that published without them (null: none).

    `shared` counts addresses that stay off the list because other people have them too.
    """

    records: int
    counts: Mapping[str, int]
    run_id: str | None
    shared: int = 0


def erase_person(request: RunRequest, asked: str | None) -> ErasureReport:
    """Erase the person of an address or record key; without one, apply the whole list again and complete what began.

    Raises `AnotherRunActiveError` while a run is at work, `ConfigurationError` where `asked` is neither, and what a
    run without pulls raises; the erasure is then completed by the next one.
    """
    checked = None if asked is None else check_asked(asked)
    with _opened(request) as (engine, lock, spill):
        home, last = request.home, last_run(engine)
        bind_home(home, engine, is_empty=last is None)
        streams = {stream.key: stream for stream in configured_streams(request.settings, request.definitions)}
        records, shared = 0, 0
        if checked is not None:
            listed = list_to_write(home)
            found = find_person(checked, engine, home, streams, listed)
            records, shared = len(found.record_keys), found.shared
            begin_erasure(home, listed, digest_of(checked, listed), found.digests(listed), request.started_at)
        erased = erased_list(home)
        if not erased:
            return ErasureReport(records=0, counts={}, run_id=None)
        counts = _erase_files(home, streams, _erasers(home, streams, erased))
        record_state_versions(engine, _rewritten_versions(home, engine))
        run_id = None
        if last is not None:
            without = replace(request, as_of=last.as_of, volume_accepted_because=_REASON)
            run_id, published = _publish(without, engine, lock, spill)
            counts |= published
        counts |= erase_history(engine, erased.has_record, erased.redacted)
        complete_erasures(home, erased, request.started_at, run_id, counts)
    return ErasureReport(records=records, counts=counts, run_id=run_id, shared=shared)


def release_person(request: RunRequest, asked: str) -> int:
    """Take the person off the list, with all that was erased together; return how many keys and addresses.

    Nothing comes back by itself: the next full pull takes them in again. Raises `ConfigurationError` where nobody was
    erased by this key or address.
    """
    checked = check_asked(asked)
    with home_lock(request.home):
        erased = erased_list(request.home)
        released = release(request.home, erased, digest_of(checked, erased), request.started_at) if erased else 0
    if not released:
        raise ConfigurationError("nobody on the list of the erased has this address or record key.")
    return released


@contextmanager
def _opened(request: RunRequest) -> Iterator[tuple[sa.Engine, RunLock, Spill]]:
    with (
        home_lock(request.home),
        open_warehouse(request.settings) as engine,
        run_lock(engine) as lock,
        spilling(request.home.spill) as spill,
    ):
        yield engine, lock, spill


def _erasers(
    home: Home, streams: Mapping[StreamKey, ConfiguredStream], erased: ErasedList
) -> dict[StreamKey, StreamEraser]:
    """Return the eraser of every stream that the home holds anything of."""
    held = dict.fromkeys([*landed_streams(home.landing), *landed_streams(home.state)])
    strangers = eraser_of_strangers(erased)
    return {key: (streams[key].eraser(erased) or strangers) if key in streams else strangers for key in held}


def _erase_files(
    home: Home, streams: Mapping[StreamKey, ConfiguredStream], erasers: Mapping[StreamKey, StreamEraser]
) -> dict[str, int]:
    with watcher().step("erasing from landing"):
        landed = erase_from_landing(home.landing, streams, erasers)
    with watcher().step("erasing from the states"):
        kept = erase_from_states(home.state, Landing(home.landing), erasers)
    for path in home.answers.iterdir():
        # Kept answers hold telephone numbers; the next computation asks anew.
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return {name: count for name, count in (("landing", landed), ("state", kept)) if count}


def _rewritten_versions(home: Home, engine: sa.Engine) -> dict[StreamKey, str]:
    """Return the state version of each stream whose file has another name now."""
    found: dict[StreamKey, str] = {}
    for row in cursors(engine).to_dicts():
        key, version = (row["source_system"], row["stream"]), row["state_version"]
        intact = None if version is None else intact_version(home.state, *key, version)
        if intact is not None and intact != version:
            found[key] = intact
    return found


def _publish(request: RunRequest, engine: sa.Engine, lock: RunLock, spill: Spill) -> tuple[str, dict[str, int]]:
    """Publish what remains, as of the day that is published; return the run, and the rows deleted by table."""
    run = begin(request, engine, lock, spill, watcher())
    report = reported(request, run.run_id, lambda: recompute(run, []))
    written = report.get("written", {})
    deleted = {name: int(written.get(name, {}).get("deleted", 0)) for name in _PERSONAL_TABLES}
    return run.run_id, {name: count for name, count in deleted.items() if count}
