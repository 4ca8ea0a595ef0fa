"""The home's journal of sent messages, and a warehouse that went back to an older state."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from flows.alerts.deliveries import SentMessage
from flows.alerts.sent_journal import SentJournal
from tests.databases import new_database
from tests.flows.alerts.company import CANARY, DAY, NOW, Company, company_of, issue, posts
from tests.flows.alerts.recipients import web_hook
from warehouse.connect import engine_for
from warehouse.embedded.server import EmbeddedServer

pytestmark = pytest.mark.slow
# All runs of these tests are published on one day; alerts are held back when that is more than 26 hours ago.
LATER, LATER_NOW = DAY + timedelta(days=2), NOW + timedelta(hours=24)
Backup = Callable[[Company], Callable[[Company], Company]]


@pytest.fixture
def backup(server: EmbeddedServer) -> Backup:
    """Copy a company's warehouse now; give what puts the copy in place of the one that a company has by then."""

    def copy(company: Company) -> Callable[[Company], Company]:
        company.engine.dispose()
        kept = new_database(server, str(company.engine.url.database))
        return lambda now: replace(now, engine=engine_for(new_database(server, str(kept.database))))

    return copy


# A warehouse that went back


def test_a_warehouse_restored_to_before_the_sending_tells_nobody_twice_and_what_is_new_once(
    company, mailbox, hook, backup
):
    company.publish(issue(1), issue(2, "bob"), issue(3, None))
    restore = backup(company)
    company.send()
    company = restore(company)
    again = company.send()
    assert (again.accepted, again.remembered) == (0, 4)
    assert (len(mailbox.accepted), len(hook.posted)) == (2, 2)
    # Now the warehouse knows, whatever becomes of the home.
    assert company.told() == ["i1", "i2", "i3"]
    owners = company.ask("SELECT issue_id, owner_id, notified_at FROM ops.notification ORDER BY 1")
    assert owners == [("i1", "ann", NOW), ("i2", "bob", NOW), ("i3", None, NOW)]
    assert company.send().remembered == 0
    company.publish(issue(1), issue(2, "bob"), issue(3, None), issue(4))
    assert company.send().issues_told == 1
    (_first, new) = mailbox.to("ann@corp.example")
    assert "Acme 4" in new.get_content()


def test_an_issue_that_a_lost_run_found_and_told_is_not_told_again_when_it_is_found_anew(company, mailbox, backup):
    """The run after the restored state opens it on another day, so it has another id."""
    company.publish(issue(1))
    company.send()
    restore = backup(company)
    company.publish(issue(1), issue(2), as_of=DAY)
    company.send()
    company = restore(company)
    company.publish(
        issue(1),
        issue(5, record_id="crm:deal:2", opened_on=LATER),
        issue(6, opened_on=LATER),
        as_of=LATER,
        pulled_at=LATER_NOW,
    )
    outcome = company.send(LATER_NOW)
    assert (outcome.issues_told, outcome.remembered) == (1, 1)
    said = [mail.get_content() for mail in mailbox.to("ann@corp.example")]
    assert ["Acme 6" in text for text in said] == [False, False, True]
    assert not any("Acme 5" in text for text in said)
    assert company.send(LATER_NOW).accepted == 0


def test_an_issue_that_comes_back_long_after_the_restored_state_is_told(company, mailbox, backup):
    company.publish(issue(9))
    restore = backup(company)
    company.publish(issue(9), issue(1))
    company.send()
    company = restore(company)
    company.publish(issue(9), as_of=LATER, pulled_at=LATER_NOW)
    company.send(LATER_NOW)
    day = LATER + timedelta(days=1)
    company.publish(issue(9), issue(2, record_id="crm:deal:1", opened_on=day), as_of=day, pulled_at=LATER_NOW)
    assert company.send(LATER_NOW).issues_told == 1
    assert len(mailbox.to("ann@corp.example")) == 2


def test_a_target_that_had_refused_before_the_warehouse_went_back_still_gets_its_digest(
    alert_warehouse, tmp_path, hook, backup
):
    with web_hook() as second:
        company = company_of(alert_warehouse, tmp_path, revops=f"{posts(hook)} {posts(second)}")
        company.publish(issue(1, None))
        restore = backup(company)
        second.answers += [500, 500]
        company.send()
        restore(company).send()
        assert (len(hook.posted), len(second.posted)) == (2, 2)


