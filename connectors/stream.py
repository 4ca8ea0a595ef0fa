"""Types that declare a source: stream, pass, page."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from connectors.http.client import Http
from connectors.landing.envelope import Identify, ValidatedPage
from connectors.landing.listing import Listing
from connectors.landing.writer import LandingWriter
from connectors.record_identity import identity_of
from definitions.errors import SourceAnswerUnusableError
from definitions.mapping.envelope import Envelope
from definitions.mapping.stream_mapping import StreamMapping


class Account(Protocol):
    """Interface of every vendor's account."""

    @property
    def name(self) -> str:
        """Name of the source, in folders, logs and messages."""

    @property
    def lag(self) -> timedelta:
        """Longest time until a change becomes visible; the watermark stays this far behind."""

    @property
    def lookback(self) -> timedelta:
        """Overlap: time before the watermark that the next pull lists again."""


A = TypeVar("A", bound=Account)


class SyncMode(Enum):
    """Which listings a pass belongs to."""

    FIRST = "first"  # of everything
    AGAIN = "again"  # of what changed
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedStream:
    """Result of preparing a stream: fields to request, notes for the report, the source's clock.

    `has_calculated`: the source calculates one of the fields, so that it may change without the modified time.
    """

    fields: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    source_now: datetime | None = None
    has_calculated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a pass, its records validated.

    `position` is where the pass resumes once the page is landed (None: from its start); `is_last`: no page of the pass
    follows. `repeated` counts records left out because this pass returned the same version before.
    """

    checked: ValidatedPage
    request: str
    position: Mapping[str, Any] | None = None
    is_last: bool = False
    repeated: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncContext(Generic[A]):
    """Context of one pass over one stream, for its pager.

    `position` is where an interrupted pass resumes (None: at its start). `earlier_runs` landed the previous listing and
    everything since. `seen_in`: runs whose landed pages of `stream.after` are followed up. `open_ids`: records of the
    object `stream.reread` that are open or were closed lately, for which each run reads again what has no change time.
    `has_calculated` as in `PreparedStream`.
    """

    stream: "Stream[A]"
    account: A
    http: Http
    fields: tuple[str, ...]
    listing: Listing
    position: Mapping[str, Any] | None
    writer: LandingWriter
    earlier_runs: tuple[str, ...]
    seen_in: tuple[str, ...]
    open_ids: tuple[str, ...] = ()
    has_calculated: bool = False

    @property
    def since(self) -> datetime | None:
        """Lower bound of the change time; None: no bound."""
        return self.listing.since

    @property
    def watermark(self) -> datetime:
        """Moment before which all changes are listed."""
        return self.listing.watermark

    @property
    def identify(self) -> Identify:
        """Function that checks a record and returns its id and version."""
        return self.stream.identify or identity_of(self.stream.envelope)

    @property
    def where(self) -> str:
        """Source and stream, for messages."""
        return f"{self.account.name}: {self.stream.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPass(Generic[A]):
    """One pass over a stream: its name (stored in checkpoints), its mode, and its pager."""

    name: str
    when: SyncMode
    pages: Callable[[SyncContext[A]], Iterator[Page]]


def nothing_to_prepare(stream: "Stream[A]", account: A, http: Http) -> PreparedStream:  # noqa: ARG001 - one shape for all
    """Prepare a stream that has no choice of fields."""
    return PreparedStream()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream(Generic[A]):
    """One object type of a source; `mapping` maps its records to canonical ones.

    `envelope` names the fields of id, modified time, deletion mark and flag in a landed record; `identify` checks a
    record and returns its id and version, where the envelope alone does not suffice. `remote` is the vendor's name in
    paths or queries, `after` the stream whose landed ids it needs, `modified` the field that changes are searched by
    (empty: each listing is full). `is_required`: the run fails if the source refuses the stream. `reread` is the object
    whose open records each run reads again (empty: none).
    """

    name: str
    mapping: StreamMapping
    remote: str
    passes: tuple[SyncPass[A], ...]
    envelope: Envelope
    identify: Identify | None = None
    modified: str = ""
    after: str | None = None
    reread: str = ""
    is_required: bool = False
    prepare: Callable[["Stream[A]", A, Http], PreparedStream] = nothing_to_prepare

    @property
    def object(self) -> str:
        """The source's name of the object type; part of every record key."""
        return self.mapping.object


class Tokens:
    """Page tokens of one pass; a token that repeats within one sequence (`of`) would make the pass endless."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._returned: set[tuple[str, str]] = set()

    def new(self, token: object, page: int, of: str = "") -> str:
        """Return the token; raises `SourceAnswerUnusableError` when it is empty, not text, or a repetition."""
        if not isinstance(token, str) or not token:
            raise SourceAnswerUnusableError(f"{self._where}: page {page}: says there is more, but not where")
        if (of, token) in self._returned:
            raise SourceAnswerUnusableError(f"{self._where}: page {page}: the cursor of an earlier page came again")
        self._returned.add((of, token))
        return token


def open_portions(
    context: SyncContext[A], size: int, without: Collection[str] = ()
) -> Iterator[tuple[Sequence[str], dict[str, str], bool]]:
    """Yield the ids in `context.open_ids`, sorted, in chunks of at most `size`: from where the pass was interrupted on.

    Each chunk comes with the position after it, and whether it is the last. Ids in `without` are left out.
    """
    reached = str((context.position or {}).get("open", ""))
    ids = sorted(identity for identity in set(context.open_ids) - set(without) if identity > reached)
    for chunk in portions(ids, size):
        yield chunk, {"open": chunk[-1]}, chunk[-1] == ids[-1]


def portions(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Split a sequence into chunks of at most `size`, in order."""
    return (items[start : start + size] for start in range(0, len(items), size))
