"""The retry budget holds for every kind of waiting, on real sockets, and long waits are told while they last."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import httpx
import pytest
from pydantic import SecretStr

from connectors.http.body import RequestLimits
from connectors.http.rate_limit import Clock, Rate
from connectors.http.status_errors import retry_after
from connectors.hubspot import streams as hubspot
from connectors.salesforce import streams as salesforce
from definitions.errors import TryAgainError
from tests.connectors.asking import CALL, DECODER, answers, good

pytestmark = pytest.mark.slow

TOKEN = "canary-token"
# A second of these tests is twenty of the client's: what lasts half a minute takes a second and a half.
HASTE = 20.0


@dataclass
class Hurried:
    """A clock that runs faster than the machine's, and what was told."""

    told: list[str] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    def sleep(self, seconds: float) -> None:
        if self.ending.wait(seconds / HASTE):
            raise CancelledError

    @property
    def clock(self) -> Clock:
        return Clock(
            monotonic=lambda: time.monotonic() * HASTE, sleep=self.sleep, chance=lambda: 0.5, tell=self.told.append
        )


@pytest.fixture
def hosts() -> Iterator[Callable[[str], int]]:
    """Ports of this machine that behave like hosts out of order."""
    with ExitStack() as opened:

        def port(kind: str) -> int:
            if kind == "refuses":
                with socket.create_server(("127.0.0.1", 0)) as closed:
                    return int(closed.getsockname()[1])
            # A black hole: the queue of connections is full, and nobody takes one from it.
            server = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0 if kind == "hole" else 99))
            for _ in range(4 if kind == "hole" else 0):
                waiting = opened.enter_context(socket.socket())
                waiting.settimeout(0)
                waiting.connect_ex(server.getsockname())
            return int(server.getsockname()[1])

        yield port


def opened(port: int, clock: Clock, **limits: float):
    account = hubspot.Account(
        name="hubspot",
        token=SecretStr(TOKEN),
        base_url=f"http://127.0.0.1:{port}",
        limits=replace(RequestLimits(), **limits),
    )
    return hubspot.open_http(account, clock)


WORDS = {
    "silent": "did not answer within",
    "hole": "did not accept a connection within",
    "refuses": "refused the connection",
}


@pytest.mark.parametrize("kind", WORDS)
def test_a_host_out_of_order_costs_the_budget_and_at_most_one_time_out(hosts, kind):
    port = hosts(kind)
    clock = Clock(monotonic=time.monotonic, sleep=time.sleep, chance=lambda: 0.5)
    http = opened(port, clock, retry_budget_seconds=0.5, idle_seconds=1)
    began = time.monotonic()
    with pytest.raises(TryAgainError, match=WORDS[kind]) as refused:
        http.ask(CALL, DECODER)
    spent = time.monotonic() - began
    http.close()
    assert spent <= 0.5 + 1 + 0.5
    told = str(refused.value)
    assert f"hubspot: contacts: page 1: http://127.0.0.1:{port} {WORDS[kind]}" in told
    assert "the retry budget of 0.5 s is used up" in told
    assert CALL.path not in told
    assert TOKEN not in told


def test_a_silence_is_told_while_it_lasts_and_each_repetition_is_counted(hosts):
    port, hurried = hosts("silent"), Hurried()
    http = opened(port, hurried.clock, retry_budget_seconds=50)
    with pytest.raises(TryAgainError, match=r"50 s is used up \([23] tries in [0-9]+ s\)"):
        http.ask(CALL, DECODER)
    http.close()
    where = rf"hubspot: contacts: page 1: http://127\.0\.0\.1:{port} "
    assert re.match(where + r"has sent nothing for \d+ s \(try 1\); is given up after 30 s", hurried.told[0])
    assert re.match(where + r"did not answer within \d+ s \(try 1\); is asked again in 0\.[0-9] s", hurried.told[1])
    assert "(try 2)" in "".join(hurried.told[2:])