# A home or a warehouse that is lost


def test_a_home_that_is_lost_loses_nothing_that_the_warehouse_knows(company, tmp_path, mailbox, hook):
    company.publish(issue(1))
    company.send()
    (journal,) = company.journal.folder.iterdir()
    journal.unlink()
    company.journal.folder.rmdir()
    assert company.send().accepted == 0
    company.publish(issue(1), issue(2))
    assert company.send().issues_told == 1
    assert (len(mailbox.accepted), len(hook.posted)) == (2, 1)


def test_a_home_with_a_new_warehouse_suppresses_nothing_that_is_new(company, server, migrated, mailbox):
    """The first run into it is a baseline; what fails for the first time afterwards is news, told before or not."""
    company.publish(issue(1), issue(2))
    company.send()
    company = replace(company, engine=engine_for(new_database(server, migrated)))
    company.publish(issue(1, is_baseline=True), as_of=LATER, pulled_at=LATER_NOW)
    assert company.send(LATER_NOW).issues_told == 0
    company.publish(
        issue(1, is_baseline=True),
        issue(7, record_id="crm:deal:2", opened_on=LATER),
        as_of=LATER,
        pulled_at=LATER_NOW,
    )
    assert company.send(LATER_NOW).issues_told == 1
    assert len(mailbox.accepted) == 2


# The files


def test_the_journal_is_closed_to_others_and_holds_nobody(company, tmp_path):
    company.publish(issue(1), issue(2, None))
    company.send()
    (journal,) = company.journal.folder.iterdir()
    assert journal.name == "2026-11.jsonl"
    assert journal.stat().st_mode & 0o777 == 0o600
    assert company.journal.folder.stat().st_mode & 0o777 == 0o700
    text = journal.read_text()
    assert len(text.splitlines()) == 3
    for private in (CANARY, "corp.example", "ann", "Acme", "crm:deal", "127.0.0.1", "i1"):
        assert private not in text


def test_a_dry_run_writes_neither_journal_nor_warehouse(company, backup):
    company.publish(issue(1))
    restore = backup(company)
    company.send()
    company = restore(company)
    planned = company.planned()
    assert (planned.messages, len(planned.remembered)) == ((), 2)
    assert company.told() == []
    # Within the function: it imports Prefect, which every process that collects the tests would wait for.
    from flows.terminal.commands.digests import show_plan  # noqa: PLC0415

    out = StringIO()
    show_plan(planned, Console(file=out, width=200))
    assert "2 messages not sent again: delivered according to the journal in BANTAM_HOME" in out.getvalue()


def sent(at: datetime) -> SentMessage:
    day = at.date()
    return SentMessage(kind="digest", key="k", target="t", run_id="1", told_for=day, sent_at=at, findings=(("f", day),))


def test_a_damaged_line_is_passed_over_counted_and_cut_off(tmp_path):
    journal = SentJournal(tmp_path / "messages")
    first, second = sent(NOW), sent(NOW + timedelta(hours=1))
    journal.append(first)
    (path,) = journal.folder.iterdir()
    for damage in ('{"key": "k"', "[]\n", json.dumps({"key": "k", "findings": [1]}) + "\n", "\xff\n"):
        path.write_bytes(path.read_bytes() + damage.encode("latin-1"))
    journal.append(second)
    messages, damaged = journal.read()
    assert messages == [first, second]
    assert damaged == 3


def test_a_journal_forgets_what_is_older_than_a_year_and_a_month(tmp_path: Path):
    journal = SentJournal(tmp_path / "messages")
    moments = [datetime(year, month, 1, tzinfo=UTC) for year in (2025, 2026) for month in range(1, 13)]
    for moment in moments:
        journal.append(sent(moment))
    kept = [message.told_for for message in journal.read()[0]]
    assert kept == [date(2025, 11, 1), date(2025, 12, 1), *(date(2026, month, 1) for month in range(1, 13))]
