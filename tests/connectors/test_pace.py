"""The gate keeps within a source's rate, loses little of it, and holds everybody in a pause."""

import threading
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.rate_limit import Clock, Rate, RateLimiter, RetryBudget


def sent_times(limiter: RateLimiter, fake_time, count: int, *, each: float = 0.0) -> list[float]:
    times = []
    for _ in range(count):
        limiter.wait("any")
        times.append(fake_time.now)
        fake_time.now += each
    return times


def most_in(times: list[float], seconds: float) -> int:
    window: deque[float] = deque()
    most = 0
    for time in times:
        window.append(time)
        while window[0] <= time - seconds:
            window.popleft()
        most = max(most, len(window))
    return most


@pytest.mark.parametrize("each", [0.0, 0.001, 0.02], ids=["at once", "1 ms", "20 ms"])
@pytest.mark.parametrize("rate", [Rate(190, 10.0), Rate(4, 1.0), Rate(1, 5.0)], ids=["hubspot", "search", "slow"])
def test_the_rate_is_kept_and_at_least_95_percent_of_it_used(fake_time, rate, each):
    times = sent_times(RateLimiter({"any": rate}, fake_time.clock), fake_time, rate.requests * 10 + 1, each=each)
    assert most_in(times, rate.seconds) <= rate.requests
    assert rate.requests * 10 / (times[-1] - times[0]) >= 0.95 * rate.requests / rate.seconds


@given(st.integers(1, 30), st.floats(0.1, 20), st.lists(st.floats(0, 5), min_size=1, max_size=80))
def test_law_no_window_ever_holds_more(requests, seconds, gaps):
    now = [0.0]
    clock = Clock(monotonic=lambda: now[0], sleep=lambda wait: now.__setitem__(0, now[0] + wait), chance=lambda: 0.0)
    limiter = RateLimiter({"any": Rate(requests, seconds)}, clock)
    times = []
    for gap in gaps:
        now[0] += gap
        limiter.wait("any")
        times.append(now[0])
    assert most_in(times, seconds) <= requests


def test_lanes_have_rates_of_their_own_and_share_a_pause(fake_time):
    limiter = RateLimiter({"any": Rate(1, 10.0), "search": Rate(1, 1.0)}, fake_time.clock)
    limiter.wait("any")
    limiter.wait("search")
    limiter.wait("unmetered")
    assert fake_time.slept == []
    limiter.pause(30)
    limiter.wait("search")
    assert fake_time.now == pytest.approx(1030)


def test_a_pause_that_grows_while_somebody_waits_holds_them_longer(fake_time):
    def sleep_and_pause(seconds: float) -> None:
        fake_time.sleep(seconds)
        if len(fake_time.slept) == 1:
            limiter.pause(7)

    limiter = RateLimiter({}, Clock(monotonic=lambda: fake_time.now, sleep=sleep_and_pause, chance=lambda: 0.0))
    limiter.pause(5)
    limiter.wait("any")
    assert fake_time.now == pytest.approx(1012)


def test_many_threads_share_one_rate():
    now, lock, times = [0.0], threading.Lock(), []

    def sleep(seconds: float) -> None:
        with lock:
            now[0] += seconds / 8

    limiter = RateLimiter({"any": Rate(5, 1.0)}, Clock(monotonic=lambda: now[0], sleep=sleep, chance=lambda: 0.0))

    def work() -> None:
        for _ in range(10):
            limiter.wait("any")
            with lock:
                times.append(now[0])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == 80
    assert max(times) >= 15.0


@given(st.lists(st.none() | st.floats(0, 100), max_size=60), st.floats(0, 0.999))
def test_law_patience_never_spends_more_than_its_budget(asked, chance):
    now = [0.0]
    budget = RetryBudget(50.0, Clock(monotonic=lambda: now[0], sleep=lambda _: None, chance=lambda: chance))
    for told in asked:
        wait = budget.next_wait(told)
        if wait is None:
            break
        assert wait == told or ((told or 0) < 1 and (told or 0) <= wait <= 60)
        now[0] += wait
    assert now[0] <= 50.0
