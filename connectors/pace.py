"""How fast and how patiently a source is asked; every worker of one source shares one gate."""

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


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time and chance, given from above: `monotonic` seconds, `sleep` seconds, `chance` in [0, 1)."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    chance: Callable[[], float]


class Gate:
    """Lets requests of one source through at its rates; a pause holds all lanes and all threads."""

    def __init__(self, lanes: Mapping[str, Rate], clock: Clock) -> None:
        self._rates = dict(lanes)
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: dict[str, deque[float]] = {name: deque(maxlen=rate.requests) for name, rate in lanes.items()}
        self._paused_until = clock.monotonic()

    def wait(self, lane: str) -> None:
        """Return when a request of `lane` may leave; a lane without a rate waits for pauses only."""
        due = self._reserve(lane)
        while (wait := max(due, self._paused_until) - self._clock.monotonic()) > _NO_WAIT:
            self._clock.sleep(wait)

    def pause(self, seconds: float) -> None:
        """Let nothing through for `seconds` from now."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    def _reserve(self, lane: str) -> float:
        now = self._clock.monotonic()
        rate = self._rates.get(lane)
        if rate is None:
            return now
        with self._lock:
            slots = self._slots[lane]
            due = now if len(slots) < rate.requests else max(now, slots[0] + rate.seconds * _MARGIN)
            slots.append(due)
        return due


class Patience:
    """What is left to wait for one request: a budget of seconds, and how long the next wait is."""

    def __init__(self, budget_seconds: float, clock: Clock) -> None:
        self._clock = clock
        self._gives_up_at = clock.monotonic() + budget_seconds
        self._tries = 0

    def next_wait(self, asked_for: float | None) -> float | None:
        """Seconds to wait now: what the source asked for, else doubling with full jitter; None when out of patience."""
        ceiling = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(self._tries, 16))
        told = asked_for or 0.0
        wait = told if told >= _SHORTEST_ASKED else max(told, ceiling * self._clock.chance())
        self._tries += 1
        return wait if self._clock.monotonic() + wait <= self._gives_up_at else None
