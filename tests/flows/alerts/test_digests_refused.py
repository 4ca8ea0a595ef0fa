"""Alerts that do not leave: targets that refuse, a process that dies, settings that lead nowhere."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from definitions.errors import AlertPendingError, ConfigurationError, LandingError, NeedsPersonError
from definitions.runtime.crash_points import arm
from flows.alerts.delivery import Outcome, raise_if_pending
from flows.alerts.plan import check_targets
from tests.flows.alerts.company import CANARY, company_of, issue, mails, posts
from tests.flows.alerts.recipients import web_hook
from tests.processes import exit_code
from warehouse.connect import engine_for

pytestmark = pytest.mark.slow


# Targets that do not take a message


@pytest.mark.parametrize("says", ["550 mailbox unavailable", "452 try again later"])
def test_a_refused_mail_waits_for_the_next_time_and_keeps_no_other_waiting(company, mailbox, hook, says):
    mailbox.refuses, mailbox.says = {"ann@corp.example"}, says
    company.publish(issue(1, "ann"), issue(2, "bob"), issue(3, "max"))
    outcome = company.send()
    assert outcome.issues_told == 2
    assert outcome.pending == {f"alerts.owners answered {says[:3]}": 1}
    assert company.told() == ["i2", "i3"]
    assert len(hook.posted) == 1
    mailbox.refuses = set()
    assert company.send() == Outcome(accepted=1, issues_told=1, pending={})
    assert [len(mailbox.to(f"{who}@corp.example")) for who in ("ann", "bob", "max")] == [1, 1, 1]


@pytest.mark.parametrize("answer", [500, 429])
def test_a_web_hook_that_refuses_gets_the_roll_up_later_and_who_took_it_gets_it_once(
    alert_warehouse, tmp_path, mailbox, hook, answer
):
    with web_hook() as second:
        company = company_of(alert_warehouse, tmp_path, owners=mails(mailbox), revops=f"{posts(hook)} {posts(second)}")
        company.publish(issue(1))
        hook.answers.append(answer)
        outcome = company.send()
        assert sum(outcome.pending.values()) == 1
        assert next(iter(outcome.pending)).startswith("alerts.revops, number 1 ")
        assert (len(hook.posted), len(second.posted), len(mailbox.accepted)) == (0, 1, 1)
        assert company.send().pending == {}
        assert (len(hook.posted), len(second.posted), len(mailbox.accepted)) == (1, 1, 1)


def test_a_digest_that_one_target_took_comes_to_the_other_when_that_can_take_it(alert_warehouse, tmp_path, hook):
    with web_hook() as second:
        company = company_of(alert_warehouse, tmp_path, revops=f"{posts(hook)} {posts(second)}")
        company.publish(issue(1, None))
        second.answers.append(500)
        outcome = company.send()
        assert (outcome.issues_told, outcome.pending) == (1, {"alerts.revops, number 2 answered 500": 1})
        with pytest.raises(AlertPendingError, match=r"1 message did not leave: .*What is published stands\."):
            raise_if_pending(outcome)
        assert company.send() == Outcome(accepted=1, issues_told=1)
        assert company.send() == Outcome(accepted=0, issues_told=0)
        assert (len(hook.posted), len(second.posted)) == (2, 2)


def test_the_error_says_what_waits_and_holds_no_secret_and_no_person(company, mailbox, hook):
    mailbox.refuses = {"ann@corp.example", "bob@corp.example"}
    hook.answers = [500]
    company.publish(issue(1, "ann"), issue(2, "bob"))
    with pytest.raises(AlertPendingError) as pending:
        raise_if_pending(company.send())
    assert pending.value.exit_code == 7
    assert str(pending.value).startswith(
        "3 messages did not leave: alerts.owners answered 550 (2 messages); "
        "alerts.revops, number 1 answered 500 (1 message)."
    )
    for secret in (CANARY, "ann", "corp.example", "127.0.0.1"):
        assert secret not in str(pending.value)


def test_where_all_went_well_there_is_no_error(company):
    company.publish(issue(1))
    sent = company.send()
    raise_if_pending(sent)
    assert (sent.issues_told, sent.pending) == (1, {})


# Dying in the middle


def _send_and_die(url: str, folder: Path, owners: str, revops: str) -> None:
    arm("alert.before_send")
    company_of(engine_for(url), folder, owners=owners, revops=revops).send()


def test_a_process_that_dies_before_it_sends_has_told_nobody_and_the_next_one_tells_all(
    company, tmp_path, mailbox, hook
):
    company.publish(issue(1), issue(2, "bob"))
    url = company.engine.url.render_as_string(hide_password=False)
    assert exit_code(_send_and_die, url, tmp_path, mails(mailbox), posts(hook)) == -9
    assert (mailbox.accepted, company.told()) == ([], [])
    assert company.send().issues_told == 2
    assert (len(mailbox.accepted), len(hook.posted)) == (2, 1)


def test_a_message_that_left_and_could_not_be_noted_is_known_from_the_journal(company, mailbox):
    company.publish(issue(1, "ann"), issue(2, "bob"), issue(3, "max"))
    with company.engine.begin() as connection:
        full = "ALTER TABLE ops.notification ADD CONSTRAINT full_up CHECK (delivery_status <> 'accepted')"
        connection.execute(sa.text(full))
    with pytest.raises(NeedsPersonError, match="Noting who was told"):
        company.send()
    assert len(mailbox.accepted) == 1
    with company.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE ops.notification DROP CONSTRAINT full_up"))
    outcome = company.send()
    assert (outcome.issues_told, outcome.remembered, outcome.repeated) == (2, 1, 0)
    assert [len(mailbox.to(f"{who}@corp.example")) for who in ("ann", "bob", "max")] == [1, 1, 1]


def test_a_journal_that_cannot_be_written_ends_the_sending_and_repeats_nothing(company, mailbox):
    company.publish(issue(1, "ann"), issue(2, "bob"))
    company.job.home.root.mkdir()
    company.journal.folder.write_text("in the way")
    with pytest.raises(LandingError, match="messages"):
        company.send()
    assert (len(mailbox.accepted), company.told()) == (1, ["i1"])
    company.journal.folder.unlink()
    assert company.send().issues_told == 1
    assert [len(mailbox.to(f"{who}@corp.example")) for who in ("ann", "bob")] == [1, 1]


# Settings


def test_without_targets_nothing_is_sent_and_nothing_counts_as_told(alert_warehouse, tmp_path):
    company = company_of(alert_warehouse, tmp_path)
    company.publish(issue(1), issue(2, None))
    planned = company.planned()
    assert (planned.messages, len(planned.without_target)) == ((), 3)
    assert company.send() == Outcome(accepted=0, issues_told=0, pending={})
    assert company.told() == []


def test_nothing_published_is_nothing_to_tell(company):
    assert company.planned() is None


@pytest.mark.parametrize(
    ("owners", "revops", "named"),
    [("nothing://x", "", "alerts.owners"), ("", "json://ok.example nothing://x", "alerts.revops, number 2")],
)
def test_a_target_that_can_take_no_message_is_found_before_any_is_sent(
    alert_warehouse, tmp_path, owners, revops, named
):
    company = company_of(alert_warehouse, tmp_path, owners=owners, revops=revops)
    with pytest.raises(ConfigurationError, match=named):
        check_targets(company.job.settings)
