"""What owners and RevOps are told, from published issues to what a mail server and a web hook hold."""

from datetime import timedelta
from io import StringIO

import pytest
import sqlalchemy as sa
from rich.console import Console

from flows.alerts.delivery import Outcome
from flows.alerts.plan import Plan
from tests.flows.alerts.company import DAY, NOW, company_of, issue, posts
from tests.flows.alerts.recipients import Hook, web_hook

pytestmark = pytest.mark.slow


def titles(hook: Hook) -> list[str]:
    return [told["title"] for told in hook.told]


# Once, and only what is new


def test_each_owner_gets_one_mail_and_none_the_next_time(company, mailbox, hook):
    company.publish(issue(1), issue(2), issue(3, "bob"))
    outcome = company.send()
    assert (outcome.accepted, outcome.issues_told, outcome.pending) == (3, 3, {})
    assert [len(mailbox.to(f"{who}@corp.example")) for who in ("ann", "bob", "max")] == [1, 1, 0]
    assert company.ask("SELECT issue_id, owner_id, notified_count, run_id FROM ops.notification ORDER BY 1") == [
        ("i1", "ann", 1, "000001"),
        ("i2", "ann", 1, "000001"),
        ("i3", "bob", 1, "000001"),
    ]
    company.publish(issue(1), issue(2), issue(3, "bob"))
    assert company.send() == Outcome(accepted=0, issues_told=0, pending={})
    assert (len(mailbox.accepted), len(hook.posted)) == (2, 1)


def test_the_mail_is_as_its_owner_should_read_it(company, mailbox):
    company.publish(issue(1), issue(2, record_name="<img src=x onerror=alert(1)> [Pay](https://evil.example)"))
    company.send()
    (mail,) = mailbox.to("ann@corp.example")
    assert mail["Subject"] == "[draft definitions] 2 records need your attention, USD 300 at risk"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\u200b", "").rstrip().splitlines() == [
        "DRAFT: marketing and sales have not signed the definitions handoff 2026.1 yet.",
        "",
        "As of 2026-11-22, worst first. Each issue is told once.",
        "",
        "1. Deal: <img src=x onerror=alert(1)> [Pay](https://evil.example) (USD 200 at risk)",
        "   The close date passed 2 days ago.",
        "   Do: Enter a new date.",
        "   Ask: When will they decide?",
        "   https://crm.example/deal/2",
        "",
        "2. Deal: Acme 1 (USD 100 at risk)",
        "   The close date passed 1 days ago.",
        "   Do: Enter a new date.",
        "   Ask: When will they decide?",
        "   https://crm.example/deal/1",
    ]
    assert "<img" not in mail.get_content()
    assert "](" not in mail.get_content()


@pytest.mark.parametrize(
    "told_to_nobody",
    [{"is_baseline": True}, {"state": "resolved", "resolved_on": DAY}],
    ids=["found by the first run", "resolved"],
)
def test_what_was_there_before_or_is_mended_is_told_to_nobody(company, mailbox, told_to_nobody):
    company.publish(issue(1, **told_to_nobody))
    outcome = company.send()
    assert (outcome.issues_told, mailbox.accepted) == (0, [])


def test_an_issue_that_comes_back_is_a_new_one(company, mailbox):
    company.publish(issue(1))
    company.send()
    later = DAY + timedelta(days=1)
    company.publish(
        issue(1, state="resolved", resolved_on=DAY), issue(2, record_id="crm:deal:1", opened_on=later), as_of=later
    )
    company.send()
    assert len(mailbox.to("ann@corp.example")) == 2


def test_what_does_not_fit_comes_in_the_next_digest(company, mailbox):
    company.publish(*(issue(number) for number in range(1, 9)))
    assert company.send().issues_told == 3
    assert company.send().issues_told == 3
    assert company.send().issues_told == 2
    assert company.send().issues_told == 0
    said = [mail.get_content() for mail in mailbox.to("ann@corp.example")]
    assert ["And 5 more worth USD 1,500; they come" in text for text in said] == [True, False, False]
    assert sorted(f"Acme {number} " in text for text in said for number in range(1, 9)).count(True) == 8


def test_the_manager_reads_for_who_left_and_revops_where_there_is_nobody(company, mailbox, hook):
    company.publish(issue(1, "cat"), issue(2, None), issue(3, "max"))
    company.send()
    (mail,) = mailbox.to("max@corp.example")
    assert mail["Subject"] == "[draft definitions] 2 records need your attention, USD 400 at risk"
    lines = mail.get_content().splitlines()
    assert lines[lines.index("1. Deal: Acme 3 (USD 300 at risk)") + 1] == "   The close date passed 3 days ago."
    assert lines[lines.index("2. Deal: Acme 1 (USD 100 at risk)") + 1] == "   Owner: Cat Cool"
    assert titles(hook)[0] == "[draft definitions] 1 record without an owner who can be told, USD 200 at risk"
    assert company.ask("SELECT issue_id, owner_id FROM ops.notification ORDER BY 1") == [
        ("i1", "max"),
        ("i2", None),
        ("i3", "max"),
    ]


