"""Cursor pagination: each response holds records and the cursor of the next page; the last one has no cursor."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import msgspec

from connectors.http.request import Call
from connectors.json_text import mended_note
from connectors.landing.envelope import validate_records
from connectors.stream import Page, SyncContext, Tokens
from definitions.errors import SourceAnswerUnusableError

_ANSWER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RECORDS = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorPages:
    """GET the stream's path, page by page, with the account's `page_size`.

    `records` is the key of the response's list; `cursor` the dotted path of the next page's token; `cursor_parameter`
    and `size_parameter` name the request parameters. `since_parameter` requests the changes at or after a moment
    (ISO 8601, UTC); without it every listing is full.
    """

    records: str
    cursor: str
    cursor_parameter: str = "cursor"
    size_parameter: str = "limit"
    since_parameter: str | None = None

    def __call__(self, context: SyncContext[Any]) -> Iterator[Page]:
        """Yield the pages; raises `SourceAnswerUnusableError` where a response has no list or a cursor repeats."""
        tokens = Tokens(context.where)
        cursor = str(context.position["cursor"]) if context.position else None
        for number in itertools.count(1):
            call = Call(
                stream=context.stream.name,
                path=context.stream.remote,
                params=self._params(context, cursor),
                page=number,
            )
            answer = context.http.ask(call, _ANSWER)
            try:
                records = _RECORDS.decode(answer.value[self.records])
                following = self._next(answer.value)
            except (KeyError, msgspec.DecodeError):
                raise SourceAnswerUnusableError(
                    f"{context.where}: page {number}: the answer has no list {self.records!r}, or no cursor as agreed. "
                    "Compare it with the vendor's docs."
                ) from None
            cursor = None if following is None else tokens.new(following, number)
            yield Page(
                checked=validate_records(records, context.identify, number),
                request=f"GET {call.path}",
                position=None if cursor is None else {"cursor": cursor},
                is_last=cursor is None,
                notes=mended_note(answer.mended),
            )
            if cursor is None:
                return

    def _params(self, context: SyncContext[Any], cursor: str | None) -> dict[str, str]:
        params = {self.size_parameter: str(context.account.page_size)}
        if self.since_parameter is not None and context.since is not None:
            params[self.since_parameter] = context.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return params if cursor is None else params | {self.cursor_parameter: cursor}

    def _next(self, answer: dict[str, msgspec.Raw]) -> object:
        """Return the token of the next page; None on the last page."""
        found: Any = {name: msgspec.json.decode(raw) for name, raw in answer.items() if name != self.records}
        for step in self.cursor.split("."):
            found = found.get(step) if isinstance(found, dict) else None
        return str(found) if isinstance(found, int) else found
