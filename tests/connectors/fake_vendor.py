"""What both imitations share: a clock that obeys the test, a log of requests, and scripted answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx

from connectors.http.rate_limit import Clock

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOME = "https://crm.example"


@dataclass
class FakeTime:
    """A clock that moves only when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now, sleep=self.sleep, chance=lambda: 0.5)


Script = Callable[[httpx.Request], httpx.Response | None]


@dataclass
class Vendor:
    """What both imitations share: a Date header, a log of requests, and scripts that may answer first."""

    now: datetime = NOON
    requests: list[httpx.Request] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = next((found for script in self.scripts if (found := script(request)) is not None), None)
        answer = self.answer(request) if answer is None else answer
        headers = {"Date": format_datetime(self.now, usegmt=True), **answer.headers}
        # Made from bytes it would count as read already; the client reads the stream itself.
        return httpx.Response(answer.status_code, headers=headers, stream=httpx.ByteStream(answer.content))

    def answer(self, request: httpx.Request) -> httpx.Response:
        raise NotImplementedError

    def once(self, part: str, response: Callable[[], httpx.Response], *, skip: int = 0, times: int = 1) -> None:
        """Answer the next requests whose path holds `part` with `response`, after `skip` good ones."""
        left = [skip, times]

        def script(request: httpx.Request) -> httpx.Response | None:
            if part not in request.url.path or not left[1]:
                return None
            if left[0]:
                left[0] -= 1
                return None
            left[1] -= 1
            return response()

        self.scripts.append(script)

    def asked(self, part: str) -> list[httpx.Request]:
        return [request for request in self.requests if part in request.url.path]
