"""HubSpot's search, walked by (modified time, id), never by offset.

An offset skips a record whenever one before it changes, and ends at 10,000. So every page asks anew from the last
moment seen, and drops what it has seen of that moment. Where too many share one millisecond (bulk edits stamp
thousands alike) that millisecond is walked by id.

The index trails: a record changed lately is shown with its new time at its old place, and a walk that went on from that
time would jump over all between. So what the next pull asks again anyway, the lookback, is asked last: it lands now, no
time in it moves the walk before it, and what the index does not show yet comes next time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from connectors.http.request import Call
from connectors.hubspot.account import Account
from connectors.hubspot.responses import Listing
from connectors.json_text import mended_note
from connectors.landing.envelope import RawRecord, ValidatedPage, validate_records
from connectors.stream import Page, SyncContext
from definitions.errors import SourceAnswerUnusableError

# Pages in a row that promise more and bring the walk no further, with and without a token to follow.
FRUITLESS_WITH_TOKEN, FRUITLESS = 50, 3

_LISTING = msgspec.json.Decoder(Listing)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# ASCII only, and no longer than a 64-bit number: `int` refuses a superscript two, and a text of 5,000 digits.
_DIGITS = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the walk stands: from `since` (ms) on, and within `since` above `tie_id` when it is walked by id.

    `seen` are the versions already given of that moment. `is_tail`: in what is asked again next time, no upper end.
    `offset` is used only where a page moved neither time nor id: it was empty, or all of it has changed since indexing.
    """

    since: int
    tie_id: int | None = None
    is_tail: bool = False
    seen: frozenset[tuple[str, str]] = frozenset()
    offset: str = "0"
    fruitless: int = 0

    def resumable(self) -> dict[str, Any]:
        """Give what a cursor keeps; what was seen is not kept, and lands again."""
        return {"since": self.since, "tie_id": self.tie_id, "is_tail": self.is_tail}


def changed_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Every live record whose modified time is at or after `visit.since`, however many, however alike."""
    place: _Place | None = _start(context)
    number = 0
    until = milliseconds(context.until - context.account.lookback)
    while place is not None:
        number += 1
        page, place = _page(context, place, until, number)
        yield page
        # Let go before the next is asked for: one page at a time is held.
        del page


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def _start(context: SyncContext[Account]) -> _Place:
    if context.position:
        kept = context.position
        return _Place(since=int(kept["since"]), tie_id=kept["tie_id"], is_tail=bool(kept["is_tail"]))
    # HubSpot answers 500 to a filter at the epoch itself.
    return _Place(since=max(1, milliseconds(context.since or _EPOCH)))


def _page(context: SyncContext[Account], place: _Place, until: int, number: int) -> tuple[Page, _Place | None]:
    call = _call(context, place, until, number)
    answer = context.http.ask(call, _LISTING)
    listing = answer.value
    checked = validate_records(listing.results, context.identify, number)
    fresh = [seen for seen in checked.records if (seen.id, seen.version) not in place.seen]
    following = _next(place, checked.records, len(fresh), listing, until)
    if following is not None and following.fruitless > (FRUITLESS if listing.after() is None else FRUITLESS_WITH_TOKEN):
        raise SourceAnswerUnusableError(
            f"{context.where}: page {number}: the search says {listing.total} match, but does not show them all. Run "
            "again; if it stays, run this source in full."
        )
    page = Page(
        checked=ValidatedPage(fresh, checked.rejected),
        request=f"POST {call.path}",
        position=(following or place).resumable(),
        is_last=following is None,
        repeated=len(checked.records) - len(fresh),
        notes=mended_note(answer.mended),
    )
    return page, following


def _call(context: SyncContext[Account], place: _Place, until: int, number: int) -> Call:
    modified = context.stream.modified
    family, _, rest = context.stream.remote.partition("/")
    sort = modified
    if place.tie_id is not None:
        filters = [
            {"propertyName": modified, "operator": "EQ", "value": str(place.since)},
            {"propertyName": "hs_object_id", "operator": "GT", "value": str(place.tie_id)},
        ]
        sort = "hs_object_id"
    elif place.is_tail:
        filters = [{"propertyName": modified, "operator": "GTE", "value": str(place.since)}]
    else:
        filters = [
            {"propertyName": modified, "operator": "BETWEEN", "value": str(place.since), "highValue": str(until)}
        ]
    return Call(
        stream=context.stream.name,
        method="POST",
        path=context.account.path(family, f"/{rest}/search"),
        json={
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
            "properties": list(context.fields),
            "limit": context.account.search_page_size,
            "after": place.offset,
        },
        bucket="search",
        page=number,
    )


def _remaining(listing: Listing) -> int:
    """Records that match beyond this page; 1 when there are some and HubSpot does not count them."""
    if listing.total is not None:
        return max(0, listing.total - len(listing.results))
    return 0 if listing.after() is None else 1


def _next(place: _Place, records: list[RawRecord], fresh: int, listing: Listing, until: int) -> _Place | None:
    """Decide where the next page begins; None at the very end."""
    if _remaining(listing) == 0:
        return _after_window(place, until)
    moved = _after_tie(place, records) if place.tie_id is not None else _after_page(place, records, fresh, until)
    return moved or replace(place, offset=str(listing.after() or "0"), fruitless=place.fruitless + 1)


def _after_tie(place: _Place, records: list[RawRecord]) -> _Place | None:
    highest = max((int(seen.id) for seen in records if _DIGITS.fullmatch(seen.id)), default=0)
    return replace(place, tie_id=highest, offset="0", fruitless=0) if highest > (place.tie_id or 0) else None


def _after_window(place: _Place, until: int) -> _Place | None:
    if place.tie_id is not None:
        return _Place(since=place.since + 1, is_tail=place.is_tail)
    if place.is_tail:
        return None
    return _Place(since=max(place.since, until + 1), is_tail=True)


def _after_page(place: _Place, records: list[RawRecord], fresh: int, until: int) -> _Place | None:
    """Go on from the last moment of this page; by id where one moment fills half of it, or nothing was new.

    The last moment is that of the last record: a later one that stands before it was shown at its old place. None where
    the page tells no moment at all.
    """
    stamps = [stamp for seen in records if (stamp := _stamp(seen.version)) is not None]
    inside = stamps if place.is_tail else [stamp for stamp in stamps if stamp <= until]
    if not inside:
        return None
    last = max(inside[-1], place.since)
    seen = frozenset((one.id, one.version) for one in records if _stamp(one.version) == last)
    if last == place.since:
        seen |= place.seen
    if fresh == 0 or last == place.since or len(seen) * 2 > len(records):
        return _Place(since=last, tie_id=0, is_tail=place.is_tail, seen=seen)
    return _Place(since=last, is_tail=place.is_tail, seen=seen)


def _stamp(version: str) -> int | None:
    """Milliseconds of a modified time: ISO, or milliseconds already; None when it is neither."""
    if _DIGITS.fullmatch(version):
        return int(version)
    try:
        moment = datetime.fromisoformat(version)
    except ValueError:
        return None
    return milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
