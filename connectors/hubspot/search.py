"""HubSpot search: keyset pagination by (modified time, id), never by offset.

An offset skips a record whenever one before it changes, and ends at 10,000. So every page is a new query from the last
modified time on, and drops the versions already returned for that time. Where too many records share one millisecond
(bulk edits give thousands the same time), that millisecond is paged by id.

The index lags: a recently changed record is returned with its new time at its old position, and continuing from that
time would skip all records in between. So the lookback, which the next pull lists again anyway, is a second window
queried last: it lands now, no time in it moves the first window, and late index entries follow with the next pull.
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

# Consecutive pages that announce more records without progress, with and without a next token.
FRUITLESS_WITH_TOKEN, FRUITLESS = 50, 3

_LISTING = msgspec.json.Decoder(Listing)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# ASCII only, and no longer than a 64-bit number: `int` refuses a superscript two, and a text of 5,000 digits.
_DIGITS = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _SearchPosition:
    """Position of the search: from `since` (ms) on, or within that millisecond above `tie_id` when paged by id.

    `returned` are the versions already returned for `since`. `is_tail`: in the lookback window, without upper bound.
    `offset` is used only where a page advanced neither time nor id: it was empty, or all of it changed since indexing.
    """

    since: int
    tie_id: int | None = None
    is_tail: bool = False
    returned: frozenset[tuple[str, str]] = frozenset()
    offset: str = "0"
    fruitless: int = 0

    def resumable(self) -> dict[str, Any]:
        """Return the part stored in a checkpoint; returned versions are not stored, and land again."""
        return {"since": self.since, "tie_id": self.tie_id, "is_tail": self.is_tail}


def changed_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Yield every live record modified at or after `context.since`, whatever their number and equal times."""
    position: _SearchPosition | None = _start(context)
    number = 0
    window_end = milliseconds(context.watermark - context.account.lookback)
    while position is not None:
        number += 1
        page, position = _page(context, position, window_end, number)
        yield page
        # Release the page before the next one is requested: memory holds one at a time.
        del page


def milliseconds(moment: datetime) -> int:
    """Convert to milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def _start(context: SyncContext[Account]) -> _SearchPosition:
    if context.position:
        stored = context.position
        return _SearchPosition(since=int(stored["since"]), tie_id=stored["tie_id"], is_tail=bool(stored["is_tail"]))
    # HubSpot responds with status 500 to a filter at the epoch itself.
    return _SearchPosition(since=max(1, milliseconds(context.since or _EPOCH)))


def _page(
    context: SyncContext[Account], position: _SearchPosition, window_end: int, number: int
) -> tuple[Page, _SearchPosition | None]:
    call = _call(context, position, window_end, number)
    answer = context.http.ask(call, _LISTING)
    listing = answer.value
    checked = validate_records(listing.results, context.identify, number)
    fresh = [record for record in checked.records if (record.id, record.version) not in position.returned]
    following = _next(position, checked.records, len(fresh), listing, window_end)
    if following is not None and following.fruitless > (FRUITLESS if listing.after() is None else FRUITLESS_WITH_TOKEN):
        raise SourceAnswerUnusableError(
            f"{context.where}: page {number}: the search says {listing.total} match, but does not show them all. Run "
            "again; if it stays, run this source in full."
        )
    page = Page(
        checked=ValidatedPage(fresh, checked.rejected),
        request=f"POST {call.path}",
        position=(following or position).resumable(),
        is_last=following is None,
        repeated=len(checked.records) - len(fresh),
        notes=mended_note(answer.mended),
    )
    return page, following


def _call(context: SyncContext[Account], position: _SearchPosition, window_end: int, number: int) -> Call:
    modified = context.stream.modified
    family, _, rest = context.stream.remote.partition("/")
    sort = modified
    if position.tie_id is not None:
        filters = [
            {"propertyName": modified, "operator": "EQ", "value": str(position.since)},
            {"propertyName": "hs_object_id", "operator": "GT", "value": str(position.tie_id)},
        ]
        sort = "hs_object_id"
    elif position.is_tail:
        filters = [{"propertyName": modified, "operator": "GTE", "value": str(position.since)}]
    else:
        filters = [
            {
                "propertyName": modified,
                "operator": "BETWEEN",
                "value": str(position.since),
                "highValue": str(window_end),
            }
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
            "after": position.offset,
        },
        bucket="search",
        page=number,
    )


def _remaining(listing: Listing) -> int:
    """Return the number of matches after this page; 1 where HubSpot returns a next token but no total."""
    if listing.total is not None:
        return max(0, listing.total - len(listing.results))
    return 0 if listing.after() is None else 1


def _next(
    position: _SearchPosition, records: list[RawRecord], fresh: int, listing: Listing, window_end: int
) -> _SearchPosition | None:
    """Return the position of the next page; None at the end of the search."""
    if _remaining(listing) == 0:
        return _after_window(position, window_end)
    moved = (
        _after_tie(position, records)
        if position.tie_id is not None
        else _after_page(position, records, fresh, window_end)
    )
    return moved or replace(position, offset=str(listing.after() or "0"), fruitless=position.fruitless + 1)


def _after_tie(position: _SearchPosition, records: list[RawRecord]) -> _SearchPosition | None:
    highest = max((int(record.id) for record in records if _DIGITS.fullmatch(record.id)), default=0)
    return replace(position, tie_id=highest, offset="0", fruitless=0) if highest > (position.tie_id or 0) else None


def _after_window(position: _SearchPosition, window_end: int) -> _SearchPosition | None:
    if position.tie_id is not None:
        return _SearchPosition(since=position.since + 1, is_tail=position.is_tail)
    if position.is_tail:
        return None
    return _SearchPosition(since=max(position.since, window_end + 1), is_tail=True)


def _after_page(
    position: _SearchPosition, records: list[RawRecord], fresh: int, window_end: int
) -> _SearchPosition | None:
    """Continue at the last modified time of the page; by id where that time fills half of it, or nothing was new.

    The last time is that of the last record: a later time before it belongs to a record at its old index position. None
    where no record of the page has a readable time.
    """
    stamps = [stamp for record in records if (stamp := _stamp(record.version)) is not None]
    inside = stamps if position.is_tail else [stamp for stamp in stamps if stamp <= window_end]
    if not inside:
        return None
    last = max(inside[-1], position.since)
    returned = frozenset((record.id, record.version) for record in records if _stamp(record.version) == last)
    if last == position.since:
        returned |= position.returned
    if fresh == 0 or last == position.since or len(returned) * 2 > len(records):
        return _SearchPosition(since=last, tie_id=0, is_tail=position.is_tail, returned=returned)
    return _SearchPosition(since=last, is_tail=position.is_tail, returned=returned)


def _stamp(version: str) -> int | None:
    """Parse a modified time, ISO or milliseconds, to milliseconds; None when it is neither."""
    if _DIGITS.fullmatch(version):
        return int(version)
    try:
        moment = datetime.fromisoformat(version)
    except ValueError:
        return None
    return milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
