"""Salesforce's token resource: client credentials in, a token out that ends without notice."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from sandbox.server.web import Answer, Request, says

ORGANISATION = "00D5g000000CANARY"


@dataclass(slots=True, kw_only=True)
class Sessions:
    """Tokens given out and when each ends (seconds of a clock that never jumps); `lifetime` null is for ever."""

    client_id: str
    client_secret: str
    monotonic: Callable[[], float]
    lifetime: float | None = None
    ends: dict[str, float] = field(default_factory=dict)

    def holds(self, token: str) -> bool:
        """Whether the token is still good."""
        return self.ends.get(token, 0.0) > self.monotonic()

    def answer(self, request: Request, issued_at: int) -> Answer:
        """Answer a token request; there is no `expires_in`, as in the live service."""
        asked = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        given = _basic(request.headers.get("authorization", ""))
        client_id, secret = given or (asked.get("client_id", ""), asked.get("client_secret", ""))
        if request.method != "POST" or asked.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type", "grant type not supported")
        if client_id != self.client_id:
            return _refused("invalid_client_id", "client identifier invalid")
        if secret != self.client_secret:
            return _refused("invalid_client", "invalid client credentials")
        base = f"http://{request.headers.get('host', '127.0.0.1')}"
        return says(
            {
                "access_token": self._open(),
                "signature": "c2FuZGJveA==",
                "scope": "api",
                "instance_url": base,
                "id": f"{base}/id/{ORGANISATION}/0055g00000000oMAAQ",
                "token_type": "Bearer",
                "issued_at": str(issued_at),
            }
        )

    def _open(self) -> str:
        token = f"{ORGANISATION}!AQsandbox.{len(self.ends) + 1:06d}"
        self.ends[token] = self.monotonic() + self.lifetime if self.lifetime else float("inf")
        return token


def _basic(header: str) -> tuple[str, str] | None:
    kind, _, coded = header.partition(" ")
    if kind.lower() != "basic":
        return None
    name, _, secret = base64.b64decode(coded).decode("utf-8", "replace").partition(":")
    return name, secret


def _refused(error: str, description: str) -> Answer:
    return says({"error": error, "error_description": description}, status=400)
