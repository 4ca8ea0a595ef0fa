"""Rate limits, off unless configured: HubSpot's rolling ten seconds, its search per second, Salesforce's day."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.server.web import Answer, Headers, json_answer

TEN_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Requests allowed; null is no limit."""

    ten_secondly: int | None = None
    search_secondly: int | None = None
    salesforce_daily: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorBehaviour:
    """How the vendors behave towards their clients, beyond answering.

    `token_lifetime` is in seconds, null for ever. `unsteady_ties` gives records of one modified time another order at
    every search.
    """

    limits: Limits = Limits()
    token_lifetime: float | None = None
    unsteady_ties: bool = False


@dataclass(slots=True)
class RequestCounter:
    """Counts requests against the limits, by a clock that never jumps."""

    limits: Limits
    monotonic: Callable[[], float]
    _recent: deque[float] = field(default_factory=deque)
    _searches: deque[float] = field(default_factory=deque)
    salesforce_used: int = 0

    def hubspot(self, *, search: bool) -> tuple[Answer | None, Headers]:
        """A 429 if the request is one too many, and the headers that tell what is left."""
        if search:
            return self._search(), {}
        limit = self.limits.ten_secondly
        if limit is None:
            return None, {}
        over = _over(self._recent, self.monotonic(), TEN_SECONDS, limit)
        headers = {
            "X-HubSpot-RateLimit-Max": str(limit),
            "X-HubSpot-RateLimit-Remaining": str(max(0, limit - len(self._recent))),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }
        return (too_many("TEN_SECONDLY_ROLLING", "ten_secondly_rolling") if over else None), headers

    def _search(self) -> Answer | None:
        limit = self.limits.search_secondly
        if limit is None or not _over(self._searches, self.monotonic(), 1.0, limit):
            return None
        return too_many("SECONDLY", "secondly")

    def salesforce(self) -> tuple[Answer | None, Headers]:
        """A 403 if the day's requests are used up, and the header that tells how many are."""
        self.salesforce_used += 1
        limit = self.limits.salesforce_daily or 100_000
        headers = {"Sforce-Limit-Info": f"api-usage={min(self.salesforce_used, limit)}/{limit}"}
        if self.limits.salesforce_daily is None or self.salesforce_used <= limit:
            return None, headers
        return json_answer(
            [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}], status=403
        ), headers


def _over(times: deque[float], now: float, window: float, limit: int) -> bool:
    while times and times[0] <= now - window:
        times.popleft()
    if len(times) >= limit:
        return True
    times.append(now)
    return False


def too_many(policy: str, word: str) -> Answer:
    """HubSpot's 429."""
    return json_answer(
        {
            "status": "error",
            "message": f"You have reached your {word} limit.",
            "errorType": "RATE_LIMIT",
            "correlationId": "c033cdaa-2c40-4a64-ae48-b4cec88dad24",
            "policyName": policy,
            "requestId": "3d3e35b7-0dae-4b9f-a6e3-9c230cbcf8dd",
        },
        status=429,
    )
