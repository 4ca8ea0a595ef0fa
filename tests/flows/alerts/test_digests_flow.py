"""The flow as the scheduler runs it: one Prefect server, one story."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from prefect import get_client
from prefect.testing.utilities import prefect_test_harness

from definitions.errors import AlertPendingError, AnotherRunActiveError
from flows.send_digests import send_digests
from tests.flows.alerts.company import CANARY, CONFIG, issue, mails, posts
from tests.flows.line import environment
from warehouse.lock import run_lock

pytestmark = [
    pytest.mark.slow,
    # Apprise imports it when it first looks for a plug-in.
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]
# The runs of these tests were published on one day of November 2026, whenever the test is run.
CONFIG_OF_ANY_DAY = f"{CONFIG}  max_stale_hours: 1000000\n"


@pytest.fixture
def config(tmp_path, company, mailbox, hook) -> Iterator[str]:
    """The settings in the environment that their names come from, under a Prefect of our own."""
    path = tmp_path / "any_day.yaml"
    path.write_text(CONFIG_OF_ANY_DAY)
    variables = {
        "TOKEN": "t",
        "OWNERS": mails(mailbox),
        "REVOPS": posts(hook),
        "BANTAM_HOME": str(tmp_path / "home"),
        "BANTAM_WAREHOUSE_URL": company.engine.url.render_as_string(hide_password=False),
    }
    with environment(variables), prefect_test_harness(server_startup_timeout=300):
        yield str(path)


def artifacts() -> list[Any]:
    with get_client(sync_client=True) as client:
        return client.request("POST", "/artifacts/filter", json={}).json()


def test_the_flow_sends_once_says_what_waits_and_shows_counts_only(config, company, mailbox, hook, caplog):
    caplog.set_level(logging.DEBUG)
    nothing = send_digests(config=config)
    assert (nothing["run_id"], nothing["accepted"]) == (None, 0)

    company.publish(issue(1), issue(2, "bob"))
    rehearsed = send_digests(config=config, dry_run=True)
    assert (rehearsed["planned"], rehearsed["accepted"], mailbox.accepted) == (3, 0, [])

    with run_lock(company.engine, "digests"), pytest.raises(AnotherRunActiveError):
        send_digests(config=config)

    mailbox.refuses = {"ann@corp.example"}
    with pytest.raises(AlertPendingError, match="1 message did not leave"):
        send_digests(config=config)
    assert (len(mailbox.accepted), len(hook.posted)) == (1, 1)

    mailbox.refuses = set()
    sent = send_digests(config=config)
    assert (sent["run_id"], sent["accepted"], sent["issues_told"], sent["pending"]) == ("000001", 1, 1, {})
    assert (len(mailbox.accepted), len(hook.posted)) == (2, 1)

    kept = str(artifacts())
    assert "issues_told" in kept
    for private in (CANARY, "corp.example", "Acme", "Ann Able", "crm:deal"):
        assert private not in caplog.text
        assert private not in kept
