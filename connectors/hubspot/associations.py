"""HubSpot's associations: asked for the records this run landed, one record landed for each of them."""

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
from connectors.stream import Page, SyncContext, Tokens

_BATCH = msgspec.json.Decoder(Batch)
_LIVE = msgspec.json.Decoder(Live)
_ASSOCIATIONS = msgspec.json.Decoder(Associations)


def association_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Associations of every live record of `stream.after` landed by the runs in `visit.seen_in`.

    A record without any gets `{"from": …, "to": []}`, for HubSpot leaves it out: so the ones it had are known gone.
    A listing that was left is gone on with for the runs it followed, then for those that have landed since.
    """
    position = context.position or {"runs": context.seen_in, "last": None}
    runs, last = tuple(position["runs"]), position["last"]
    numbers = itertools.count(1)
    yield from _pages(context, runs, last, numbers)
    later = tuple(run for run in context.seen_in if run > max(runs, default=""))
    yield from _pages(context, later, None, numbers)


def _pages(
    context: SyncContext[Account], runs: Sequence[str], last: str | None, numbers: Iterator[int]
) -> Iterator[Page]:
    """Associations of the records landed by these runs, from the one behind `last` on (null: from the first)."""
    ids = _landed_ids(context, runs)
    place = None if last is None else ids.index_of(last)
    done = 0 if place is None else place + 1
    for start in range(done, ids.len(), context.account.association_batch):
        yield _page(context, ids.slice(start, context.account.association_batch).to_list(), runs, next(numbers))


def _page(context: SyncContext[Account], ids: list[str], runs: Sequence[str], number: int) -> Page:
    checked, notes = _read(context, ids, number)
    position = {"runs": list(runs), "last": ids[-1]}
    return Page(checked=checked, request=f"POST {_path(context)}", position=position, notes=notes)


def _path(context: SyncContext[Account]) -> str:
    return context.account.path("associations", f"/{context.stream.remote}/batch/read")


def _landed_ids(context: SyncContext[Account], runs: Sequence[str]) -> pl.Series:
    """Ids in the order first landed, which is the same whenever the runs are read again.

    Of ids a pull holds as many as there are records, and of nothing else: so they are a series, about 16 bytes each.
    """
    landing, source = context.writer.landing, context.writer.source
    pages = landing.pages_of(source, context.stream.after or "", runs)
    parts = [pl.Series("id", _live_ids(landing.records(page)), pl.String) for page in pages]
    return pl.concat([pl.Series("id", [], pl.String), *parts]).unique(maintain_order=True)


def _live_ids(records: Iterable[bytes]) -> list[str]:
    return [str(record.id) for record in map(_LIVE.decode, records) if not record.archived]


def _read(context: SyncContext[Account], ids: Sequence[str], number: int) -> tuple[ValidatedPage, tuple[str, ...]]:
    """Associations of up to 1,000 records, in the order asked, each whole even where HubSpot pages them."""
    found: dict[str, list[Associations]] = {}
    whole: dict[str, bytes] = {}
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
        for seen in checked.records:
            part = _ASSOCIATIONS.decode(seen.raw)
            whole[seen.id] = seen.raw
            found.setdefault(seen.id, []).append(part)
            if (after := part.after()) is not None:
                wanted.append({"id": seen.id, "after": tokens.new(after, number, of=seen.id)})
    # Where an answer could not be read, nobody knows whose it was: then silence proves nothing.
    silent: dict[str, list[Associations]] = {} if rejected else {identity: [] for identity in ids}
    good = [_seen(identity, parts, whole) for identity, parts in (silent | found).items()]
    return ValidatedPage(good, rejected), mended_note(mended)


def _seen(identity: str, parts: list[Associations], whole: dict[str, bytes]) -> RawRecord:
    if len(parts) == 1:
        return RawRecord(whole[identity], identity, "")
    to = [other for part in parts for other in part.to]
    return RawRecord(msgspec.json.encode({"from": {"id": identity}, "to": to}), identity, "")
