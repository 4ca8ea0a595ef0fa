"""Scripted faults: the next answers to requests whose path contains a text fail in a named way."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox.server.limits import too_many
from sandbox.server.spoiled_pages import PAGE_FAULTS, spoiled_page
from sandbox.server.web import Answer, Request, json_answer

MAINTENANCE = (
    b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>"
)
ANSWER_FAULTS = (
    *("429", "500", "502", "503", "504"),
    *("html", "empty", "truncated_json", "truncated_gzip", "short_gzip"),
    *("expired_token", "forbidden", "daily_limit"),
)
# What happens to the connection, rather than to the answer.
CONNECTION_FAULTS = ("reset", "cut", "stall")
KINDS = (*ANSWER_FAULTS, *CONNECTION_FAULTS, *PAGE_FAULTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One script: `skip` matching requests are answered normally, the next `times` requests fail."""

    kind: str
    path: str = ""
    times: int = 1
    skip: int = 0
    retry_after: str | None = None


class FaultScript:
    """The pending faults, in order."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, faults: list[Fault]) -> None:
        """Add to the script; raises `ValueError` on an unknown kind."""
        for fault in faults:
            if fault.kind not in KINDS:
                raise ValueError(f"unknown fault {fault.kind!r}; known are {', '.join(KINDS)}")
        self.waiting += faults

    def next_for(self, path: str) -> Fault | None:
        """Return the fault that applies to this request, and count it as used."""
        for index, fault in enumerate(self.waiting):
            if fault.path not in path:
                continue
            if fault.skip:
                self.waiting[index] = replace(fault, skip=fault.skip - 1)
                return None
            if fault.times > 1:
                self.waiting[index] = replace(fault, times=fault.times - 1)
            else:
                del self.waiting[index]
            return fault
        return None


def spoiled(fault: Fault, request: Request, well: Callable[[], Answer]) -> Answer:
    """Apply the fault to an answer; `well` computes the normal answer."""
    salesforce = request.path.startswith("/services")
    if fault.kind in PAGE_FAULTS:
        return spoiled_page(fault.kind, request, well())
    if fault.kind in ("html", "empty"):
        body = MAINTENANCE if fault.kind == "html" else b""
        return Answer(body=body, media_type="text/html;charset=utf-8" if fault.kind == "html" else "application/json")
    if fault.kind in ("truncated_gzip", "short_gzip", "truncated_json"):
        return _truncated(fault, well())
    if fault.kind == "expired_token":
        return _expired(salesforce=salesforce)
    if fault.kind in ("forbidden", "daily_limit"):
        return _refused(fault, salesforce=salesforce)
    headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
    answer = (
        too_many("TEN_SECONDLY_ROLLING", "ten_secondly_rolling")
        if fault.kind == "429"
        else _down(int(fault.kind), salesforce=salesforce)
    )
    return replace(answer, headers=headers)


def _truncated(fault: Fault, answer: Answer) -> Answer:
    if fault.kind == "truncated_json":
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    packed = gzip.compress(answer.body, mtime=0)
    left = packed[:-8] if fault.kind == "short_gzip" else packed[: len(packed) // 2]
    return replace(answer, body=left, headers={**answer.headers, "Content-Encoding": "gzip"})


def _expired(*, salesforce: bool) -> Answer:
    if salesforce:
        return json_answer([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}], status=401)
    body = {
        "status": "error",
        "message": "The OAuth token used to make this call expired.",
        "category": "EXPIRED_AUTHENTICATION",
    }
    return json_answer({**body, "correlationId": "a9f8c4a1-6f4f-4c5e-9f0e-2d6c3c1e7b10"}, status=401)


def _refused(fault: Fault, *, salesforce: bool) -> Answer:
    if fault.kind == "daily_limit":
        if salesforce:
            return json_answer(
                [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}], status=403
            )
        return too_many("DAILY", "daily")
    if salesforce:
        return json_answer(
            [{"message": "insufficient access rights on object", "errorCode": "INSUFFICIENT_ACCESS"}], status=403
        )
    message = "This app hasn't been granted all required scopes to make this call."
    return json_answer(
        {"status": "error", "message": message, "category": "MISSING_SCOPES", "correlationId": "0"}, status=403
    )


def _down(status: int, *, salesforce: bool) -> Answer:
    if salesforce:
        return json_answer([{"message": "Server is unavailable", "errorCode": "SERVER_UNAVAILABLE"}], status=status)
    return json_answer(
        {"status": "error", "message": "Service temporarily unavailable", "category": "INTERNAL"}, status=status
    )
