"""Salesforce's token resource: exchanges client credentials for a token that expires without notice."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from sandbox.server.web import Answer, Request, json_answer

ORGANISATION = "00D5g000000CANARY"


@dataclass(slots=True, kw_only=True)
class Sessions:
    """Issued tokens and when each expires (seconds of a monotonic clock); `lifetime` null means never."""

    client_id: str
    client_secret: str
    monotonic: Callable[[], float]
    lifetime: float | None = None
    ends: dict[str, float] = field(default_factory=dict)

    def holds(self, token: str) -> bool:
        """Whether the token is valid."""
        return self.ends.get(token, 0.0) > self.monotonic()

    def answer(self, request: Request, issued_at: int) -> Answer:
        """Answer a token request; there is no `expires_in`, as in the live service."""
        parameters = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        credentials = _basic(request.headers.get("authorization", ""))
        client_id, secret = credentials or (parameters.get("client_id", ""), parameters.get("client_secret", ""))
        if request.method != "POST" or parameters.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type", "grant type not supported")
        if client_id != self.client_id:
            return _refused("invalid_client_id", "client identifier invalid")
        if secret != self.client_secret:
            return _refused("invalid_client", "invalid client credentials")
        base = f"http://{request.headers.get('host', '127.0.0.1')}"
        return json_answer(
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
    return json_answer({"error": error, "error_description": description}, status=400)
