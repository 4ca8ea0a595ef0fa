"""Recovery: before a run asks anybody, every stream has a state that is whole and a cursor that it covers.

A state that is missing or damaged is made again from landing, to the same rows. Where landing is older than the cursor,
state and cursor are taken back to what landing covers, and the pull asks again from there. What cannot be made again is
refused, with the command that asks the source for everything.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connectors.cursor import run_of_cursor
from connectors.landing.history import DamagedFile, LandedRun, damages, landed_runs, needed_for, quarantine_damaged
from connectors.landing.reader import MANIFEST, ask_again
from connectors.landing.writer import Landing
from definitions.errors import LandingError
from definitions.mapping.file_stream import FileStream
from flows.home.coverage import Cursor, covering_run, needed_runs, tells_all
from flows.home.state_files import damage_of_state, intact_version, lacks_flag_history, run_of, state_path
from flows.run.configured_streams import ConfiguredStream, StreamKey, configured_streams
from flows.run.folding import StateStore
from flows.run.job import Job
from flows.terminal.progress import watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class StartingPoint:
    """Where each stream goes on from in this run; a stream without a cursor is asked for everything.

    `anew` are streams whose state starts from this run's full listing. `notes` say what was made again or put aside.
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
    taken_back: set[StreamKey] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def starting_point(
    job: Job,
    run_id: str,
    *,
    cursors: Mapping[StreamKey, Cursor],
    versions: Mapping[StreamKey, str | None],
    published_runs: Collection[str],
) -> StartingPoint:
    """Verify the state of every configured stream, and make again what is missing or damaged.

    `cursors` and `versions` are what the warehouse says, `published_runs` the runs it has. Raises `LandingError` naming
    the file, and the command that helps, where a state can be made from nothing that is at hand.
    """
    found = _Recovered(dict(cursors), dict(versions))
    streams, lost = list(configured_streams(job.settings, job.definitions)), []
    for stream in streams:
        try:
            _Stream(job, run_id, stream, frozenset(published_runs), found).recover()
        except _LostError as error:
            lost.append(error)
    if lost:
        raise _all_lost(lost)
    for stream in streams:
        if stream.place in found.taken_back:
            _take_parent_back(job, stream, found)
    return StartingPoint(
        cursors=found.cursors, versions=found.versions, anew=frozenset(found.anew), notes=tuple(found.notes)
    )