def test_what_revops_reads_in_two_places_was_told_once(alert_warehouse, tmp_path, hook):
    with web_hook() as second:
        company = company_of(alert_warehouse, tmp_path, revops=f"{posts(hook)} {posts(second)}")
        company.publish(issue(1, None))
        assert company.send().issues_told == 1
        assert titles(hook) == titles(second)
    assert company.ask("SELECT issue_id, notified_count FROM ops.notification") == [("i1", 1)] * 2


# The roll-up


def test_revops_gets_one_roll_up_a_day_and_hears_what_moved_since(company, hook):
    company.publish(issue(1), issue(9, is_baseline=True))
    company.send()
    company.publish(issue(1), issue(2))
    company.send()
    assert titles(hook) == ["[draft definitions] Pipeline hygiene 2026-11-22: 2 open issues, USD 1,000 at risk"]
    later = DAY + timedelta(days=3)
    company.publish(issue(1, state="resolved", resolved_on=later), issue(4, "bob", opened_on=later), as_of=later)
    company.send()
    _first, second = hook.told
    assert "Since 2026-11-22: 1 opened, 1 resolved." in second["message"]
    assert "Reported by the systems: 5 deals, USD 900; 1 without an amount." in second["message"]
    assert "SET ASIDE: 1 record\n- crm.deals: 1 record, bad_amount" in second["message"]
    assert "- web: 1 stream, complete up to 2026-11-22 10:00 UTC" in second["message"]
    assert second["message"].startswith("DRAFT: ")
    assert company.ask("SELECT announcement, told_for, sent_count, run_id FROM ops.announcement ORDER BY 2") == [
        ("roll_up", DAY, 1, "000001"),
        ("roll_up", later, 1, "000003"),
    ]


def test_the_first_run_tells_revops_its_counts_and_owners_nothing(company, mailbox, hook):
    company.publish(*(issue(number, is_baseline=True) for number in range(1, 4)))
    company.send()
    assert mailbox.accepted == []
    assert "3 of the open ones were found by the first run, which alerts nobody." in hook.told[0]["message"]
    assert "Since 2026-11-15: 0 opened, 0 resolved." in hook.told[0]["message"]


# Stale data


@pytest.mark.parametrize(
    ("pulled_at", "now", "reason"),
    [
        (NOW - timedelta(hours=27), NOW, "crm is complete up to 2026-11-21 07:00 UTC (deals)."),
        (NOW, NOW + timedelta(hours=26), "The last run was published at 2026-11-22 09:00 UTC."),
    ],
    ids=["a source", "the run"],
)
def test_stale_data_alerts_no_owner_and_revops_once_a_day(company, mailbox, hook, pulled_at, now, reason):
    company.publish(issue(1), pulled_at=pulled_at)
    for _ in range(2):
        outcome = company.send(now)
        assert outcome.issues_told == 0
    assert mailbox.accepted == []
    assert titles(hook) == ["Alerts are held back: the data is stale"]
    assert f"- {reason}" in hook.told[0]["message"]
    company.send(now + timedelta(days=1))
    assert titles(hook) == ["Alerts are held back: the data is stale"] * 2
    company.publish(issue(1), pulled_at=NOW)
    company.send(NOW)
    assert len(mailbox.to("ann@corp.example")) == 1
    assert titles(hook)[2].startswith("[draft definitions] Pipeline hygiene")


def test_a_source_that_is_no_longer_configured_does_not_hold_alerts_back(company, mailbox):
    company.publish(issue(1))
    insert = "INSERT INTO ops.cursor VALUES (:source, :stream, '{}', NULL, '2020-01-01Z', '2020-01-01Z', '1')"
    with company.engine.begin() as connection:
        for source, stream in (("gone", "deals"), ("crm", "gone")):
            connection.execute(sa.text(insert), {"source": source, "stream": stream})
    assert company.send().issues_told == 1


# On the terminal


def shown(planned: Plan | None) -> str:
    # Within the function: it imports Prefect, which every process that collects the tests would wait for.
    from flows.terminal.commands.digests import show_plan  # noqa: PLC0415

    out = StringIO()
    show_plan(planned, Console(file=out, width=80))
    return out.getvalue()


def test_a_dry_run_shows_the_messages_in_eighty_columns_and_sends_nothing(company, mailbox, hook):
    company.publish(issue(1, record_name="[red]" + "Very long name " * 12), issue(2, None))
    planned = company.planned()
    text = shown(planned)
    assert all(f"key {message.delivery.key}" in text for message in planned.messages)
    assert max(map(len, text.replace("\u200b", "").splitlines())) <= 80
    assert "To ann@corp.example" in text
    assert text.count("To RevOps") == 2
    assert "[red]Very long name" in text
    assert "https://crm.example/deal/1" in text
    assert "3 messages would be sent; nothing was sent." in text
    assert (mailbox.accepted, hook.posted, company.ask("SELECT * FROM ops.notification")) == ([], [], [])


def test_a_dry_run_shows_what_is_held_back_and_what_has_no_target(company, alert_warehouse, tmp_path):
    company.publish(issue(1), pulled_at=NOW - timedelta(hours=30))
    held = shown(company.planned())
    assert "HELD BACK - To ann@corp.example" in held
    assert "2 messages held back: the data is stale." in held
    assert "NO TARGET - To ann@corp.example" in shown(company_of(alert_warehouse, tmp_path).planned())
    assert "bantam run" in shown(None)
