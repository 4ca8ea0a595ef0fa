"""Salesforce query resource: windows of SystemModstamp, pages by query locator, and recovery of an expired locator."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import msgspec

from connectors.http.client import Response
from connectors.http.request import Call
from connectors.http.status_errors import CallRefusedError
from connectors.json_text import mended_note
from connectors.landing.envelope import RawRecord, Scalar, clean_id, validate_records
from connectors.salesforce.account import Account
from connectors.stream import Page, SyncContext, Tokens, open_portions
from definitions.errors import SourceAnswerUnusableError

# Characters of a query in a URL, which must stay under 16,384 bytes with its host and the headers; of an id in it.
_WIDEST_QUERY = 15_000
_QUOTED_ID = len(quote_plus("'006000000000000AAA', "))
# Locators expire after two days; an org may also drop the oldest.
_LOCATOR_EXPIRED = frozenset({"INVALID_QUERY_LOCATOR", "QUERY_TIMEOUT"})


class Rows(msgspec.Struct, frozen=True):
    """A page of a query."""

    records: list[msgspec.Raw]
    done: bool
    totalSize: int  # noqa: N815 - Salesforce's own key
    nextRecordsUrl: str | None = None  # noqa: N815 - as above


class _Attributes(msgspec.Struct, frozen=True):
    type: str


_ROWS = msgspec.json.Decoder(Rows)
_RECORD = msgspec.json.Decoder(dict[str, Scalar | _Attributes])


def row_identity(raw: msgspec.Raw) -> tuple[str, str]:
    """Return id and version of a row; every field is a scalar but `attributes`."""
    row = _RECORD.decode(raw)
    identity = row.get("Id")
    return clean_id(identity if isinstance(identity, str) else ""), str(row.get("SystemModstamp") or "")


def settled_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Yield rows changed from `context.since` up to the watermark, with deleted ones, by (SystemModstamp, Id)."""
    bounds = [f"SystemModstamp >= {_literal(context.since)}"] if context.since else []
    yield from _walked(context, [*bounds, f"SystemModstamp < {_literal(context.watermark)}"])


def fresh_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Yield rows from the watermark on: they land now, and again with the next pull, when they are complete."""
    yield from _walked(context, [f"SystemModstamp >= {_literal(context.watermark)}"])


def open_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Yield open records again, in order of Id, where the org calculates one of the fields.

    A formula, roll-up or cross-object field changes with another record, and SystemModstamp does not.
    """
    select = _select(context)
    at_once = max(1, (_WIDEST_QUERY - len(quote_plus(select))) // _QUOTED_ID)
    left = open_portions(context, at_once) if context.has_calculated else ()
    for number, (chunk, position, is_last) in enumerate(left):
        named = ", ".join(f"'{_quoted(identity)}'" for identity in chunk)
        for page in _query(context, f"{select} WHERE Id IN ({named}) ORDER BY Id", "query", number):
            # A query that goes on behind a locator is resumed at its first id.
            yield replace(page, position=position if page.is_last else None, is_last=page.is_last and is_last)
            del page


def all_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Yield all rows in order of Id, for a small object without a useful modified time."""
    after = f" WHERE Id > '{_quoted(context.position['id'])}'" if context.position else ""
    for page in _query(context, f"{_select(context)}{after} ORDER BY Id", "query", 0):
        records = page.checked.records
        yield replace(page, position={"id": records[-1].id} if records else None)
        del page


def _walked(context: SyncContext[Account], bounds: list[str]) -> Iterator[Page]:
    """Walk a window; where the locator expires, start a new query after the last row."""
    reached = context.position
    retried_from: Mapping[str, Any] | None = None
    number = 0
    while True:
        try:
            for page in _query(context, _soql(context, bounds, reached), "queryAll", number):
                number += 1
                reached = _last(page.checked.records) or reached
                yield replace(page, position=reached)
                # Release the page before the next one is requested: memory holds one at a time.
                del page
        except CallRefusedError as error:
            if error.code not in _LOCATOR_EXPIRED or reached in (None, retried_from):
                raise
            retried_from = reached
        else:
            return


def _soql(context: SyncContext[Account], bounds: list[str], reached: Mapping[str, Any] | None) -> str:
    where = list(bounds)
    if reached:
        stamp, identity = _literal(datetime.fromisoformat(reached["modstamp"])), reached["id"]
        where.append(f"(SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > '{_quoted(identity)}'))")
    return f"{_select(context)} WHERE {' AND '.join(where)} ORDER BY SystemModstamp, Id"


def _select(context: SyncContext[Account]) -> str:
    """Build the SELECT clause; its names are declared here or described by the org, and are plain words."""
    return f"SELECT {', '.join(context.fields)} FROM {context.stream.remote}"  # noqa: S608 - plain words only, see above


def _query(context: SyncContext[Account], soql: str, resource: str, before: int) -> Iterator[Page]:
    """Yield all pages of one query, numbered after `before` earlier ones; fewer rows than announced are an error."""
    tokens, came = Tokens(context.where), 0
    link: str | None = None
    for number in itertools.count(before + 1):
        answer = _ask(context, soql, resource, link, number)
        rows = answer.value
        came += len(rows.records)
        if not rows.done:
            link = tokens.new(rows.nextRecordsUrl, number)
        elif came < rows.totalSize:
            raise SourceAnswerUnusableError(
                f"{context.where}: page {number}: {rows.totalSize} rows were announced, {came} came. Run again."
            )
        is_last = rows.done
        page = Page(
            checked=validate_records(rows.records, context.identify, number),
            request=f"GET {context.account.path(f'/{resource}')}",
            is_last=is_last,
            notes=mended_note(answer.mended),
        )
        # Records are copies: release the response before they are packed, and the page before the next request.
        del answer, rows
        yield page
        del page
        if is_last:
            return


def _ask(context: SyncContext[Account], soql: str, resource: str, link: str | None, number: int) -> Response[Rows]:
    call = Call(
        stream=context.stream.name,
        path=context.account.path(f"/{resource}"),
        link=link,
        params={} if link else {"q": soql},
        headers={"Sforce-Query-Options": f"batchSize={context.account.page_size}"},
        page=number,
    )
    return context.http.ask(call, _ROWS)


def _last(records: list[RawRecord]) -> dict[str, str] | None:
    """Return the position of the last row; None for an empty page or an unreadable time."""
    if not records:
        return None
    try:
        datetime.fromisoformat(records[-1].version)
    except ValueError:
        return None
    return {"modstamp": records[-1].version, "id": records[-1].id}


def _literal(moment: datetime) -> str:
    """Format a moment for SOQL: UTC, whole seconds, as Salesforce stores them."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _quoted(identity: str) -> str:
    return identity.replace("\\", "\\\\").replace("'", "\\'")
