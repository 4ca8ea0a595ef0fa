"""The one HTTP client: what it asks, how it waits, and when it gives up, for every source alike."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar

import httpx
import msgspec

from connectors.http.auth import Auth, TokenAnswer
from connectors.http.body import RequestLimits, read_whole
from connectors.http.connection_errors import certificate_problem, failure_in_words, in_seconds
from connectors.http.deadline import Deadline, transport_with
from connectors.http.origin import linked_url, origin_of, own_url
from connectors.http.rate_limit import NOTICEABLE, Clock, Rate, RateLimiter, RetryBudget
from connectors.http.request import Call
from connectors.http.status_errors import (
    CallRefusedError,
    ObjectRefusedError,
    ReadError,
    http_date,
    is_worth_waiting,
    plain_type,
    wait_seconds,
)
from connectors.json_text import decode
from definitions.errors import ConfigurationError, SourceAnswerUnusableError, SourceRefusedError, TryAgainError
from definitions.runtime.crash_points import crash_point

logger = logging.getLogger(__name__)

T = TypeVar("T")
_UNAUTHORISED, _FORBIDDEN = 401, 403
# A sign-in that knows what it was asked says no with these.
_SIGN_IN_REFUSED = frozenset({400, _UNAUTHORISED, _FORBIDDEN})


@dataclass(frozen=True, slots=True)
class Response(Generic[T]):
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
        limits: RequestLimits,
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
        self._limiter = RateLimiter(rates, clock)
        self._deadline = Deadline(clock)
        self._is_given_up = False
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

    def ask(self, call: Call, decoder: msgspec.json.Decoder[T]) -> Response[T]:
        """Send a call until it is answered whole and in the agreed shape.

        All waiting counts against the retry budget: signing in, connecting, the answer, and the pauses between tries. A
        request that does not answer is left after its own time-out, and each repetition when the budget is used up.
        Each wait over ten seconds is told.

        Raises `TryAgainError` when the source stays busy or away for the retry budget, `SourceRefusedError` for
        credentials, scope or daily quota, `ConfigurationError` where nobody signs in or the token cannot be sent,
        `CallRefusedError` for a request it calls wrong, `SourceAnswerUnusableError` for an answer of another shape,
        `OriginRefusedError` for a foreign link.
        """
        # The run fails with the request that used up the budget: those that begin after it are tried once.
        budget = 0.0 if self._is_given_up else self._limits.retry_budget_seconds
        return self._ask(call, decoder, RetryBudget(budget, self._clock))

    def _ask(self, call: Call, decoder: msgspec.json.Decoder[T], retry_budget: RetryBudget) -> Response[T]:
        url, sign_in = self._locate(call), _SignIn(self, retry_budget)
        renewed, unusable = False, 0
        while True:
            token = None if call.form is not None else self._auth.token(sign_in)
            self._limiter.wait(call.bucket, self._where(call))
            began = self._clock.monotonic()
            try:
                received = self._exchange(call, url, token, retry_budget)
            except TryAgainError as error:
                self._wait(call, retry_budget, str(error), began)
                continue
            if received.status in range(200, 300):
                answer = _decoded(received, decoder)
                if answer is not None:
                    return answer
                unusable += 1
                self._shape_is_wrong(call, received, retry_budget, unusable)
            elif received.status == _UNAUTHORISED and token and not renewed and self._auth.renew(token, sign_in):
                renewed = True
            else:
                self._not_answered(call, url, received, retry_budget)

    def ask_token(self, call: Call, retry_budget: RetryBudget) -> TokenAnswer:
        """Send a token request with what is left of the patience of the request that needs it."""
        return self._ask(call, msgspec.json.Decoder(TokenAnswer), retry_budget).value

    def _where(self, call: Call) -> str:
        return f"{self.source}: {call.stream}: page {call.page}"

    def _locate(self, call: Call) -> httpx.URL:
        if call.url is not None:
            return call.url
        if call.link is not None:
            return linked_url(self._base_url, call.link, self._where(call))
        return own_url(self._base_url, call.path)

    def _exchange(self, call: Call, url: httpx.URL, token: str | None, retry_budget: RetryBudget) -> _Received:
        """Send once and read to the end; `TryAgainError` says why it did not work this time, and with which host."""
        headers = {**call.headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        # An empty `params` would strip the query of a link.
        request = self._client.build_request(
            call.method, url, params=call.params or None, headers=headers, json=call.json, data=call.form
        )
        origin, began = origin_of(url), self._clock.monotonic()
        silence = retry_budget.silent_seconds(self._limits.idle_seconds)

        def tell(waited: float) -> None:
            self._clock.tell(
                f"{self._where(call)}: {origin} has sent nothing for {in_seconds(waited)} "
                f"(try {retry_budget.tries + 1}); is given up after {in_seconds(silence)}"
            )

        seconds = retry_budget.request_seconds(self._limits.deadline_seconds)
        self._deadline.start(seconds, silence=silence, tell=tell)
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
            if problem := certificate_problem(error):
                raise SourceRefusedError(
                    f"{self._where(call)}: the certificate of {origin} is not trusted ({problem})"
                ) from None
            raise TryAgainError(failure_in_words(error, origin, self._clock.monotonic() - began)) from None
        except TryAgainError as error:
            raise TryAgainError(f"the answer of {origin} is not whole: {error}") from None
        except SourceAnswerUnusableError as error:
            raise SourceAnswerUnusableError(f"{self._where(call)}: {error}") from None
        crash_point("fetch.after_response")
        logger.debug("%s: %s %s %d %d bytes", self._where(call), call.method, url.path, response.status_code, len(body))
        return _Received(response.status_code, response.headers, body)

    def _wait(self, call: Call, retry_budget: RetryBudget, reason: str, began: float) -> None:
        """Wait before the next try; a try that took long and its wait are told together."""
        wait = self._next_wait(call, retry_budget, reason, None)
        if self._clock.monotonic() - began + wait > NOTICEABLE:
            self._tell_wait(call, retry_budget, reason, wait)
        self._clock.sleep(wait)

    def _next_wait(self, call: Call, retry_budget: RetryBudget, reason: str, asked_for: float | None) -> float:
        wait = retry_budget.next_wait(asked_for)
        if wait is None:
            budget = f"the retry budget of {self._limits.retry_budget_seconds:g} s"
            asks = "" if asked_for is None else f" and asks for {in_seconds(asked_for)} of patience"
            self._is_given_up = True
            tries = _counted(retry_budget.tries, "try", "tries")
            raise TryAgainError(
                f"{self._where(call)}: {reason}{asks}; {budget} is used up ({tries} in "
                f"{in_seconds(retry_budget.spent)}). "
                f"Run again later, or raise `retry_budget_seconds` of {self.source}."
            )
        logger.info("%s: %s; waits %.1f s", self._where(call), reason, wait)
        return wait

    def _tell_wait(self, call: Call, retry_budget: RetryBudget, reason: str, wait: float) -> None:
        self._clock.tell(
            f"{self._where(call)}: {reason} (try {retry_budget.tries}); is asked again in {in_seconds(wait)}"
        )

    def _shape_is_wrong(self, call: Call, received: _Received, retry_budget: RetryBudget, times: int) -> None:
        content_type = plain_type(received.headers.get("content-type", ""))
        found = f"answered {received.status} with {len(received.body)} bytes of {content_type}, not the agreed JSON"
        if times >= self._limits.unusable_attempts:
            raise SourceAnswerUnusableError(
                f"{self._where(call)}: {call.method} {call.path} {found}, {times} times. Compare with the docs."
            )
        self._wait(call, retry_budget, found, self._clock.monotonic())

    def _not_answered(self, call: Call, url: httpx.URL, received: _Received, retry_budget: RetryBudget) -> None:
        """Pause the whole source when waiting helps; otherwise raise what a person must know."""
        error, status, where = self._read_error(received.body), received.status, self._where(call)
        if error.is_daily_quota:
            raise SourceRefusedError(
                f"{where}: the daily quota is used up ({status}, {error.code}). Run after it resets."
            )
        if error.is_passing or is_worth_waiting(status):
            requested = wait_seconds(status, received.headers, error)
            reason = f"{origin_of(url)} answered {status} ({error.code})"
            wait = self._next_wait(call, retry_budget, reason, requested)
            if self._limiter.pause(wait) and wait > NOTICEABLE:
                self._tell_wait(call, retry_budget, reason, wait)
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
            raise ObjectRefusedError(
                f"{where}: access refused ({status}, {error.code}{scopes}). Grant it, or leave the stream out: "
                f"`streams: {{{call.stream}: off}}` of {self.source}."
            )
        if location := received.headers.get("location"):
            linked_url(url, location, where)
        raise CallRefusedError(f"{where}: {call.method} {url.path} answered {status} ({error.code})", error.code)


def _decoded(received: _Received, decoder: msgspec.json.Decoder[T]) -> Response[T] | None:
    try:
        value, mended = decode(received.body, decoder)
    except (ValueError, RecursionError):
        return None
    return Response(value, http_date(received.headers.get("date", "")), mended)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


@dataclass(frozen=True, slots=True)
class _SignIn:
    """Signs in on behalf of one request, on its patience."""

    http: Http
    retry_budget: RetryBudget

    def ask_token(self, call: Call) -> TokenAnswer:
        return self.http.ask_token(call, self.retry_budget)
