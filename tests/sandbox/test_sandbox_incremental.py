"""What an incremental reader sees after a week is what the week changed, no more and no less."""

from datetime import UTC, datetime

import pytest

from sandbox.company.moments import last_change_before


@pytest.fixture
def lived(asks, larger_company):
    """A sandbox after one week, what it says it changed, and the moment the week began after."""
    asker = asks(larger_company)
    told = asker.control("advance", {"days": 7, "ids": True})
    assert told["as_of"] == "2026-11-29"
    return asker, told["changes"], last_change_before(larger_company.as_of)


@pytest.mark.parametrize("kind", ["contacts", "companies", "deals"])
def test_hubspot_search_since_the_last_run(lived, kind):
    asker, changes, since = lived
    name = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    condition = {"propertyName": name, "operator": "GT", "value": str(since)}
    found = {record["id"] for record in asker.searched(kind, filterGroups=[{"filters": [condition]}], sorts=[name])}
    expected = {*changes[kind]["created"], *changes[kind]["changed"], *changes[kind]["restored"]}
    archived = {record["id"] for record in asker.listed(kind, archived="true")}
    assert found == expected - archived
    assert set(changes[kind]["archived"]) <= archived
    gone = set(changes[kind]["gone"])
    assert not gone & (found | archived | {record["id"] for record in asker.listed(kind)})


@pytest.mark.parametrize(
    "kind", ["Lead", "Contact", "Account", "Opportunity", "OpportunityContactRole", "Task", "User"]
)
def test_salesforce_query_all_since_the_last_run(lived, kind):
    asker, changes, since = lived
    at = datetime.fromtimestamp(since / 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = asker.soql(f"SELECT Id FROM {kind} WHERE SystemModstamp > {at}", everything=True)
    seen = [deed for deed in ("created", "changed", "archived", "restored") if deed in changes[kind]]
    assert {record["Id"] for record in found} == {identity for deed in seen for identity in changes[kind][deed]}
    assert found


def test_nothing_is_dated_before_the_time_the_last_run_was_told(asks, larger_company):
    asker = asks(larger_company)
    asker.clock.seconds += 30 * 3600
    told = asker.sandbox.now().replace(tzinfo=None)
    before = larger_company.hubspot["contacts"]["_modified"].max()
    assert before < told
    asker.control("advance", {"days": 7})
    tables = [*asker.sandbox.company.hubspot.values(), *asker.sandbox.company.salesforce.values()]
    assert all(table.filter(table["_modified"].is_between(before, told, closed="none")).is_empty() for table in tables)
    assert asker.sandbox.now().replace(tzinfo=None) > max(table["_modified"].max() for table in tables)


def test_weeks_one_by_one_are_weeks_at_once(asks, company):
    one_by_one, at_once = asks(company), asks(company)
    for _ in range(2):
        one_by_one.control("advance", {"days": 7})
    at_once.control("advance", {"days": 14})
    assert one_by_one.control("truth") == at_once.control("truth")
    assert one_by_one.listed("contacts") == at_once.listed("contacts")


@pytest.mark.parametrize("body", [{"days": 3}, {"days": 0}, {"days": "week"}, {"weeks": 1}, []])
def test_only_whole_weeks_can_be_lived(asker, company, body):
    assert asker._ask("/_sandbox/advance", body, "", {}).status == 400
    assert asker.sandbox.company is company
