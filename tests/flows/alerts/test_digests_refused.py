"""Alerts that do not leave: targets that refuse, a process that dies, settings that lead nowhere."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from definitions.crash_points import arm
from definitions.errors import AlertPendingError, ConfigurationError, NeedsPersonError
from flows.alerts import check_targets
from flows.delivery import Outcome, raise_if_pending
from tests.flows.alerts.company import CANARY, company_of, issue, mails, posts
from tests.flows.alerts.recipients import web_hook
from tests.processes import exit_code
from warehouse.connect import engine_for

pytestmark = [
    pytest.mark.slow,
    # Apprise imports it when it first looks for a plug-in.
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]


# Targets that do not take a message


@pytest.mark.parametrize("says", ["550 mailbox unavailable", "452 try again later"])
def test_a_refused_mail_waits_for_the_next_time_and_keeps_no_other_waiting(company, mailbox, hook, says):
    mailbox.refuses, mailbox.says = {"ann@corp.example"}, says
    company.publish(issue(1, "ann"), issue(2, "bob"), issue(3, "max"))
    outcome = company.send()
    assert outcome.issues_told == 2
    assert outcome.pending == {"alerts.owners did not take the message": 1}
    assert company.ask("SELECT issue_id FROM ops.notification ORDER BY 1") == [("i2",), ("i3",)]
    assert len(hook.posted) == 1
    mailbox.refuses = set()
    assert company.send() == Outcome(accepted=1, issues_told=1, pending={})
    assert [len(mailbox.to(f"{who}@corp.example")) for who in ("ann", "bob", "max")] == [1, 1, 1]


@pytest.mark.parametrize("answer", [500, 429, None], ids=["500", "429", "no answer"])
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


def test_a_digest_that_only_one_target_took_is_not_promised_to_the_other(alert_warehouse, tmp_path, hook):
    """Issues are noted as told to somebody, not to each target."""
    with web_hook() as second:
        company = company_of(alert_warehouse, tmp_path, revops=f"{posts(hook)} {posts(second)}")
        company.publish(issue(1, None))
        second.answers.append(500)
        outcome = company.send()
        with pytest.raises(AlertPendingError, match=r"another target took does not come again \(1 message\)"):
            raise_if_pending(outcome)
        assert company.send() == Outcome(accepted=0, issues_told=0, pending={})
        assert (len(hook.posted), len(second.posted)) == (2, 1)


def test_the_error_says_what_waits_and_holds_no_secret_and_no_person(company, mailbox, hook):
    mailbox.refuses = {"ann@corp.example", "bob@corp.example"}
    hook.answers = [500]
    company.publish(issue(1, "ann"), issue(2, "bob"))
    with pytest.raises(AlertPendingError) as pending:
        raise_if_pending(company.send())
    assert pending.value.exit_code == 7
    assert "not come again" not in str(pending.value)
    assert str(pending.value).startswith(
        "3 messages did not leave: alerts.owners did not take the message (2 messages); "
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
    assert (mailbox.accepted, company.ask("SELECT * FROM ops.notification")) == ([], [])
    assert company.send().issues_told == 2
    assert (len(mailbox.accepted), len(hook.posted)) == (2, 1)


def test_a_message_that_left_but_could_not_be_noted_is_the_only_one_repeated(company, mailbox):
    company.publish(issue(1, "ann"), issue(2, "bob"), issue(3, "max"))
    with company.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE ops.notification ADD CONSTRAINT full_up CHECK (false)"))
    with pytest.raises(NeedsPersonError, match="Noting who was told"):
        company.send()
    assert len(mailbox.accepted) == 1
    with company.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE ops.notification DROP CONSTRAINT full_up"))
    assert company.send().issues_told == 3
    assert sorted(len(mailbox.to(f"{who}@corp.example")) for who in ("ann", "bob", "max")) == [1, 1, 2]


# Settings


def test_without_targets_nothing_is_sent_and_nothing_counts_as_told(alert_warehouse, tmp_path):
    company = company_of(alert_warehouse, tmp_path)
    company.publish(issue(1), issue(2, None))
    planned = company.planned()
    assert (planned.messages, len(planned.homeless)) == ((), 3)
    assert company.send() == Outcome(accepted=0, issues_told=0, pending={})
    assert company.ask("SELECT * FROM ops.notification") == []


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
