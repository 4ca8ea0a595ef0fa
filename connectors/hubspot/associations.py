"""HubSpot associations: requested for the records that this run landed, and landed as one record for each."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import polars as pl

from connectors.http.request import Call
from connectors.hubspot.account import Account
from connectors.hubspot.lists import refuse_problems
from connectors.hubspot.responses import Associations, Batch, Live
from connectors.json_text import mended_note
from connectors.landing.envelope import RawRecord, ValidatedPage, validate_records
from connectors.landing.reader import Rejected
from connectors.stream import Page, SyncContext, Tokens, open_portions

_BATCH = msgspec.json.Decoder(Batch)
_LIVE = msgspec.json.Decoder(Live)
_ASSOCIATIONS = msgspec.json.Decoder(Associations)


def association_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Yield the associations of every live record of `stream.after` that the runs in `context.seen_in` landed.

    A record without associations, which HubSpot leaves out, gets `{"from": …, "to": []}`: this deletes earlier ones.
    A resumed listing continues with the runs it followed, then with those that have landed since.
    """
    position = context.position or {"runs": context.seen_in, "last": None}
    runs, last = tuple(position["runs"]), position["last"]
    numbers = itertools.count(1)
    yield from _pages(context, runs, last, numbers)
    later = tuple(run for run in context.seen_in if run > max(runs, default=""))
    yield from _pages(context, later, None, numbers)


def open_association_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Yield the associations of open records that no run in `context.seen_in` landed.

    An association may change without the modified time of either record, so no search finds it.
    """
    landed = _landed_ids(context, context.seen_in)
    left = open_portions(context, context.account.association_batch, without=landed)
    for number, (chunk, position, is_last) in enumerate(left, start=1):
        checked, notes = _read(context, chunk, number)
        yield Page(checked=checked, request=f"POST {_path(context)}", position=position, is_last=is_last, notes=notes)


def _pages(
    context: SyncContext[Account], runs: Sequence[str], last: str | None, numbers: Iterator[int]
) -> Iterator[Page]:
    """Yield the associations of the records landed by these runs, from the one after `last` on (None: the first)."""
    ids = _landed_ids(context, runs)
    index = None if last is None else ids.index_of(last)
    done = 0 if index is None else index + 1
    for start in range(done, ids.len(), context.account.association_batch):
        yield _page(context, ids.slice(start, context.account.association_batch).to_list(), runs, next(numbers))


def _page(context: SyncContext[Account], ids: list[str], runs: Sequence[str], number: int) -> Page:
    checked, notes = _read(context, ids, number)
    position = {"runs": list(runs), "last": ids[-1]}
    return Page(checked=checked, request=f"POST {_path(context)}", position=position, notes=notes)


def _path(context: SyncContext[Account]) -> str:
    return context.account.path("associations", f"/{context.stream.remote}/batch/read")


def _landed_ids(context: SyncContext[Account], runs: Sequence[str]) -> pl.Series:
    """Return the ids in the order first landed, the same whenever the runs are read again.

    All ids of a pull are in memory at once: a series takes about 16 bytes each.
    """
    landing, source = context.writer.landing, context.writer.source
    pages = landing.pages_of(source, context.stream.after or "", runs)
    parts = [pl.Series("id", _live_ids(landing.records(page)), pl.String) for page in pages]
    return pl.concat([pl.Series("id", [], pl.String), *parts]).unique(maintain_order=True)


def _live_ids(records: Iterable[bytes]) -> list[str]:
    return [str(record.id) for record in map(_LIVE.decode, records) if not record.archived]


def _read(context: SyncContext[Account], ids: Sequence[str], number: int) -> tuple[ValidatedPage, tuple[str, ...]]:
    """Read the associations of up to 1,000 records, in the requested order, all pages of each record joined."""
    found: dict[str, list[Associations]] = {}
    raw_by_id: dict[str, bytes] = {}
    rejected: list[Rejected] = []
    tokens, mended = Tokens(context.where), 0
    wanted = [{"id": identity} for identity in ids]
    while wanted:
        call = Call(
            stream=context.stream.name, method="POST", path=_path(context), json={"inputs": wanted}, page=number
        )
        answer = context.http.ask(call, _BATCH)
        refuse_problems(context, answer.value.errors, number)
        mended += answer.mended
        checked = validate_records(answer.value.results, context.identify, number)
        rejected += checked.rejected
        wanted = []
        for record in checked.records:
            part = _ASSOCIATIONS.decode(record.raw)
            raw_by_id[record.id] = record.raw
            found.setdefault(record.id, []).append(part)
            if (after := part.after()) is not None:
                wanted.append({"id": record.id, "after": tokens.new(after, number, of=record.id)})
    # A rejected record may belong to any id: then a missing id need not be without associations.
    missing: dict[str, list[Associations]] = {} if rejected else {identity: [] for identity in ids}
    good = [_joined(identity, parts, raw_by_id) for identity, parts in (missing | found).items()]
    return ValidatedPage(good, rejected), mended_note(mended)


def _joined(identity: str, parts: list[Associations], raw_by_id: dict[str, bytes]) -> RawRecord:
    if len(parts) == 1:
        return RawRecord(raw_by_id[identity], identity, "")
    to = [other for part in parts for other in part.to]
    return RawRecord(msgspec.json.encode({"from": {"id": identity}, "to": to}), identity, "")
