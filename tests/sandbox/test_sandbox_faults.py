"""Scripted faults over a real connection: each looks as it would in the wild, and the next answer is good."""

import gzip
import socket

import httpx
import pytest

pytestmark = pytest.mark.slow

CONTACTS = "/crm/objects/2026-03/contacts"


def script(client, **fault):
    assert client.post("/_sandbox/faults", json=[fault]).status_code == 200


@pytest.fixture
def client(process):
    with process.client() as opened:
        yield opened
        assert opened.get(CONTACTS).status_code == 200


@pytest.mark.parametrize("kind", ["429", "500", "502", "503", "504"])
def test_status_faults(client, kind):
    script(client, kind=kind, retry_after="2")
    answer = client.get(CONTACTS)
    assert answer.status_code == int(kind)
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["status"] == "error"


def test_a_429_need_not_say_when_to_come_back(client):
    script(client, kind="429")
    answer = client.get(CONTACTS)
    assert "retry-after" not in answer.headers
    assert answer.json()["policyName"] == "TEN_SECONDLY_ROLLING"


def test_a_maintenance_page_comes_with_status_200(client):
    script(client, kind="html")
    answer = client.get(CONTACTS)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html>" in answer.text


def test_an_empty_body_comes_with_status_200(client):
    script(client, kind="empty")
    answer = client.get(CONTACTS)
    assert (answer.status_code, answer.content) == (200, b"")


def test_json_is_cut_but_the_length_is_right(client):
    whole = client.get(CONTACTS).content
    script(client, kind="truncated_json")
    assert client.get(CONTACTS).content == whole[: len(whole) // 2]


@pytest.mark.parametrize("kind", ["truncated_gzip", "short_gzip"])
def test_gzip_is_cut_but_the_length_is_right(client, kind):
    whole = client.get(CONTACTS).content
    script(client, kind=kind)
    with client.stream("GET", CONTACTS) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert len(raw) == int(answer.headers["content-length"])
    assert raw == gzip.compress(whole, mtime=0)[: len(raw)]
    with pytest.raises(EOFError):
        gzip.decompress(raw)


def test_a_connection_is_reset_before_the_first_byte(client):
    script(client, kind="reset")
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=30) as raw:
        raw.sendall(f"GET {CONTACTS} HTTP/1.1\r\nHost: sandbox\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            raw.recv(1)


def test_a_connection_closes_half_way_through_the_body(client):
    script(client, kind="cut")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.get(CONTACTS)


def test_a_body_stalls_half_way(client):
    script(client, kind="stall")
    with pytest.raises(httpx.ReadTimeout):
        client.get(CONTACTS, timeout=0.3)


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [
        ("expired_token", 401, "EXPIRED_AUTHENTICATION"),
        ("forbidden", 403, "MISSING_SCOPES"),
        ("daily_limit", 429, "DAILY"),
    ],
)
def test_hubspot_says_no(client, kind, status, word):
    script(client, kind=kind)
    answer = client.get(CONTACTS)
    assert answer.status_code == status
    assert word in answer.text


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [
        ("expired_token", 401, "INVALID_SESSION_ID"),
        ("forbidden", 403, "INSUFFICIENT_ACCESS"),
        ("daily_limit", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("503", 503, "SERVER_UNAVAILABLE"),
    ],
)
def test_salesforce_says_no(client, kind, status, word):
    script(client, kind=kind, path="/services/data")
    answer = client.get("/services/data/v67.0/query", params={"q": "SELECT Id FROM User"})
    assert (answer.status_code, [one["errorCode"] for one in answer.json()]) == (status, [word])


PAGES = {
    "empty_object": lambda page, _good: page == {},
    "empty_page": lambda page, good: page == {**good, "results": []},
    "short_page": lambda page, good: page["results"] == good["results"][:-20] and page["paging"] == good["paging"],
    "repeated_records": lambda page, good: page["results"] == [*good["results"][:1] * 2, *good["results"]],
    "repeated_cursor": lambda page, good: (
        page["paging"]["next"]["after"] == "101" and page["results"] == good["results"]
    ),
    "missing_cursor": lambda page, good: page == {**good, "paging": {}},
}


@pytest.mark.parametrize("kind", PAGES)
def test_pages_that_are_well_formed_and_wrong(client, kind):
    good = client.get(CONTACTS, params={"limit": 50, "after": 101}).json()
    script(client, kind=kind)
    page = client.get(CONTACTS, params={"limit": 50, "after": 101}).json()
    assert PAGES[kind](page, good)


@pytest.mark.parametrize("kind", ["repeated_cursor", "missing_cursor", "empty_page"])
def test_salesforce_pages_that_are_wrong(process, client, kind):
    form = {
        "grant_type": "client_credentials",
        "client_id": process.opens["salesforce_client_id"],
        "client_secret": process.opens["salesforce_client_secret"],
    }
    token = client.post("/services/oauth2/token", data=form).json()["access_token"]
    script(client, kind=kind, path="/query")
    answer = client.get(
        "/services/data/v67.0/query",
        params={"q": "SELECT Id FROM Task"},
        headers={"Authorization": f"Bearer {token}", "Sforce-Query-Options": "batchSize=200"},
    ).json()
    assert answer["done"] is False
    assert (len(answer["records"]) == 0) is (kind == "empty_page")
    assert ("nextRecordsUrl" in answer) is (kind != "missing_cursor")
