"""Authentication: a fixed bearer token, or OAuth client credentials whose token is renewed when it expires."""

import threading
from dataclasses import dataclass
from typing import Protocol

import httpx
import msgspec
from pydantic import SecretStr

from connectors.http.origin import linked_url
from connectors.http.request import Call
from definitions.errors import SourceRefusedError, TryAgainError


class TokenAsker(Protocol):
    """Interface of the client for authentication: send a token request and decode its response."""

    def ask_token(self, call: Call) -> "TokenAnswer":
        """Send a token request."""


class TokenAnswer(msgspec.Struct, frozen=True):
    """Response of a token endpoint; other keys are ignored."""

    access_token: str
    instance_url: str | None = None

    def __repr__(self) -> str:
        """Hide the token."""
        return "TokenAnswer('***')"


class Auth(Protocol):
    """Interface of an authentication method."""

    def token(self, asker: TokenAsker) -> str:
        """Return the token to send; fetch one when there is none yet."""

    def renew(self, stale: str, asker: TokenAsker) -> bool:
        """Replace `stale`, which the source just refused; return False where that is impossible."""


@dataclass(frozen=True, slots=True)
class StaticBearer:
    """A token that is created in the vendor's settings and never renewed here."""

    secret: SecretStr

    def token(self, asker: TokenAsker) -> str:  # noqa: ARG002 - the same shape for every kind of authentication
        """Return the configured token."""
        return self.secret.get_secret_value()

    def renew(self, stale: str, asker: TokenAsker) -> bool:  # noqa: ARG002 - as above
        """Return False: only a person can create a new one."""
        return False


class ClientCredentials:
    """OAuth client credentials: a token fetched on first use, and again when refused; threads share one token.

    The response's `instance_url` must have the configured API origin, else `OriginRefusedError`: a token must not be
    sent to a host that nobody configured.
    """

    def __init__(
        self, *, source: str, token_url: httpx.URL, api_url: httpx.URL, client_id: SecretStr, client_secret: SecretStr
    ) -> None:
        self._source = source
        self._token_url = token_url
        self._api_url = api_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._lock = threading.Lock()
        self._token: SecretStr | None = None
        self._failures = 0
        self._failure = ""

    def token(self, asker: TokenAsker) -> str:
        """Return the current token; fetch the first one."""
        failures = self._failures
        with self._lock:
            return self._token.get_secret_value() if self._token else self._fetch(asker, failures)

    def renew(self, stale: str, asker: TokenAsker) -> bool:
        """Fetch another token, unless another thread has done so since `stale` was sent."""
        failures = self._failures
        with self._lock:
            if self._token is None or self._token.get_secret_value() == stale:
                self._fetch(asker, failures)
            return True

    def _fetch(self, asker: TokenAsker, failures: int) -> str:
        """Fetch a token; threads that waited while another thread failed raise the same error instead of retrying."""
        if self._failures != failures:
            raise TryAgainError(self._failure)
        self._token = None
        try:
            return self._request_token(asker)
        except TryAgainError as error:
            self._failures, self._failure = self._failures + 1, str(error)
            raise

    def _request_token(self, asker: TokenAsker) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id.get_secret_value(),
            "client_secret": self._client_secret.get_secret_value(),
        }
        answer = asker.ask_token(Call(stream="sign-in", method="POST", url=self._token_url, form=form))
        if not answer.access_token.strip():
            raise SourceRefusedError(f"{self._source}: the sign-in answered without a token")
        if answer.instance_url is not None:
            linked_url(self._api_url, answer.instance_url, f"{self._source}: sign-in")
        self._token = SecretStr(answer.access_token)
        return answer.access_token
