"""HubSpot lists: all live records, all archived ones, and restored ones."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec

from connectors.http.client import Response
from connectors.http.request import Call
from connectors.http.status_errors import plain
from connectors.hubspot.account import Account
from connectors.hubspot.responses import Batch, BatchProblem, Listing, Live
from connectors.json_text import mended_note
from connectors.landing.envelope import ValidatedPage, validate_records
from connectors.landing.reader import LandedPage
from connectors.stream import Page, SyncContext, Tokens, open_portions, portions
from definitions.errors import SourceAnswerUnusableError

READ_BATCH = 100
# Property names are part of the URL, which fails at about 32,000 characters; other clients split at 5,000.
WIDEST_QUERY = 5000

_LISTING = msgspec.json.Decoder(Listing)
_BATCH = msgspec.json.Decoder(Batch)
_LIVE = msgspec.json.Decoder(Live)
# HubSpot's categories for a record that was deleted meanwhile, or has no associations.
_NONE_THERE = ("OBJECT_NOT_FOUND", "NO_ASSOCIATIONS_FOUND")


def live_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Yield all live records, in order of id; a page may be empty and not the last."""
    yield from _listed(context, archived=False)


def archived_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Yield all archived records (HubSpot keeps them 90 days and cannot filter them by date)."""
    yield from _listed(context, archived=True)


def archived_and_restored_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Yield all archived records, then the restored ones: archived in the previous listing or since, and not now.

    A restored record keeps its old modified time, so no search finds it.
    """
    position = context.position or {}
    archived: set[str] = set()
    if position:
        parts = (page for page in _landed(context, context.listing.runs) if page.listing_id == context.listing.id)
        archived = _archived_in(context, parts)
    if "restored" not in position:
        for page in _listed(context, archived=True, at_end={"restored": ""}):
            archived.update(record.id for record in page.checked.records)
            yield page
            del page
    restored = str(position.get("restored", ""))
    earlier = _archived_in(context, _landed(context, context.earlier_runs))
    ids = sorted(identity for identity in earlier - archived if identity > restored)
    for number, chunk in enumerate(portions(ids, READ_BATCH), start=1):
        is_last = chunk[-1] == ids[-1]
        yield replace(_restored(context, chunk, number), position={"restored": chunk[-1]}, is_last=is_last)


