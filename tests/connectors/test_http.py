"""The client: it waits as told, gives up when it must, and never says what it should not."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from connectors.http.status_errors import CallRefusedError
from definitions.errors import (
    OriginRefusedError,
    SourceAnswerUnusableError,
    SourceRefusedError,
    TryAgainError,
)
from tests.connectors.asking import CALL, CANARY, DECODER, GOOD, answers, good


def test_a_good_answer_comes_with_the_sources_own_time(client):
    transport, seen = answers(httpx.Response(200, json=GOOD, headers={"Date": "Sun, 22 Nov 2026 12:00:00 GMT"}))
    answer = client(transport).ask(CALL, DECODER)
    assert answer.value == GOOD
    assert answer.source_now == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert seen[0].headers["authorization"] == f"Bearer {CANARY}"
    assert seen[0].headers["accept-encoding"] == "gzip"


BUSY = [
    (429, {"Retry-After": "2"}, {}, 2.0),
    (429, {"Retry-After": "Sun, 22 Nov 2026 12:00:09 GMT", "Date": "Sun, 22 Nov 2026 12:00:02 GMT"}, {}, 7.0),
    (429, {}, {"policyName": "TEN_SECONDLY_ROLLING"}, 10.0),
    (429, {}, {"message": "You have reached your ten_secondly_rolling limit."}, 10.0),
    (429, {}, {"message": "You have reached your secondly limit.", "policyName": "SECONDLY"}, 1.0),
    (423, {}, {}, 2.0),
    (477, {"Retry-After": "30"}, {}, 30.0),
    (502, {}, {}, 0.25),
    (503, {"Retry-After": "3"}, {}, 3.0),
    (504, {}, {}, 0.25),
    (524, {}, {}, 0.25),
]


@pytest.mark.parametrize(("status", "headers", "body", "wait"), BUSY, ids=[f"{s}-{w}" for s, _, _, w in BUSY])
def test_a_busy_source_is_asked_again_after_the_time_it_names(client, fake_time, status, headers, body, wait):
    """F16."""
    transport, seen = answers(httpx.Response(status, headers=headers, json=body), good())
    assert client(transport).ask(CALL, DECODER).value == GOOD
    assert fake_time.slept == [pytest.approx(wait)]
    assert len(seen) == 2


def test_two_hundred_refusals_are_waited_through(client, fake_time):
    """F16."""
    transport, seen = answers(*[httpx.Response(429, headers={"Retry-After": "2"}, json={})] * 200, good())
    assert client(transport).ask(CALL, DECODER).value == GOOD
    assert (len(seen), sum(fake_time.slept)) == (201, pytest.approx(400))


@pytest.mark.parametrize("advice", [{}, {"Retry-After": "0"}], ids=["none", "at once"])
def test_waits_without_advice_double_up_to_a_minute(client, fake_time, advice):
    transport, _ = answers(*[httpx.Response(503, headers=advice)] * 9, good())
    client(transport).ask(CALL, DECODER)
    assert fake_time.slept == [pytest.approx(0.5 * wait) for wait in (0.5, 1, 2, 4, 8, 16, 32, 60, 60)]


def test_patience_ends_with_the_budget(client, fake_time):
    transport, _ = answers(httpx.Response(503))
    told = r"contacts: page 1: https://crm.example:443 answered 503 .* retry budget of 600 s"
    with pytest.raises(TryAgainError, match=told):
        client(transport).ask(CALL, DECODER)
    assert sum(fake_time.slept) <= 600


def test_a_wait_longer_than_the_budget_is_told_not_sat_out(client, fake_time):
    transport, _ = answers(httpx.Response(429, headers={"Retry-After": "7200"}, json={}))
    with pytest.raises(TryAgainError, match="asks for 7,200 s of patience"):
        client(transport).ask(CALL, DECODER)
    assert fake_time.slept == []


def test_the_daily_quota_ends_at_once(client, fake_time):
    """F16."""
    transport, seen = answers(httpx.Response(429, json={"policyName": "DAILY", "message": "daily limit"}))
    with pytest.raises(SourceRefusedError, match="daily quota"):
        client(transport).ask(CALL, DECODER)
    assert (len(seen), fake_time.slept) == (1, [])


SCOPES = {"requiredGranularScopes": ["crm.objects.deals.read", "canary with words"]}


MISSING = {"category": "MISSING_SCOPES", "errors": [{"context": SCOPES}]}


AWAY = {"Location": "https://evil.example/x?canary"}


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        (httpx.Response(401, json={}), SourceRefusedError, "credentials refused"),
        (
            httpx.Response(403, json=MISSING),
            SourceRefusedError,
            r"missing scope: crm\.objects\.deals\.read.*contacts: off",
        ),
        (httpx.Response(400, json={"category": "VALIDATION_ERROR"}), CallRefusedError, "400 .VALIDATION_ERROR"),
        (httpx.Response(404, content=b"<html>"), CallRefusedError, "404 .no code"),
        (httpx.Response(410, json=[]), CallRefusedError, "410"),
        (
            httpx.Response(302, headers=AWAY),
            OriginRefusedError,
            "evil.example",
        ),
        (httpx.Response(302, headers={"Location": "/elsewhere"}), CallRefusedError, "302"),
        (httpx.Response(200, content=b"{}", headers={"Content-Encoding": "br"}), SourceAnswerUnusableError, "packed"),
    ],
    ids=["401", "403", "400", "404", "410", "moved away", "moved", "brotli"],
)
def test_what_waiting_cannot_help_is_said_at_once(client, fake_time, response, error, words):
    transport, seen = answers(response)
    with pytest.raises(error, match=words) as raised:
        client(transport).ask(CALL, DECODER)
    assert (len(seen), fake_time.slept) == (1, [])
    assert str(raised.value).startswith("hubspot: contacts: page 1")
    assert "canary" not in str(raised.value)


UNUSABLE = {
    "html": httpx.Response(200, html="<html>We will be back soon, canary</html>"),
    "empty body": httpx.Response(200, content=b""),
    "cut but valid": httpx.Response(200, json={}),
    "success false": httpx.Response(200, json={"success": False, "errors": [{"code": "602"}]}),
    "cut": httpx.Response(200, content=json.dumps(GOOD).encode()[:-3], headers={"content-type": "application/json"}),
    "no content": httpx.Response(204),
}


class Listing(msgspec.Struct):
    results: list[int]


@pytest.mark.parametrize("response", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_answer_without_records_is_never_zero_records(client, response):
    """F13: tried again, then an error with page and content type."""
    transport, seen = answers(response)
    with pytest.raises(
        SourceAnswerUnusableError, match=r"page 1: GET /crm/objects.* of [\w/ -]+, not the agreed JSON"
    ) as told:
        client(transport).ask(CALL, msgspec.json.Decoder(Listing))
    assert len(seen) == 4
    assert "canary" not in str(told.value)


def test_a_passing_maintenance_page_costs_nothing(client):
    """F13."""
    transport, _ = answers(UNUSABLE["html"], UNUSABLE["empty body"], good())
    assert client(transport).ask(CALL, DECODER).value == GOOD


def test_a_body_shorter_than_announced_is_fetched_again(client):
    """F17."""
    short = httpx.Response(200, content=b'{"results":[1]}', headers={"Content-Length": "99"})
    transport, _ = answers(short, httpx.ReadError("reset"), httpx.ConnectError("refused"), good())
    assert client(transport).ask(CALL, DECODER).value == GOOD


def test_workers_of_one_source_share_the_pause(client, fake_time):
    """F16: nobody asks inside the window another worker was given."""
    sent: list[tuple[str, float]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append((request.url.path, fake_time.now))
        if len(sent) == 1:
            return httpx.Response(429, headers={"Retry-After": "20"}, stream=httpx.ByteStream(b"{}"))
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(GOOD).encode()))

    asleep: list[float] = []
    sleep = fake_time.sleep

    def sleep_while_another_asks(seconds: float) -> None:
        asleep.append(seconds)
        if len(asleep) == 1:
            http.ask(replace(CALL, path="/other"), DECODER)
        sleep(seconds)

    fake_time.sleep = sleep_while_another_asks
    http = client(httpx.MockTransport(answer))
    http.ask(CALL, DECODER)
    assert [path for path, _ in sent] == [CALL.path, "/other", CALL.path]
    assert min(moment for _, moment in sent[1:]) >= sent[0][1] + 20
