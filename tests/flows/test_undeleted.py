"""Records that HubSpot and Salesforce delete, or forget, and show again as they were: what is shown alive is alive."""

from datetime import date

import httpx
import pytest

from flows.terminal.sandbox_process import sandbox_running
from tests.flows.conftest import CONFIG
from tests.flows.line import Line, warehouse_in

pytestmark = pytest.mark.slow

DAY, NOON = date(2026, 11, 22), "2026-11-22T12:00:01Z"
# Table of the company, and the bridge that tells of its records, by object.
OBJECTS = {
    "hubspot:contact": ("contacts", "bridge_person_source"),
    "hubspot:deal": ("deals", "bridge_opportunity_source"),
    "salesforce:lead": ("Lead", "bridge_person_source"),
    "salesforce:opportunity": ("Opportunity", "bridge_opportunity_source"),
}


class Company:
    """The company in two systems, and a line that follows it."""

    def __init__(self, line, sandbox):
        self.line, self.sandbox = line, sandbox

    def put(self, key, state, modified=None):
        """Put a record into another state; the change time it had before."""
        name, _, id_ = key.rpartition(":")
        edit = {"table": OBJECTS[name][0], "ids": [id_], "state": state, "modified": modified}
        answer = httpx.post(f"{self.sandbox.base_url}/_sandbox/records", json=edit, timeout=60)
        [before] = answer.raise_for_status().json()["before"]
        return before["modified"]

    def alive(self, **how):
        """Keys of the records that are alive after one more run."""
        self.line.refresh(DAY, **how)
        tables = self.line.published()
        rows = [row for bridge in {name for _, name in OBJECTS.values()} for row in tables[bridge].rows(named=True)]
        return {row["record_key"] for row in rows if not row["is_deleted"]}


@pytest.fixture(scope="module")
def company(server, migrated, tmp_path_factory):
    with sandbox_running(150, DAY) as sandbox:
        variables = {**sandbox.environment, **warehouse_in(server, migrated)}
        yield Company(Line(config=CONFIG, home=tmp_path_factory.mktemp("line"), variables=variables), sandbox)


def one_of_each(alive):
    return [min(key for key in alive if key.startswith(f"{name}:")) for name in OBJECTS]


def test_what_is_undone_without_a_new_change_time_is_undone(company):
    before = company.alive()
    deleted = one_of_each(before)
    times = [company.put(key, "archived", NOON) for key in deleted]
    assert company.alive() == before - {*deleted}
    for key, time in zip(deleted, times, strict=True):
        company.put(key, "live", time)
    # HubSpot is asked for what left its archive; a query for changes in Salesforce shows nothing.
    assert company.alive() == before - {*deleted[2:]}
    forgotten = one_of_each(before - {*deleted})
    for key in forgotten:
        company.put(key, "absent")
    assert company.alive(full=True) == before - {*forgotten}
    for key in forgotten:
        company.put(key, "live")
    assert company.alive(full=True) == before
