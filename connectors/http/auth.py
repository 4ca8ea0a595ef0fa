"""Who we are to a source: a fixed bearer token, or one fetched with client credentials and renewed when it expires."""

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
    """The one thing authentication needs of the client: to send a call and decode its answer."""

    def ask_token(self, call: Call) -> "TokenAnswer":
        """Send a token request."""


class TokenAnswer(msgspec.Struct, frozen=True):
    """What a token endpoint answers; other keys are ignored."""

    access_token: str
    instance_url: str | None = None

    def __repr__(self) -> str:
        """Show nothing of the token."""
        return "TokenAnswer('***')"


class Auth(Protocol):
    """How requests of a source are signed."""

    def token(self, asker: TokenAsker) -> str:
        """Give the token to send, fetching one when there is none yet."""

    def renew(self, stale: str, asker: TokenAsker) -> bool:
        """Replace `stale`, which the source just refused; False when there is no way to."""


@dataclass(frozen=True, slots=True)
class StaticBearer:
    """A token that is made in the vendor's settings and never renewed by us."""

    secret: SecretStr

    def token(self, asker: TokenAsker) -> str:  # noqa: ARG002 - the same shape for every kind of authentication
        """Give the configured token."""
        return self.secret.get_secret_value()

    def renew(self, stale: str, asker: TokenAsker) -> bool:  # noqa: ARG002 - as above
        """Say no: only a person can make a new one."""
        return False


class ClientCredentials:
    """OAuth client credentials: fetched on first use, again when refused; threads share one token.

    The answer's `instance_url` must be of the configured API origin, else `OriginRefusedError`: a token must not be
    sent to a host nobody configured.
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
        """Give the current token, fetching the first one."""
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
        """Fetch a token; threads that waited while another failed fail with it, and do not begin to wait anew."""
        if self._failures != failures:
            raise TryAgainError(self._failure)
        self._token = None
        try:
            return self._asked(asker)
        except TryAgainError as error:
            self._failures, self._failure = self._failures + 1, str(error)
            raise

    def _asked(self, asker: TokenAsker) -> str:
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
