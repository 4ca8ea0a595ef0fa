"""A source is what we say about a vendor's endpoints; this is what every stream of every source is made of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """What every account of every vendor says of itself."""

    @property
    def name(self) -> str:
        """Name of the source: folder, log and message."""

    @property
    def trail(self) -> timedelta:
        """How long a change may take to become visible: nothing newer is believed complete."""

    @property
    def lookback(self) -> timedelta:
        """How much of what was already seen is asked again."""


A = TypeVar("A", bound=Account)


class SyncMode(Enum):
    """Which listings a pass belongs to."""

    FIRST = "first"  # of everything
    AGAIN = "again"  # of what changed
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedStream:
    """What was learned before the first page: fields to ask for, remarks for the report, the source's clock."""

    fields: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    source_now: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer, sorted out.

    `position` is where this pass goes on once the page is landed (None: it begins again); `is_last`: nothing of the
    pass comes after it. `repeated` counts records left out because this pass gave the same version before.
    """

    checked: ValidatedPage
    request: str
    position: Mapping[str, Any] | None = None
    is_last: bool = False
    repeated: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncContext(Generic[A]):
    """One pass over one stream, as its pager sees it.

    `position` is where an interrupted pass goes on. `earlier_runs` landed the listing that this one goes on from, and
    whatever has landed since. `seen_in` are the runs whose landed pages of `stream.after` count.
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

    @property
    def since(self) -> datetime | None:
        """Changes from then on are listed; None: from the beginning."""
        return self.listing.since

    @property
    def until(self) -> datetime:
        """Changes before then are all listed."""
        return self.listing.watermark

    @property
    def identify(self) -> Identify:
        """Check one record, and tell its id and version."""
        return self.stream.identify or identity_of(self.stream.envelope)

    @property
    def where(self) -> str:
        """Source and stream, for messages."""
        return f"{self.account.name}: {self.stream.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPass(Generic[A]):
    """One walk over a stream: its name (kept in checkpoints), when it is made, and its pager."""

    name: str
    when: SyncMode
    pages: Callable[[SyncContext[A]], Iterator[Page]]


def nothing_to_prepare(stream: "Stream[A]", account: A, http: Http) -> PreparedStream:  # noqa: ARG001 - one shape for all
    """Say that a stream has no choice of fields."""
    return PreparedStream()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream(Generic[A]):
    """One object type of a source; `mapping` says what its records become.

    `envelope` says where a landed record holds its id, its modified time, its deleted mark and its flag; `identify`
    checks one record and tells its id and version, where it has to be more than an object with that id. `remote` is the
    vendor's name for it in paths or queries, `after` the stream whose landed ids it needs, `modified` the field changes
    are searched by (empty: each listing is of everything).
    """

    name: str
    mapping: StreamMapping
    remote: str
    passes: tuple[SyncPass[A], ...]
    envelope: Envelope
    identify: Identify | None = None
    modified: str = ""
    after: str | None = None
    prepare: Callable[["Stream[A]", A, Http], PreparedStream] = nothing_to_prepare

    @property
    def object(self) -> str:
        """What the source calls an object of the stream; part of every record key."""
        return self.mapping.object


class Tokens:
    """Cursors and links of one pass; none may come twice for one walk in it (`of`), or the pass would never end."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._given: set[tuple[str, str]] = set()

    def new(self, token: object, page: int, of: str = "") -> str:
        """Return the token; raises `SourceAnswerUnusableError` when it is empty, not text, or was given before."""
        if not isinstance(token, str) or not token:
            raise SourceAnswerUnusableError(f"{self._where}: page {page}: says there is more, but not where")
        if (of, token) in self._given:
            raise SourceAnswerUnusableError(f"{self._where}: page {page}: the cursor of an earlier page came again")
        self._given.add((of, token))
        return token


def portions(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Cut a sequence into parts of at most `size`, in order."""
    return (items[start : start + size] for start in range(0, len(items), size))
