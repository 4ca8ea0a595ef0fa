"""Where requests may go, and what no message of ours may hold."""

import json
import logging
import threading
import traceback
from datetime import timedelta

import httpx
import msgspec
import pytest
from pydantic import SecretStr

from connectors.http.auth import TokenAnswer
from connectors.http.deadline import Deadline
from connectors.http.rate_limit import Clock, Rate
from connectors.http.request import Call
from connectors.hubspot import streams as hubspot
from connectors.salesforce import streams as salesforce
from definitions.errors import (
    ConfigurationError,
    PipelineError,
)
from tests.connectors.asking import CALL, DECODER, GOOD, answers, good
from tests.connectors.fake_vendor import HOME

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


BASES = [
    "http://crm.example",
    "ftp://crm.example",
    "crm.example",
    "https://user:pw@crm.example",
    "https://crm.example?x=1",
]


BASES += ["http://10.0.0.1", "https://", "", "https://[broken"]


@pytest.mark.parametrize("base", BASES)
def test_a_base_that_would_show_credentials_is_refused(client, base):
    """F43."""
    with pytest.raises(ConfigurationError, match="hubspot: base_url"):
        client(None, base)


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:2", "https://crm.example/v"]
)
def test_a_base_at_home_or_encrypted_is_taken(client, base):
    opened = client(None, base)
    opened.close()
    assert opened.source == "hubspot"


def every_failure() -> list[httpx.Response | Exception]:
    told = {"message": "canary message", "category": "canary category with words", "policyName": {"canary": 1}}
    statuses = [httpx.Response(status, json=told) for status in (400, 401, 403, 404, 409, 429, 500, 503)]
    return [*statuses, *UNUSABLE.values(), httpx.ReadTimeout("canary time"), httpx.ConnectError("canary host")]


@pytest.mark.parametrize("response", every_failure())
def test_no_secret_and_no_value_in_errors_and_logs(client, caplog, response):
    """F46."""
    caplog.set_level(logging.DEBUG)
    transport, _ = answers(response)
    http = client(transport, retry_budget_seconds=5)
    with pytest.raises(PipelineError) as raised:
        http.ask(CALL, msgspec.json.Decoder(Listing))
    told = "".join(traceback.format_exception(raised.value)) + caplog.text + repr(http)
    assert "canary" not in told


def test_no_secret_in_any_representation():
    secret = SecretStr("canary")
    portal = hubspot.Account(name="hubspot", token=secret)
    org = salesforce.Account(
        name="salesforce", base_url=HOME, token_url=f"{HOME}/token", client_id=secret, client_secret=secret
    )
    call = Call(stream="sign-in", form={"client_secret": "canary"})
    token = TokenAnswer(access_token="canary")
    assert "canary" not in f"{portal!r} {portal} {org!r} {org} {call!r} {token!r} {token}"


def test_the_log_holds_paths_and_never_queries(client, caplog):
    caplog.set_level(logging.DEBUG)
    transport, _ = answers(httpx.Response(503), good())
    client(transport).ask(CALL, DECODER)
    assert "/crm/objects/2026-03/contacts" in caplog.text
    assert "answered 503" in caplog.text
    assert "canary" not in caplog.text


def test_the_deadline_belongs_to_the_thread_that_asks():
    moment = [0.0]
    deadline = Deadline(Clock(monotonic=lambda: moment[0], sleep=lambda _: None, chance=lambda: 0.0))
    deadline.start(5)
    others: list[bool] = []
    moment[0] = 6.0
    thread = threading.Thread(target=lambda: others.append(deadline.is_over()))
    thread.start()
    thread.join()
    assert (deadline.is_over(), others, deadline.left(30.0)) == (True, [False], 0.001)


def test_rates_of_the_account_reach_the_gate(fake_time):
    transport, _ = answers(good())
    account = hubspot.Account(name="hubspot", token=SecretStr("t"), base_url="https://crm.example", rate=Rate(5, 10.0))
    http = hubspot.open_http(account, fake_time.clock, transport)
    for _ in range(11):
        http.ask(CALL, DECODER)
    assert timedelta(seconds=20) <= timedelta(seconds=sum(fake_time.slept)) < timedelta(seconds=21)
