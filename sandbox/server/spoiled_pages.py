"""Pages that are well-formed and wrong: the faults of paging, done to a good answer of either dialect."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from sandbox.server.web import Answer, Request

SHORT_BY = 20
Page = dict[str, Any]


def _records(page: Page) -> str:
    return "results" if "results" in page else "records"


def _empty_object(_page: Page, _request: Request) -> Page:
    """Nothing at all, but valid JSON."""
    return {}


def _empty_page(page: Page, _request: Request) -> Page:
    """No records, though the cursor goes on."""
    return {**page, _records(page): []}


def _short_page(page: Page, _request: Request) -> Page:
    """The last records of the page are missing, without a word."""
    return {**page, _records(page): page[_records(page)][:-SHORT_BY]}


def _repeated_records(page: Page, _request: Request) -> Page:
    """The first record comes three times."""
    return {**page, _records(page): [*page[_records(page)][:1] * 2, *page[_records(page)]]}


def _repeated_cursor(page: Page, request: Request) -> Page:
    """The cursor leads back to the page just read."""
    if "records" in page:
        return {**page, "done": False, "nextRecordsUrl": request.path}
    parameters = request.parameters().get("after") or [str(request.json().get("after", 0)) if request.body else "0"]
    return {**page, "paging": {"next": {"after": parameters[0]}}}


def _missing_cursor(page: Page, _request: Request) -> Page:
    """More is promised, but no cursor is given."""
    if "records" in page:
        return {key: value for key, value in {**page, "done": False}.items() if key != "nextRecordsUrl"}
    return {**page, "paging": {}}


PAGE_FAULTS: dict[str, Callable[[Page, Request], Page]] = {
    "empty_object": _empty_object,
    "empty_page": _empty_page,
    "short_page": _short_page,
    "repeated_records": _repeated_records,
    "repeated_cursor": _repeated_cursor,
    "missing_cursor": _missing_cursor,
}


def spoiled_page(kind: str, request: Request, answer: Answer) -> Answer:
    """The good answer with one thing wrong; an answer that is no page of records stays as it is."""
    page = msgspec.json.decode(answer.body)
    if not isinstance(page, dict) or _records(page) not in page:
        return answer
    return replace(answer, body=msgspec.json.encode(PAGE_FAULTS[kind](page, request)))