def open_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Yield open records again, in order of id, where the account has a calculated property that it maps.

    HubSpot may calculate it anew without a new modified time, so no search finds the change.
    """
    left = open_portions(context, READ_BATCH) if context.has_calculated else ()
    for number, (chunk, position, is_last) in enumerate(left, start=1):
        yield replace(_restored(context, chunk, number), position=position, is_last=is_last)


def whole_list(context: SyncContext[Account]) -> Iterator[Page]:
    """Yield a list that HubSpot returns in one response (pipelines)."""
    call = Call(stream=context.stream.name, path=_path(context))
    answer = context.http.ask(call, _LISTING)
    yield Page(
        checked=validate_records(answer.value.results, context.identify, 1),
        request=f"GET {call.path}",
        is_last=True,
        notes=mended_note(answer.mended),
    )


def read_batch(context: SyncContext[Account], ids: Sequence[str], *, archived: bool, page: int) -> Response[Batch]:
    """Read up to 100 records by id; deleted ones are left out.

    Raises `SourceAnswerUnusableError` where others are left out too: they would count as deleted.
    """
    call = Call(
        stream=context.stream.name,
        method="POST",
        path=f"{_path(context)}/batch/read",
        params={"archived": str(archived).lower()},
        json={
            "inputs": [{"id": identity} for identity in ids],
            "properties": list(context.fields),
            "propertiesWithHistory": [],
        },
        page=page,
    )
    answer = context.http.ask(call, _BATCH)
    refuse_problems(context, answer.value.errors, page)
    return answer


def refuse_problems(context: SyncContext[Account], problems: list[BatchProblem], page: int) -> None:
    """Raise `SourceAnswerUnusableError` if part of a batch failed for other reasons than missing data."""
    for problem in problems:
        words = f"{problem.category} {problem.subCategory}"
        if not any(word in words for word in _NONE_THERE):
            raise SourceAnswerUnusableError(
                f"{context.where}: page {page}: part of a batch was refused ({plain(problem.category)}). Run again; if "
                "it stays, compare with the vendor's docs."
            )


def _path(context: SyncContext[Account]) -> str:
    family, _, rest = context.stream.remote.partition("/")
    return context.account.path(family, f"/{rest}" if rest else "")


def _listed(
    context: SyncContext[Account], *, archived: bool, at_end: Mapping[str, str] | None = None
) -> Iterator[Page]:
    """Yield one of the two lists; at its end the pass continues at `at_end` (None: the pass ends too)."""
    tokens = Tokens(context.where)
    after = str(context.position["after"]) if context.position and context.position.get("after") else None
    for number in itertools.count(1):
        page, following = _list_page(context, after, archived=archived, number=number)
        if following is not None:
            after = tokens.new(following, number)
        is_end = following is None
        yield replace(page, position=at_end if is_end else {"after": after}, is_last=is_end and at_end is None)
        # Release the page before the next one is requested: memory holds one at a time.
        del page
        if following is None:
            return


def _list_page(
    context: SyncContext[Account], after: str | None, *, archived: bool, number: int
) -> tuple[Page, str | None]:
    """Read one page, and the token of the next; None at the end."""
    properties = ",".join(context.fields)
    is_wide = len(properties) > WIDEST_QUERY
    params = {"limit": str(context.account.page_size), "archived": str(archived).lower()}
    params |= {"properties": "hs_object_id" if is_wide else properties} if properties else {}
    params |= {"after": after} if after else {}
    call = Call(stream=context.stream.name, path=_path(context), params=params, page=number)
    answer = context.http.ask(call, _LISTING)
    if answer.value.after() is not None and not answer.value.results:
        # Rare, and not the end. Repeat it once, since a list has no total that would reveal missing records.
        answer = context.http.ask(call, _LISTING)
    checked = validate_records(answer.value.results, context.identify, number)
    if is_wide and checked.records:
        checked = _widened(context, checked, archived=archived, page=number)
    page = Page(checked=checked, request=f"GET {call.path}", notes=mended_note(answer.mended))
    return page, answer.value.after()


def _restored(context: SyncContext[Account], ids: Sequence[str], number: int) -> Page:
    answer = read_batch(context, ids, archived=False, page=number)
    return Page(
        checked=validate_records(answer.value.results, context.identify, number),
        request=f"POST {_path(context)}/batch/read",
        notes=mended_note(answer.mended),
    )


def _widened(context: SyncContext[Account], narrow: ValidatedPage, *, archived: bool, page: int) -> ValidatedPage:
    """Read the listed records again with all their properties; one deleted in between is left out."""
    ids = [record.id for record in narrow.records]
    parts = [
        validate_records(read_batch(context, chunk, archived=archived, page=page).value.results, context.identify, page)
        for chunk in portions(ids, READ_BATCH)
    ]
    return ValidatedPage(
        [record for part in parts for record in part.records],
        [*narrow.rejected, *(bad for part in parts for bad in part.rejected)],
    )


def _landed(context: SyncContext[Account], runs: Iterable[str]) -> Iterator[LandedPage]:
    """Yield the pages of this stream that these runs landed."""
    writer = context.writer
    return writer.landing.pages_of(writer.source, writer.stream, dict.fromkeys(runs))


def _archived_in(context: SyncContext[Account], pages: Iterable[LandedPage]) -> set[str]:
    """Collect the ids of archived records in landed pages."""
    records = (record for page in pages for record in context.writer.landing.records(page))
    return {str(record.id) for record in map(_LIVE.decode, records) if record.archived}
