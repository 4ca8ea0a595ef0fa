"""Recovery: before a run pulls, every stream gets an intact state and a cursor that the state covers.

A missing or damaged state is rebuilt from landing, with the same rows. If landing is older than the cursor, state and
cursor are rewound to what landing covers, and the pull starts from there. A state that cannot be rebuilt stops the run,
with the command that pulls everything from the source.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connectors.cursor import run_of_cursor
from connectors.files.watched import files_of, sha256_of
from connectors.landing.erased import NOBODY, ErasedList
from connectors.landing.history import DamagedFile, LandedRun, damages, landed_runs, needed_for, quarantine_damaged
from connectors.landing.reader import MANIFEST, ask_again
from connectors.landing.writer import Landing
from definitions.errors import LandingError
from definitions.mapping.file_stream import FileStream
from flows.home.coverage import Cursor, covering_run, is_complete, needed_runs
from flows.home.state_files import damage_of_state, intact_version, lacks_flag_history, run_of, state_path
from flows.run.request import RunRequest
from flows.streams.compaction import StateStore
from flows.streams.configured_streams import ConfiguredStream, StreamKey, configured_streams
from flows.terminal.progress import watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class StartingPoint:
    """Cursor and state version of each stream for this run; a stream without a cursor is pulled in full.

    `anew` are streams whose state starts from this run's full listing. `notes` say what was rebuilt or quarantined.
    """

    cursors: Mapping[StreamKey, Cursor]
    versions: Mapping[StreamKey, str | None]
    anew: frozenset[StreamKey]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Recovered:
    cursors: dict[StreamKey, Cursor]
    versions: dict[StreamKey, str | None]
    anew: set[StreamKey] = field(default_factory=set)
    rewound: set[StreamKey] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def starting_point(
    request: RunRequest,
    run_id: str,
    *,
    cursors: Mapping[StreamKey, Cursor],
    versions: Mapping[StreamKey, str | None],
    published_runs: Collection[str],
    erased: ErasedList = NOBODY,
) -> StartingPoint:
    """Verify the state of every configured stream, and rebuild missing or damaged ones.

    `cursors` and `versions` are those of the warehouse, `published_runs` its runs; who is `erased` stays out.
    Raises `LandingError` naming the file, and the command that helps, if a state cannot be rebuilt.
    """
    found = _Recovered(dict(cursors), dict(versions))
    streams, lost = list(configured_streams(request.settings, request.definitions)), []
    for stream in streams:
        try:
            _Stream(request, run_id, stream, frozenset(published_runs), found, erased).recover()
        except _LostError as error:
            lost.append(error)
    if lost:
        raise _all_lost(lost)
    for stream in streams:
        if stream.key in found.rewound:
            _rewind_parent(request, stream, found)
    return StartingPoint(
        cursors=found.cursors, versions=found.versions, anew=frozenset(found.anew), notes=tuple(found.notes)
    )


@dataclass(frozen=True, slots=True)
class _Stream:
    """Recovery of one stream."""

    request: RunRequest
    run_id: str
    stream: ConfiguredStream
    published_runs: frozenset[str]
    found: _Recovered
    erased: ErasedList

    @property
    def landing(self) -> Landing:
        return Landing(self.request.home.landing)

    @property
    def is_full(self) -> bool:
        return self.request.full and self.request.is_requested(self.stream.source)

    @property
    def increment(self) -> FileStream | None:
        return self.stream.increment

    def recover(self) -> None:
        """Recover the state, then quarantine damaged pages that no cursor covers."""
        version = self.found.versions.get(self.stream.key)
        if version is not None:
            intact = intact_version(self.request.home.state, *self.stream.key, version)
            if intact is None:
                self._recover_state(version)
            else:
                self.found.versions[self.stream.key] = intact
                path = state_path(self.request.home.state, *self.stream.key, intact)
                if self.stream.has_flag and lacks_flag_history(path):
                    self._add_flag_history(intact, path)
                self._close_gap(intact)
        last = run_of(self.found.versions.get(self.stream.key))
        self._quarantine_files(damages(self._runs(after=last)))

    def _runs(self, *, after: str | None = None, until: str | None = None) -> list[LandedRun]:
        return landed_runs(self.landing, *self.stream.key, after=after, until=until or self.run_id)

    def _runs_of(self, cursor: Cursor | None, version: str) -> list[LandedRun]:
        return self._runs(until=max(covering_run(cursor, version) or "", run_of(version) or ""))

    def _recover_state(self, version: str) -> None:
        stream, found = self.stream, self.found
        path = state_path(self.request.home.state, *stream.key, version)
        reason = f"{path} {damage_of_state(path)}"
        if self.is_full:
            found.versions[stream.key] = None
            found.anew.add(stream.key)
            found.notes.append(
                f"{stream.label}: {reason}; its state starts anew from the full listing, with what else landing still "
                "has"
            )
            return
        cursor = found.cursors.get(stream.key)
        covering = covering_run(cursor, version)
        runs = self._runs_of(cursor, version)
        needed = needed_runs(runs, cursor, version)
        if needed is not None:
            self._refuse_damaged(runs, needed, reason)
            self._rebuild(run_of(version) or "", reason)
        elif stream.asks_for_changes and any(run.run_id == covering for run in runs):
            raise self._lost(f"{reason}, and landing lacks pages that it was made of")
        else:
            self._rewind(runs, reason)

    def _rebuild(self, last_run: str, reason: str) -> None:
        stream, found = self.stream, self.found
        store = StateStore(
            folder=self.request.home.state,
            landing=self.landing,
            source=stream.source.name,
            stream=stream.name,
            run_id=last_run,
            last_version=None,
            published_runs=self.published_runs,
            eraser=stream.eraser(self.erased),
        )
        with watcher().step(f"making the state of {stream.label} again"):
            state = stream.compact(store)
        found.versions[stream.key] = state.version
        found.notes.append(f"{stream.label}: {reason}; the state was made again from landing, up to run {last_run}")

    def _add_flag_history(self, version: str, path: Path) -> None:
        """Rebuild a state that an older Bantam wrote; if landing lacks part of it, it stays unchanged."""
        cursor = self.found.cursors.get(self.stream.key)
        runs = self._runs_of(cursor, version)
        if is_complete(runs, needed_runs(runs, cursor, version)):
            self._rebuild(run_of(version) or "", f"{path} keeps no flag history")

    def _rewind(self, runs: Sequence[LandedRun], reason: str) -> None:
        """Rewind to the newest run that landing covers; later changes are pulled again, or the run is refused."""
        stream = self.stream
        if self.increment is not None:
            raise self._lost(f"{reason}, and landing lacks files that it was made of, which no source can give again")
        for run in reversed(runs):
            needed = None if run.cursor is None else needed_for(runs, run.run_id)
            if needed is None or any(damages(landed for landed in runs if landed.run_id in needed)):
                continue
            if not self.request.is_requested(stream.source):
                raise LandingError(
                    f"{stream.label}: {reason}, and landing ends with run {run.run_id}. Run `bantam run`: it asks "
                    "every source for what came after that."
                )
            self._quarantine_files(damages(landed for landed in runs if landed.run_id <= run.run_id))
            self._rebuild(run.run_id, reason)
            self.found.cursors[stream.key] = run.cursor or {}
            self.found.rewound.add(stream.key)
            self.found.notes.append(f"{stream.label}: landing ends with run {run.run_id}: asked again from there on")
            return
        raise self._lost(f"{reason}, and landing does not hold what it was made of")

    def _close_gap(self, version: str) -> None:
        """Rewind the cursor if landing ends before it and the state is intact, so that landing covers the state."""
        found, stream_key = self.found, self.stream.key
        cursor = found.cursors.get(stream_key)
        if (
            cursor is None
            or self.increment is not None
            or self.is_full
            or not self.request.is_requested(self.stream.source)
        ):
            return
        if self._is_landed(cursor, version):
            return
        runs = self._runs_of(cursor, version)
        covered = [run for run in runs if run.cursor is not None and needed_for(runs, run.run_id) is not None]
        if covered:
            found.cursors[stream_key] = covered[-1].cursor or {}
            found.rewound.add(stream_key)
            end = covered[-1].run_id
            found.notes.append(
                f"{self.stream.label}: landing ends with run {end}, before its state: asked again from it"
            )

    def _is_landed(self, cursor: Cursor, version: str) -> bool:
        """Return whether the run of a cursor is in landing; for a file, whether it is the last one landed."""
        if (run_id := run_of_cursor(cursor)) is not None:
            return (self.landing.folder(*self.stream.key, run_id) / MANIFEST).exists()
        for run in landed_runs(self.landing, *self.stream.key, until=run_of(version), newest=1):
            return run.cursor == cursor
        return False

    def _refuse_damaged(self, runs: Sequence[LandedRun], needed: frozenset[str], reason: str) -> None:
        """Raise if a damaged page is part of the state; quarantine the others."""
        damaged = list(damages(runs))
        for damage in damaged:
            if damage.run.run_id in needed:
                raise self._lost(f"{damage.path}: {damage.reason}, and {reason}, which is to be made again from it")
        self._quarantine_files(damaged)

    def _quarantine_files(self, damaged: Iterable[DamagedFile]) -> None:
        for damage in damaged:
            if self.increment is not None and not self.is_full and not self._is_at_hand(self.increment, damage):
                raise self._lost(
                    f"{damage.path}: {damage.reason}, and no other file holds the rows of this increment. Put the file "
                    f"that was read then back in its place ({self.increment.path})"
                )
            quarantine_damaged(damage)
            self.found.notes.append(
                f"{self.stream.label}: {damage.path} {damage.reason}; it was put aside, {self._loss}"
            )

    @property
    def _loss(self) -> str:
        return (
            "records found only in it are lost" if self.increment and self.is_full else "its records are pulled again"
        )

    def _is_at_hand(self, increment: FileStream, damage: DamagedFile) -> bool:
        """Return whether the file of a damaged page still exists unchanged, so that it is landed again."""
        if damage.page is None or damage.page.cursor is None:
            return False
        try:
            return damage.page.cursor.get("sha256") in [
                sha256_of(file) for file in files_of(increment, self.request.data)
            ]
        except OSError:
            return False

    def _lost(self, reason: str) -> "_LostError":
        return _LostError(f"{self.stream.label}: {reason}", self.stream.source.name)


class _LostError(LandingError):
    """State of one stream that cannot be rebuilt; all of them are reported in one message."""

    def __init__(self, message: str, source: str) -> None:
        super().__init__(message)
        self.source = source


def _all_lost(lost: Sequence[_LostError]) -> LandingError:
    """Join the errors in one message: a command for one source only would be refused for the next."""
    more = f" The same is so of {len(lost) - 1} more." if len(lost) > 1 else ""
    return LandingError(
        f"{lost[0]}.{more} Restore the files from a backup, or run `{ask_again(*(one.source for one in lost))}`: it "
        "needs nothing of what was kept of these sources; what only that told, such as earlier versions of deals, is "
        "then lost."
    )


def _rewind_parent(request: RunRequest, stream: ConfiguredStream, found: _Recovered) -> None:
    """Rewind the parent of a rewound stream to the same run, because its changes name the ids to pull."""
    parent, follower = stream.after, covering_run(found.cursors.get(stream.key), None)
    cursor = None if parent is None else found.cursors.get(parent)
    if parent is None or cursor is None or follower is None or (run_of_cursor(cursor) or "") <= follower:
        return
    runs = landed_runs(Landing(request.home.landing), *parent, until=follower)
    older = [run for run in runs if run.cursor is not None and needed_for(runs, run.run_id) is not None]
    if older:
        found.cursors[parent] = older[-1].cursor or {}
    else:
        del found.cursors[parent]
    found.notes.append(f"{'.'.join(parent)}: asked again from an earlier time, for {stream.label} follows it")
