"""Salesforce: windows without gaps, locators that die, fields that differ from org to org."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.http.origin import linked_url
from definitions.errors import (
    ConfigurationError,
    OriginRefusedError,
    SourceAnswerUnusableError,
    SourceRefusedError,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def ids(first: int, last: int) -> list[str]:
    return [f"00Q{number:015d}" for number in range(first, last)]


def test_all_leads_come_then_only_what_changed(org, pull_org):
    for identity in ids(1, 36):
        org.add(identity, NOON - timedelta(days=5), Email=None)
    pulled = pull_org("lead")
    assert sorted(pull_org.ids("lead")) == ids(1, 36)
    assert (pulled.records, pulled.is_full, pulled.high_water_at) == (35, True, NOON - 5 * MINUTE)
    org.now = NOON + timedelta(hours=1)
    org.add(ids(7, 8)[0], NOON + 30 * MINUTE, IsDeleted=True)
    pulled = pull_org("lead")
    assert pull_org.ids("lead", "run-2") == ids(7, 8)
    assert pulled.is_full is False


@pytest.mark.parametrize("late", [2, 8], ids=["within the trail", "within the lookback"])
def test_a_row_that_becomes_visible_late_is_found_by_the_next_run(org, pull_org, late):
    """F03: rows show up after their stamp; the run before believed nothing of the last five minutes."""
    pull_org("lead")
    org.now = NOON + timedelta(hours=1)
    pull_org("lead")
    org.add("00Q1", NOON + timedelta(hours=1) - late * MINUTE)
    org.now = NOON + timedelta(hours=2)
    pull_org("lead")
    assert pull_org.ids("lead", "run-3") == ["00Q1"]


def test_what_is_newer_than_the_trail_lands_now_and_again_next_time(org, pull_org):
    org.add("00Q1", NOON - MINUTE)
    org.add("00Q2", datetime(2031, 1, 1, tzinfo=UTC))
    pulled = pull_org("lead")
    assert pull_org.ids("lead") == ["00Q1", "00Q2"]
    assert pulled.high_water_at == NOON - 5 * MINUTE
    org.now = NOON + timedelta(hours=1)
    pull_org("lead")
    assert "00Q1" in pull_org.ids("lead", "run-2")


@pytest.mark.parametrize("dies_after", [1, 2, 3])
def test_a_dead_locator_costs_nothing(org, pull_org, dies_after):
    """F12: the walk goes on after the last row seen, ties included."""
    for identity in ids(1, 56):
        org.add(identity, NOON - timedelta(days=1) + timedelta(seconds=int(identity[-2:]) // 7))
    org.once("/query/", lambda: httpx.Response(400, json=[{"errorCode": "INVALID_QUERY_LOCATOR"}]), skip=dies_after)
    pulled = pull_org("lead")
    assert pull_org.ids("lead") == ids(1, 56)
    assert pulled.records == 55


def test_a_locator_that_dies_at_once_again_and_again_still_ends(org, pull_org):
    for identity in ids(1, 56):
        org.add(identity, NOON - timedelta(days=1))
    org.once("/query/", lambda: httpx.Response(400, json=[{"errorCode": "INVALID_QUERY_LOCATOR"}]), times=1000)
    assert pull_org("lead").records == 55


def rows(*identities: str, **body) -> httpx.Response:
    stamp = "2026-11-20T00:00:00.000+0000"
    records = [{"attributes": {"type": "Lead"}, "Id": identity, "SystemModstamp": stamp} for identity in identities]
    return httpx.Response(200, json={"totalSize": 9, "done": False, "records": records, **body})


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda: rows("00Q1"), "says there is more, but not where"),
        (lambda: rows("00Q1", done=True), "9 rows were announced, 1 came"),
    ],
    ids=["done false with no link", "shortfall"],
)
def test_an_answer_that_contradicts_itself_fails_the_stream(org, pull_org, answer, message):
    """F11."""
    org.once("/queryAll", answer)
    with pytest.raises(SourceAnswerUnusableError, match=f"salesforce: lead: page 1: {message}"):
        pull_org("lead")


def test_a_link_that_comes_twice_fails_the_stream(org, pull_org):
    """F11."""
    again = "/services/data/v67.0/query/01g1-10"
    org.once("/query", lambda: rows("00Q1", nextRecordsUrl=again), times=3)
    with pytest.raises(SourceAnswerUnusableError, match="page 2: the cursor of an earlier page came again"):
        pull_org("lead")


def test_an_empty_page_in_the_middle_is_not_the_end(org, pull_org):
    """F11: a page may hold fewer rows than asked, even none."""
    for identity in ids(1, 26):
        org.add(identity, NOON - timedelta(days=1))
    empty = {"totalSize": 25, "done": False, "records": [], "nextRecordsUrl": "/services/data/v67.0/query/01g1-010"}
    org.once("/query/", lambda: httpx.Response(200, json=empty))
    assert pull_org("lead").records == 25


LINKS = [
    "https://evil.example/services/data/v67.0/query/01g1-10",
    "//evil.example/query/01g1-10",
    "http://crm.example/query/01g1-10",
    "https://crm.example:8443/query/01g1-10",
    "https://canary-user:pw@crm.example/query/01g1-10",
    "https://crm.example@evil.example/query",
    "\\\\evil.example\\query",
    "https:\\\\evil.example/query",
    "https://crm.example.evil.example/query",
    "http://169.254.169.254/latest/meta-data",
    "http://2130706433/query",
    "http://[::1]/query",
    "ftp://crm.example/query",
    "javascript:alert(1)",
    " https://evil.example/query",
    "https://crm.example\n.evil.example/",
    "https://[broken/query",
]


@pytest.mark.parametrize("link", LINKS)
def test_a_link_elsewhere_is_never_followed(org, pull_org, link):
    """F42, F43: no request at all leaves for another origin, and the message names only that origin."""
    org.add("00Q1", NOON - timedelta(days=1))
    org.once("/queryAll", lambda: rows("00Q1", nextRecordsUrl=link))
    with pytest.raises(OriginRefusedError) as refused:
        pull_org("lead")
    assert {request.url.host for request in org.requests} == {"crm.example"}
    assert len(org.asked("/query")) == 1
    assert "canary" not in str(refused.value)
    assert "01g1" not in str(refused.value)


@pytest.mark.parametrize(
    "link", ["/services/data/v67.0/query/01g1-10", "https://crm.example/a?b=c", "https://CRM.example:443/a"]
)
def test_a_link_at_home_is_followed(link):
    assert linked_url(httpx.URL("https://crm.example"), link, "test").host == "crm.example"


def test_custom_fields_are_found_and_compound_ones_skipped(org, pull_org):
    org.fields |= {"Budget__c": "currency", "Site__c": "location", "Address": "address", "x FROM User--__c": "string"}
    org.fields |= {"Note": "string"}
    org.add("00Q1", NOON - MINUTE)
    pulled = pull_org("lead")
    asked = org.asked("/queryAll")[0].url.params["q"].partition(" FROM ")[0]
    assert asked == "SELECT Id, SystemModstamp, IsDeleted, Email, Budget__c"
    assert pulled.cursor["fields"] == ["Budget__c", "Email", "Id", "IsDeleted", "SystemModstamp"]


def test_a_new_custom_field_brings_all_leads_again(org, pull_org):
    """F14."""
    org.add("00Q1", NOON - timedelta(days=30))
    pull_org("lead")
    assert pull_org("lead").records == 0
    org.fields["Budget__c"] = "currency"
    assert pull_org("lead").records == 1


def test_more_custom_fields_than_a_query_holds_are_told_but_configured_ones_kept(org, pull_org):
    org.fields |= {f"Custom_field_with_a_long_name_{number:04d}__c": "string" for number in range(600)}
    org.fields["Zz_budget__c"] = "currency"
    org.add("00Q1", NOON - MINUTE)
    pulled = pull_org("lead", account={"properties": {"lead": ("Zz_budget__c",)}})
    assert "Zz_budget__c" in org.asked("/queryAll")[0].url.params["q"]
    assert max(len(str(request.url)) for request in org.requests) < 16_000
    assert any("custom fields left out" in note for note in pulled.notes)


def test_a_configured_field_that_is_not_there_is_named(org, pull_org):
    with pytest.raises(ConfigurationError, match="lead: no such field: Budget__c"):
        pull_org("lead", account={"properties": {"lead": ("Budget__c",)}})


def test_without_the_modified_time_nothing_can_be_pulled(org, pull_org):
    del org.fields["SystemModstamp"]
    with pytest.raises(SourceRefusedError, match="may not read SystemModstamp"):
        pull_org("lead")


@pytest.mark.parametrize("part", ["/query/", "/describe"])
def test_an_expired_session_is_renewed_once_and_no_page_skipped(org, pull_org, part):
    """F20."""
    for identity in ids(1, 46):
        org.add(identity, NOON - timedelta(days=1))

    def expire() -> httpx.Response:
        org.accepts.clear()
        return httpx.Response(401, json=[{"errorCode": "INVALID_SESSION_ID"}])

    org.once(part, expire, skip=2 if part == "/query/" else 0)
    assert pull_org("lead").records == 45
    assert len(org.asked("/token")) == 2


def test_a_session_that_expires_during_a_wait_is_renewed_too(org, pull_org):
    """F20."""
    for identity in ids(1, 46):
        org.add(identity, NOON - timedelta(days=1))

    def busy() -> httpx.Response:
        org.accepts.clear()
        return httpx.Response(503, headers={"Retry-After": "7"})

    org.once("/query/", busy, skip=2)
    assert pull_org("lead").records == 45


def test_credentials_revoked_for_good_end_without_a_loop(org, pull_org):
    """F20."""
    org.once("/services/data", lambda: httpx.Response(401, json=[{"errorCode": "INVALID_SESSION_ID"}]), times=1000)
    with pytest.raises(SourceRefusedError, match="credentials refused"):
        pull_org("lead")
    assert len(org.requests) == 4


def test_a_wrong_secret_ends_at_the_first_request(org, pull_org):
    org.once("/token", lambda: httpx.Response(400, json={"error": "invalid_client", "error_description": "canary"}))
    with pytest.raises(SourceRefusedError, match="invalid_client") as refused:
        pull_org("lead")
    assert "canary" not in str(refused.value)
    assert len(org.requests) == 1


@pytest.mark.parametrize("instance", ["https://evil.example", "http://crm.example", "https://crm.example:444"])
def test_a_token_for_another_instance_is_not_used(org, pull_org, instance):
    """F42: the sign-in may not send the session elsewhere."""
    org.instance_url = instance
    with pytest.raises(OriginRefusedError, match="sign-in"):
        pull_org("lead")
    assert [request.url.path for request in org.requests] == ["/services/oauth2/token"]


@pytest.mark.parametrize("status", [302, 404, 405])
def test_a_token_url_where_nobody_signs_in_is_named(org, pull_org, status):
    org.once("/token", lambda: httpx.Response(status, html="canary", headers={"Location": "https://login.example/"}))
    told = rf"https://crm\.example:443/services/oauth2/token answered {status}: .* Correct token_url"
    with pytest.raises(ConfigurationError, match=told):
        pull_org("lead")
    assert len(org.requests) == 1


def limited(message: str) -> httpx.Response:
    return httpx.Response(403, json=[{"message": message, "errorCode": "REQUEST_LIMIT_EXCEEDED"}])


def test_too_many_requests_at_once_are_waited_for(org, pull_org, fake_time):
    """F16: the code is that of the daily quota, the message is not."""
    org.add("00Q1", NOON - timedelta(days=1))
    org.once("/queryAll", lambda: limited("ConcurrentRequests (Concurrent API Requests) Limit exceeded."), times=3)
    assert pull_org("lead").records == 1
    assert len(fake_time.slept) == 3


def test_the_daily_quota_ends_the_run_at_once(org, pull_org, fake_time):
    """F16."""
    org.once("/queryAll", lambda: limited("TotalRequests Limit exceeded."))
    with pytest.raises(SourceRefusedError, match="daily quota"):
        pull_org("lead")
    assert fake_time.slept == []


def test_stages_are_read_whole_every_time(org, pull_org):
    org.fields = {"Id": "id", "MasterLabel": "string", "SystemModstamp": "datetime"}
    org.add("01J1", NOON - timedelta(days=300))
    assert pull_org("opportunity_stage").records == 1
    pulled = pull_org("opportunity_stage")
    assert (pulled.records, pulled.is_full) == (1, True)
