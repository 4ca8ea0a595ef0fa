"""Requests and answers, apart from any server: what the dialects read and what they say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec

Headers = dict[str, str]
Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, body read whole."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def parameters(self) -> dict[str, list[str]]:
        """Query parameters; a repeated one keeps all its values."""
        values: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            values.setdefault(name, []).append(value)
        return values

    def json(self) -> Json:
        """The body as JSON; raises `msgspec.DecodeError` if it is none."""
        return msgspec.json.decode(self.body or b"{}")

    def token(self) -> str:
        """The bearer token, empty if none was sent."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() if kind.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer; `body` as sent, already encoded."""

    status: int = 200
    body: bytes = b""
    headers: Headers = field(default_factory=dict)
    media_type: str = "application/json;charset=utf-8"


def json_answer(content: Json, *, status: int = 200, headers: Headers | None = None) -> Answer:
    """Answer with JSON."""
    return Answer(status=status, body=msgspec.json.encode(content), headers=headers or {})
