"""Salesforce's query resource: windows of SystemModstamp, pages behind a locator, and a way on when that dies."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from connectors.http.client import Response
from connectors.http.request import Call
from connectors.http.status_errors import CallRefusedError
from connectors.json_text import mended_note
from connectors.landing.envelope import RawRecord, Scalar, clean_id, validate_records
from connectors.salesforce.account import Account
from connectors.stream import Page, SyncContext, Tokens
from definitions.errors import SourceAnswerUnusableError

# Locators live two days; an org may also drop the oldest.
_LOCATOR_DIED = frozenset({"INVALID_QUERY_LOCATOR", "QUERY_TIMEOUT"})


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
    """Identify a row; every field is a scalar but `attributes`."""
    row = _RECORD.decode(raw)
    identity = row.get("Id")
    return clean_id(identity if isinstance(identity, str) else ""), str(row.get("SystemModstamp") or "")


def settled_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Rows changed from `visit.since` up to the trail, deleted ones too, in order of (SystemModstamp, Id)."""
    bounds = [f"SystemModstamp >= {_literal(context.since)}"] if context.since else []
    yield from _walked(context, [*bounds, f"SystemModstamp < {_literal(context.until)}"])


def fresh_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Rows newer than the trail: they land now, and are asked again next time, when they are complete."""
    yield from _walked(context, [f"SystemModstamp >= {_literal(context.until)}"])


def all_pages(context: SyncContext[Account]) -> Iterator[Page]:
    """Every row in order of Id, where an object is small and keeps no useful modified time."""
    after = f" WHERE Id > '{_quoted(context.position['id'])}'" if context.position else ""
    for page in _query(context, f"{_select(context)}{after} ORDER BY Id", "query", 0):
        records = page.checked.records
        yield replace(page, position={"id": records[-1].id} if records else None)
        del page


def _walked(context: SyncContext[Account], bounds: list[str]) -> Iterator[Page]:
    """Walk a window; where the locator dies, ask again for what comes after the last row seen."""
    reached = context.position
    asked_from: Mapping[str, Any] | None = None
    number = 0
    while True:
        try:
            for page in _query(context, _soql(context, bounds, reached), "queryAll", number):
                number += 1
                reached = _last(page.checked.records) or reached
                yield replace(page, position=reached)
                # Let go before the next is asked for: one page at a time is held.
                del page
        except CallRefusedError as error:
            if error.code not in _LOCATOR_DIED or reached in (None, asked_from):
                raise
            asked_from = reached
        else:
            return


def _soql(context: SyncContext[Account], bounds: list[str], reached: Mapping[str, Any] | None) -> str:
    where = list(bounds)
    if reached:
        stamp, identity = _literal(datetime.fromisoformat(reached["modstamp"])), reached["id"]
        where.append(f"(SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > '{_quoted(identity)}'))")
    return f"{_select(context)} WHERE {' AND '.join(where)} ORDER BY SystemModstamp, Id"


def _select(context: SyncContext[Account]) -> str:
    """Begin a query; its names are declared here or described by the org, and are plain words."""
    return f"SELECT {', '.join(context.fields)} FROM {context.stream.remote}"  # noqa: S608 - plain words only, see above


def _query(context: SyncContext[Account], soql: str, resource: str, before: int) -> Iterator[Page]:
    """Follow one query to its end; `before` pages came from earlier ones. Fewer rows than announced is an error."""
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
        # The records are copies: the answer's body goes before they are packed, they before the next is asked for.
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
    """Where a page ends, if its last row can be told."""
    if not records:
        return None
    try:
        datetime.fromisoformat(records[-1].version)
    except ValueError:
        return None
    return {"modstamp": records[-1].version, "id": records[-1].id}


def _literal(moment: datetime) -> str:
    """Write a moment as SOQL does: UTC, whole seconds, as Salesforce keeps them."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _quoted(identity: str) -> str:
    return identity.replace("\\", "\\\\").replace("'", "\\'")