@dataclass(frozen=True, slots=True)
class _Stream:
    """One stream on its way to a state that is whole."""

    job: Job
    run_id: str
    stream: ConfiguredStream
    published_runs: frozenset[str]
    found: _Recovered

    @property
    def landing(self) -> Landing:
        return Landing(self.job.home.landing)

    @property
    def is_full(self) -> bool:
        return self.job.full and self.job.is_asked(self.stream.source)

    @property
    def increment(self) -> FileStream | None:
        return self.stream.increment

    def recover(self) -> None:
        """See to the state, then to the pages that no cursor covers."""
        version = self.found.versions.get(self.stream.place)
        if version is not None:
            intact = intact_version(self.job.home.state, *self.stream.place, version)
            if intact is None:
                self._make_again(version)
            else:
                self.found.versions[self.stream.place] = intact
                path = state_path(self.job.home.state, *self.stream.place, intact)
                if self.stream.has_flag and lacks_flag_history(path):
                    self._add_flag_history(intact, path)
                self._close_gap(intact)
        last = run_of(self.found.versions.get(self.stream.place))
        self._put_aside(damages(self._runs(after=last)))

    def _runs(self, *, after: str | None = None, until: str | None = None) -> list[LandedRun]:
        return landed_runs(self.landing, *self.stream.place, after=after, until=until or self.run_id)

    def _runs_of(self, cursor: Cursor | None, version: str) -> list[LandedRun]:
        return self._runs(until=max(covering_run(cursor, version) or "", run_of(version) or ""))

    def _make_again(self, version: str) -> None:
        stream, found = self.stream, self.found
        path = state_path(self.job.home.state, *stream.place, version)
        why = f"{path} {damage_of_state(path)}"
        if self.is_full:
            found.versions[stream.place] = None
            found.anew.add(stream.place)
            found.notes.append(
                f"{stream.label}: {why}; its state starts anew from the full listing, with what else landing still has"
            )
            return
        cursor = found.cursors.get(stream.place)
        covering = covering_run(cursor, version)
        runs = self._runs_of(cursor, version)
        needed = needed_runs(runs, cursor, version)
        if needed is not None:
            self._refuse_damaged(runs, needed, why)
            self._rebuild(run_of(version) or "", why)
        elif stream.asks_for_changes and any(run.run_id == covering for run in runs):
            raise self._lost(f"{why}, and landing lacks pages that it was made of")
        else:
            self._take_back(runs, why)

    def _rebuild(self, until: str, why: str) -> None:
        stream, found = self.stream, self.found
        shelf = StateStore(
            folder=self.job.home.state,
            landing=self.landing,
            source=stream.source.name,
            stream=stream.name,
            run_id=until,
            last_version=None,
            trusted=self.published_runs,
        )
        with watcher().step(f"making the state of {stream.label} again"):
            state = stream.fold(shelf)
        found.versions[stream.place] = state.version
        found.notes.append(f"{stream.label}: {why}; the state was made again from landing, up to run {until}")

    def _add_flag_history(self, version: str, path: Path) -> None:
        """Make a state again that an older Bantam wrote; where landing does not tell all of it, it stays as it is."""
        cursor = self.found.cursors.get(self.stream.place)
        runs = self._runs_of(cursor, version)
        if tells_all(runs, needed_runs(runs, cursor, version)):
            self._rebuild(run_of(version) or "", f"{path} keeps no flag history")

    def _take_back(self, runs: Sequence[LandedRun], why: str) -> None:
        """Go on from the newest run that landing covers; what came after it is asked again, where it can be."""
        stream = self.stream
        if self.increment is not None:
            raise self._lost(f"{why}, and landing lacks files that it was made of, which no source can give again")
        for run in reversed(runs):
            needed = None if run.cursor is None else needed_for(runs, run.run_id)
            if needed is None or any(damages(one for one in runs if one.run_id in needed)):
                continue
            if not self.job.is_asked(stream.source):
                raise LandingError(
                    f"{stream.label}: {why}, and landing ends with run {run.run_id}. Run `bantam run`: it asks every "
                    "source for what came after that."
                )
            self._put_aside(damages(one for one in runs if one.run_id <= run.run_id))
            self._rebuild(run.run_id, why)
            self.found.cursors[stream.place] = run.cursor or {}
            self.found.taken_back.add(stream.place)
            self.found.notes.append(f"{stream.label}: landing ends with run {run.run_id}: asked again from there on")
            return
        raise self._lost(f"{why}, and landing does not hold what it was made of")

    def _close_gap(self, version: str) -> None:
        """Where landing ends before a cursor whose state is whole, ask from its end on: it then covers the state."""
        found, place = self.found, self.stream.place
        cursor = found.cursors.get(place)
        if cursor is None or self.increment is not None or self.is_full or not self.job.is_asked(self.stream.source):
            return
        if self._is_landed(cursor, version):
            return
        runs = self._runs_of(cursor, version)
        covered = [run for run in runs if run.cursor is not None and needed_for(runs, run.run_id) is not None]
        if covered:
            found.cursors[place] = covered[-1].cursor or {}
            found.taken_back.add(place)
            end = covered[-1].run_id
            found.notes.append(
                f"{self.stream.label}: landing ends with run {end}, before its state: asked again from it"
            )

    def _is_landed(self, cursor: Cursor, version: str) -> bool:
        """Whether the run that a cursor came from is in landing; of a file, whether it is the one landed last."""
        if (run_id := run_of_cursor(cursor)) is not None:
            return (self.landing.folder(*self.stream.place, run_id) / MANIFEST).exists()
        for run in landed_runs(self.landing, *self.stream.place, until=run_of(version), newest=1):
            return run.cursor == cursor
        return False

    def _refuse_damaged(self, runs: Sequence[LandedRun], needed: frozenset[str], why: str) -> None:
        """Raise where a page is damaged that the state is made of; others are put aside."""
        damaged = list(damages(runs))
        for damage in damaged:
            if damage.run.run_id in needed:
                raise self._lost(f"{damage.path}: {damage.reason}, and {why}, which is to be made again from it")
        self._put_aside(damaged)

    def _put_aside(self, damaged: Iterable[DamagedFile]) -> None:
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
        return "what only it told is lost" if self.increment and self.is_full else "what it told is asked again"

    def _is_at_hand(self, increment: FileStream, damage: DamagedFile) -> bool:
        """Whether the file that a damaged page was landed from lies where it is read from: then it is landed again."""
        if damage.page is None or damage.page.cursor is None:
            return False
        try:
            with (self.job.data / increment.path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == damage.page.cursor.get("sha256")
        except OSError:
            return False

    def _lost(self, why: str) -> "_LostError":
        return _LostError(f"{self.stream.label}: {why}", self.stream.source.name)


class _LostError(LandingError):
    """One stream whose state can be made from nothing at hand; told of together with the others."""

    def __init__(self, message: str, source: str) -> None:
        super().__init__(message)
        self.source = source


def _all_lost(lost: Sequence[_LostError]) -> LandingError:
    """One message for all: a command that asked only one of several sources would be refused for the next."""
    more = f" The same is so of {len(lost) - 1} more." if len(lost) > 1 else ""
    return LandingError(
        f"{lost[0]}.{more} Restore the files from a backup, or run `{ask_again(*(one.source for one in lost))}`: it "
        "needs nothing of what was kept of these sources; what only that told, such as earlier versions of deals, is "
        "then lost."
    )


def _take_parent_back(job: Job, stream: ConfiguredStream, found: _Recovered) -> None:
    """Let a stream that is followed be asked from where its follower stands: its changes since then name the ids."""
    parent, follower = stream.after, covering_run(found.cursors.get(stream.place), None)
    cursor = None if parent is None else found.cursors.get(parent)
    if parent is None or cursor is None or follower is None or (run_of_cursor(cursor) or "") <= follower:
        return
    runs = landed_runs(Landing(job.home.landing), *parent, until=follower)
    older = [run for run in runs if run.cursor is not None and needed_for(runs, run.run_id) is not None]
    if older:
        found.cursors[parent] = older[-1].cursor or {}
    else:
        del found.cursors[parent]
    found.notes.append(f"{'.'.join(parent)}: asked again from an earlier time, for {stream.label} follows it")