def test_a_repetition_gets_what_is_left_of_the_budget_and_no_more(fake_time):
    """A vendor that answers nothing for 30 s each time, with a budget of 100 s."""
    given: list[float] = []

    def silent(request: httpx.Request) -> httpx.Response:
        seconds = http._deadline.left(None)
        given.append(seconds)
        fake_time.now += seconds
        raise httpx.ReadTimeout("silence")

    account = hubspot.Account(
        name="hubspot",
        token=SecretStr(TOKEN),
        base_url="https://crm.example",
        limits=RequestLimits(retry_budget_seconds=100),
    )
    http = hubspot.open_http(account, fake_time.clock, httpx.MockTransport(silent))
    began = fake_time.now
    with pytest.raises(TryAgainError):
        http.ask(CALL, DECODER)
    assert given[:3] == [30, 30, 30]
    assert 1 <= given[-1] < 30
    assert fake_time.now - began <= 101


def test_no_budget_at_all_still_gives_a_slow_source_ten_seconds(hosts):
    listener = socket.create_server(("127.0.0.1", 0))

    def answer_late() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            time.sleep(6 / HASTE)
            connection.sendall(b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 14\r\n\r\n{"results":[]}')

    server = threading.Thread(target=answer_late)
    server.start()
    http = opened(listener.getsockname()[1], Hurried().clock, retry_budget_seconds=0)
    assert http.ask(CALL, DECODER).value == {"results": []}
    http.close()
    server.join()
    listener.close()


def test_a_long_pause_that_a_source_asks_for_is_told_once_for_all_its_streams(client, fake_time):
    told: list[str] = []
    transport, seen = answers(httpx.Response(429, headers={"Retry-After": "60"}, json={}), good())
    http = client(transport)
    object.__setattr__(http._clock, "tell", told.append)
    http.ask(CALL, DECODER)
    assert told == [
        "hubspot: contacts: page 1: https://crm.example:443 answered 429 (no code) (try 1); is asked again in 60 s"
    ]
    assert (len(seen), sum(fake_time.slept)) == (2, 60)


def test_a_source_that_asks_for_more_than_the_budget_is_not_waited_for(client, fake_time):
    transport, seen = answers(httpx.Response(429, headers={"Retry-After": "3600"}, json={}))
    with pytest.raises(TryAgainError, match=r"answered 429 .* asks for 3,600 s of patience; the retry budget of 5 s"):
        client(transport, retry_budget_seconds=5).ask(CALL, DECODER)
    assert (len(seen), fake_time.slept) == (1, [])


def test_a_long_wait_for_the_own_rate_is_told(fake_time):
    told: list[str] = []
    transport, _ = answers(good())
    account = hubspot.Account(name="hubspot", token=SecretStr("t"), base_url="https://crm.example", rate=Rate(1, 40.0))
    http = hubspot.open_http(account, replace(fake_time.clock, tell=told.append), transport)
    http.ask(CALL, DECODER)
    http.ask(CALL, DECODER)
    assert told == ["hubspot: contacts: page 1: waits 41 s: the configured rate allows no earlier request"]


def test_streams_that_wait_for_one_sign_in_fail_with_it_and_not_one_after_the_other(hosts):
    """Eight streams of an org whose sign-in is silent: each would otherwise wait its own time-out, in turn."""
    url, hurried = f"http://127.0.0.1:{hosts('silent')}", Hurried()
    account = salesforce.Account(
        name="salesforce",
        base_url=url,
        token_url=f"{url}/token",
        client_id=SecretStr("id"),
        client_secret=SecretStr("secret"),
        limits=RequestLimits(retry_budget_seconds=5),
    )
    http = salesforce.open_http(account, hurried.clock)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(http.ask, CALL, DECODER) for _ in range(8)]
        failures = [one.exception() for one in asked]
    spent = (time.monotonic() - began) * HASTE
    http.close()
    assert {type(failure) for failure in failures} == {TryAgainError}
    assert spent <= 2 * (5 + 30)


def test_a_run_that_is_ending_does_not_sit_out_a_silence(hosts):
    hurried = Hurried()
    http = opened(hosts("silent"), hurried.clock, idle_seconds=6000, deadline_seconds=6000)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(http.ask, CALL, DECODER)
        began = time.monotonic()
        hurried.ending.set()
        assert isinstance(asked.exception(60), CancelledError)
    assert time.monotonic() - began < 5
    http.close()


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), ("1.5", 1.5), ("²", None), ("٣", None), ("-1", None), ("1e3", None), ("", None)]
)
def test_a_retry_after_is_read_in_ascii_digits_only(text, seconds):
    assert retry_after({"retry-after": text}) == seconds
