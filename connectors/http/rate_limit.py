"""Rate limiting and the retry budget of a source; all workers of a source share one gate."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# A window a little longer than the source's own, for requests that travel faster than the ones before them.
_MARGIN = 1.02
# Rounding may leave a sleeper a hair before the moment it slept for.
_NO_WAIT = 1e-6
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 60.0
# A source that asks for less asks for nothing: it would be asked again as fast as it answers.
_SHORTEST_ASKED = 1.0
# Seconds of waiting after which a person is told.
NOTICEABLE = 10.0
# A request that is repeated gets what is left of the budget, but enough for a healthy source to answer.
_SHORTEST_TRY = 1.0
# The first request of a small budget (0: never repeat) must still give a healthy source the time to answer.
_SHORTEST_SILENCE = 10.0


def _tell_nobody(message: str) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time, chance and messages, given by the caller: `monotonic` seconds, `sleep` seconds, `chance` in [0, 1).

    `sleep(0)` raises where the run is ending. `tell` shows a person one line about a long wait.
    """

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    chance: Callable[[], float]
    tell: Callable[[str], None] = _tell_nobody


class RateLimiter:
    """Lets requests of one source through at its rates; a pause holds all lanes and all threads."""

    def __init__(self, lanes: Mapping[str, Rate], clock: Clock) -> None:
        self._rates = dict(lanes)
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: dict[str, deque[float]] = {name: deque(maxlen=rate.requests) for name, rate in lanes.items()}
        self._paused_until = clock.monotonic()

    def wait(self, bucket: str, where: str = "") -> None:
        """Return when a request of `bucket` may leave; a lane without a rate waits for pauses only.

        A long wait for the rate is told under the name `where`; a pause is told by whoever asks for it.
        """
        due = self._reserve(bucket)
        if (seconds := due - self._clock.monotonic()) > NOTICEABLE and due > self._paused_until:
            self._clock.tell(f"{where}: waits {seconds:.0f} s: the configured rate allows no earlier request")
        while (wait := max(due, self._paused_until) - self._clock.monotonic()) > _NO_WAIT:
            self._clock.sleep(wait)

    def pause(self, seconds: float) -> bool:
        """Let nothing through for `seconds` from now; false where a pause as long (to a second) is already in force."""
        with self._lock:
            until = self._clock.monotonic() + seconds
            is_longer = until > self._paused_until + 1
            self._paused_until = max(self._paused_until, until)
        return is_longer

    def _reserve(self, bucket: str) -> float:
        now = self._clock.monotonic()
        rate = self._rates.get(bucket)
        if rate is None:
            return now
        with self._lock:
            slots = self._slots[bucket]
            due = now if len(slots) < rate.requests else max(now, slots[0] + rate.seconds * _MARGIN)
            slots.append(due)
        return due


class RetryBudget:
    """The retry budget of one request: every wait for it counts, from the first connection to the last answer.

    `tries` counts the requests that failed.
    """

    def __init__(self, budget_seconds: float, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._gives_up_at = self._began + budget_seconds
        self.tries = 0

    @property
    def spent(self) -> float:
        """Seconds since the request was first wanted."""
        return self._clock.monotonic() - self._began

    def request_seconds(self, limit: float) -> float:
        """Seconds the next try may take: `limit` for the first, then no more than what is left of the budget."""
        return limit if self.tries == 0 else min(limit, max(self._left(), _SHORTEST_TRY))

    def silent_seconds(self, limit: float) -> float:
        """Seconds without a byte, connecting included, after which the next try has failed."""
        return min(limit, max(self._left(), _SHORTEST_SILENCE if self.tries == 0 else _SHORTEST_TRY))

    def next_wait(self, asked_for: float | None) -> float | None:
        """Seconds to wait now: what the source asked for, else doubling with full jitter; None when out of patience."""
        ceiling = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(self.tries, 16))
        requested = asked_for or 0.0
        wait = requested if requested >= _SHORTEST_ASKED else max(requested, ceiling * self._clock.chance())
        self.tries += 1
        return wait if wait <= self._left() else None

    def _left(self) -> float:
        return self._gives_up_at - self._clock.monotonic()
