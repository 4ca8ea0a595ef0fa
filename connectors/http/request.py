"""Request to a source, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request; `stream` and `page` (from 1) are for messages, `bucket` names the rate limit it counts against.

    `path` is relative to the configured URL; `link` comes from a response; `url` is only for token requests.
    `json` and `form` are bodies; neither is ever part of a message.
    """

    stream: str
    method: str = "GET"
    path: str = "/"
    link: str | None = None
    url: httpx.URL | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = field(default=None, repr=False)
    bucket: str = "any"
    page: int = 1
