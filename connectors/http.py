"""The one HTTP client: what it asks, how it waits, and when it gives up, for every source alike."""

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar

import httpx
import msgspec

from connectors.auth import Auth, TokenAnswer
from connectors.call import Call
from connectors.deadline import Deadline, transport_with
from connectors.json_text import decode
from connectors.origin import linked_url, origin_of, own_url
from connectors.pace import Clock, Gate, Patience, Rate
from connectors.refusals import CallRefusedError, ReadError, http_date, is_worth_waiting, plain_type, wait_seconds
from connectors.whole_body import Limits, read_whole
from definitions.crash_points import crash_point
from definitions.errors import ConfigurationError, SourceAnswerUnusableError, SourceRefusedError, TryAgainError

logger = logging.getLogger(__name__)

T = TypeVar("T")
_UNAUTHORISED, _FORBIDDEN = 401, 403
# A sign-in that knows what it was asked says no with these.
_SIGN_IN_REFUSED = frozenset({400, _UNAUTHORISED, _FORBIDDEN})


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A whole answer, decoded; `source_now` is the source's own clock (its Date header)."""

    value: T
    source_now: datetime | None
    mended: int


@dataclass(frozen=True, slots=True)
class _Received:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Http:
    """Asks one source, from any number of threads, within its rates and never outside its origin.

    Every request here only reads, so each may be repeated. Nothing is logged but method, path, status and size.
    """

    def __init__(
        self,
        *,
        source: str,
        base_url: httpx.URL,
        auth: Auth,
        read_error: ReadError,
        rates: Mapping[str, Rate],
        limits: Limits,
        clock: Clock,
        proxy: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        # Their INFO and DEBUG lines hold whole URLs and header values.
        for chatty in ("httpx", "httpcore"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        self.source = source
        self._base_url = base_url
        self._auth = auth
        self._read_error = read_error
        self._limits = limits
        self._clock = clock
        self._gate = Gate(rates, clock)
        self._deadline = Deadline(clock.monotonic)
        self._client = httpx.Client(
            transport=transport or transport_with(self._deadline, proxy),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "bantam"},
            timeout=limits.idle_seconds,
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def ask(self, call: Call, decoder: msgspec.json.Decoder[T]) -> Answer[T]:
        """Send a call until it is answered whole and in the agreed shape.

        Raises `TryAgainError` when the source stays busy or away for the retry budget, `SourceRefusedError` for
        credentials, scope or daily quota, `ConfigurationError` where nobody signs in or the token cannot be sent,
        `CallRefusedError` for a request it calls wrong, `SourceAnswerUnusableError` for an answer of another shape,
        `OriginRefusedError` for a foreign link.
        """
        url = self._locate(call)
        patience = Patience(self._limits.retry_budget_seconds, self._clock)
        renewed, unusable = False, 0
        while True:
            token = None if call.form is not None else self._auth.token(self)
            self._gate.wait(call.lane)
            try:
                received = self._exchange(call, url, token)
            except TryAgainError as error:
                self._clock.sleep(self._next_wait(call, patience, str(error), None))
                continue
            if received.status in range(200, 300):
                answer = _decoded(received, decoder)
                if answer is not None:
                    return answer
                unusable += 1
                self._shape_is_wrong(call, received, patience, unusable)
            elif received.status == _UNAUTHORISED and token and not renewed and self._auth.renew(token, self):
                renewed = True
            else:
                self._not_answered(call, url, received, patience)

    def ask_token(self, call: Call) -> TokenAnswer:
        """Send a token request; same patience, no bearer token of its own."""
        return self.ask(call, msgspec.json.Decoder(TokenAnswer)).value

    def _where(self, call: Call) -> str:
        return f"{self.source}: {call.stream}: page {call.page}"

    def _locate(self, call: Call) -> httpx.URL:
        if call.url is not None:
            return call.url
        if call.link is not None:
            return linked_url(self._base_url, call.link, self._where(call))
        return own_url(self._base_url, call.path)

    def _exchange(self, call: Call, url: httpx.URL, token: str | None) -> _Received:
        """Send once and read to the end; `TryAgainError` says why it did not work this time."""
        headers = {**call.headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        # An empty `params` would strip the query of a link.
        request = self._client.build_request(
            call.method, url, params=call.params or None, headers=headers, json=call.json, data=call.form
        )
        self._deadline.start(self._limits.deadline_seconds)
        try:
            response = self._client.send(request, stream=True)
            try:
                body = read_whole(response, self._limits, self._deadline.is_over)
            finally:
                response.close()
        except httpx.LocalProtocolError:
            raise ConfigurationError(
                f"{self._where(call)}: the request cannot be sent: it holds what no HTTP header may hold. Check the "
                "token or secret."
            ) from None
        except httpx.RequestError as error:
            if problem := _certificate_problem(error):
                raise SourceRefusedError(
                    f"{self._where(call)}: the certificate of {origin_of(url)} is not trusted ({problem})"
                ) from None
            raise TryAgainError(f"the connection failed ({type(error).__name__})") from None
        except SourceAnswerUnusableError as error:
            raise SourceAnswerUnusableError(f"{self._where(call)}: {error}") from None
        crash_point("fetch.after_response")
        logger.debug("%s: %s %s %d %d bytes", self._where(call), call.method, url.path, response.status_code, len(body))
        return _Received(response.status_code, response.headers, body)

    def _next_wait(self, call: Call, patience: Patience, reason: str, asked_for: float | None) -> float:
        wait = patience.next_wait(asked_for)
        if wait is None:
            raise TryAgainError(
                f"{self._where(call)}: {reason}, and the retry budget of {self._limits.retry_budget_seconds:g} s is "
                "used up. Run again later.",
                wait_seconds=asked_for,
            )
        logger.info("%s: %s; waits %.1f s", self._where(call), reason, wait)
        return wait

    def _shape_is_wrong(self, call: Call, received: _Received, patience: Patience, times: int) -> None:
        content_type = plain_type(received.headers.get("content-type", ""))
        found = f"answered {received.status} with {len(received.body)} bytes of {content_type}, not the agreed JSON"
        if times >= self._limits.unusable_attempts:
            raise SourceAnswerUnusableError(
                f"{self._where(call)}: {call.method} {call.path} {found}, {times} times. Compare with the docs."
            )
        self._clock.sleep(self._next_wait(call, patience, found, None))

    def _not_answered(self, call: Call, url: httpx.URL, received: _Received, patience: Patience) -> None:
        """Pause the whole source when waiting helps; otherwise raise what a person must know."""
        error, status, where = self._read_error(received.body), received.status, self._where(call)
        if error.is_daily_quota:
            raise SourceRefusedError(
                f"{where}: the daily quota is used up ({status}, {error.code}). Run after it resets."
            )
        if error.is_passing or is_worth_waiting(status):
            told = wait_seconds(status, received.headers, error)
            self._gate.pause(self._next_wait(call, patience, f"answered {status} ({error.code})", told))
            return
        if call.form is not None and status not in _SIGN_IN_REFUSED:
            raise ConfigurationError(
                f"{where}: {origin_of(url)}{url.path} answered {status}: nobody signs in there. Correct token_url, or "
                "base_url if there is none."
            )
        if status == _UNAUTHORISED or call.form is not None:
            raise SourceRefusedError(
                f"{where}: credentials refused ({status}, {error.code}). Check the token or secret."
            )
        if status == _FORBIDDEN:
            scopes = f"; missing scope: {', '.join(error.scopes)}" if error.scopes else ""
            raise SourceRefusedError(
                f"{where}: access refused ({status}, {error.code}{scopes}). Grant it, or leave {call.stream} out."
            )
        if location := received.headers.get("location"):
            linked_url(url, location, where)
        raise CallRefusedError(f"{where}: {call.method} {url.path} answered {status} ({error.code})", error.code)


def _decoded(received: _Received, decoder: msgspec.json.Decoder[T]) -> Answer[T] | None:
    try:
        value, mended = decode(received.body, decoder)
    except (ValueError, RecursionError):
        return None
    return Answer(value, http_date(received.headers.get("date", "")), mended)


def _certificate_problem(error: BaseException) -> str | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message or "not verified"
        cause = cause.__cause__ or cause.__context__
    return None
