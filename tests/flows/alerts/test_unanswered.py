"""Targets that give no answer: what may have arrived, how often it is repeated, and that others do not wait for it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from pydantic import SecretStr

from definitions.errors import AlertPendingError
from flows.alerts.delivery import arrived_twice, raise_if_pending
from flows.alerts.message_text import REPETITION
from flows.alerts.responses import DeliveryResult
from flows.alerts.targets import for_revops, send
from tests.flows.alerts.company import DAY, NOW, company_of, issue, mails, posts
from tests.flows.alerts.recipients import DRIPPING, LATE

pytestmark = pytest.mark.slow
NOT_IN_TIME = DeliveryResult("unconfirmed", "did not answer in time", is_late=True)
NOT_REACHED = DeliveryResult("refused", "could not be reached in time", is_late=True)


def answer_of(url: str, seconds: float = 30) -> DeliveryResult:
    return send(for_revops(1, SecretStr(url)), "title", "body", "key", seconds=seconds)


@contextmanager
def silent(*, is_full: bool = False) -> Iterator[int]:
    """A port that takes connections and says nothing; one that takes none any more where its queue is full."""
    with ExitStack() as open_ones:
        listening = open_ones.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0 if is_full else 8))
        for _ in range(4 if is_full else 0):
            waiting = open_ones.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


# What may have arrived


def test_a_time_out_before_the_message_was_sent_is_a_refusal():
    with silent(is_full=True) as port:
        assert answer_of(f"json://127.0.0.1:{port}/?cto=0.2") == NOT_REACHED
        assert answer_of(f"mailto://u:p@127.0.0.1:{port}/a@b.example?from=c@d.example&cto=0.2") == NOT_REACHED
    with silent() as port:
        assert answer_of(f"jsons://127.0.0.1:{port}/?rto=0.2") == NOT_REACHED
        assert answer_of(f"mailto://u:p@127.0.0.1:{port}/a@b.example?from=c@d.example&cto=0.2") == NOT_REACHED


def test_a_time_out_after_it_leaves_open_whether_it_arrived(hook, mailbox):
    hook.answers.append(LATE)
    assert answer_of(f"json://127.0.0.1:{hook.port}/?rto=0.2") == NOT_IN_TIME
    mailbox.is_late = True
    assert answer_of(f"mailto://u:p@127.0.0.1:{mailbox.port}/a@b.example?from=c@d.example&cto=0.3") == NOT_IN_TIME
    assert (len(hook.posted), len(mailbox.accepted)) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, DeliveryResult("unconfirmed", "gave no answer")),
        (504, DeliveryResult("unconfirmed", "answered 504", is_late=True)),
    ],
    ids=["connection closed", "a gateway's time-out"],
)
def test_so_does_a_connection_that_is_closed_and_a_gateway_that_waited_in_vain(hook, answer, expected):
    hook.answers.append(answer)
    assert answer_of(f"json://127.0.0.1:{hook.port}/") == expected


def test_a_message_that_one_address_of_two_took_may_have_arrived(mailbox):
    mailbox.refuses = {"c@d.example"}
    told = answer_of(f"mailto://u:p@127.0.0.1:{mailbox.port}/a@b.example/c@d.example?from=e@f.example")
    assert told == DeliveryResult("unconfirmed", "answered 550")
    assert len(mailbox.accepted) == 1


@pytest.mark.parametrize("option", ["retry=3", "optional=yes"])
def test_an_option_of_the_url_neither_repeats_a_message_nor_calls_a_failure_a_success(hook, option):
    hook.answers += [500, 200]
    assert answer_of(f"json://127.0.0.1:{hook.port}/?{option}") == DeliveryResult("refused", "answered 500")
    assert hook.posted == []


# At most once more


@pytest.mark.parametrize("receiver", ["mail", "hook"])
def test_what_is_always_taken_and_never_confirmed_arrives_twice_in_four_sendings(
    alert_warehouse, tmp_path, mailbox, hook, receiver
):
    mailbox.is_late = True
    hook.answers += [LATE] * 9
    if receiver == "mail":
        company = company_of(alert_warehouse, tmp_path, owners=f"{mails(mailbox)}&cto=0.3")
        company.publish(issue(1))
    else:
        company = company_of(alert_warehouse, tmp_path, revops=f"{posts(hook)}?rto=0.2")
        company.publish()
    outcomes = [company.send() for _sending in range(4)]
    texts = [mail.get_content() for _to, mail in mailbox.accepted] + [told["message"] for told in hook.told]
    keys = [mail["Message-ID"] for _to, mail in mailbox.accepted] + hook.keys
    assert [text.startswith(REPETITION) for text in texts] == [False, True]
    assert len(set(keys)) == 1
    assert [sum(outcome.unconfirmed.values()) for outcome in outcomes] == [1, 0, 0, 0]
    assert [outcome.repeated for outcome in outcomes] == [0, 1, 0, 0]
    assert [outcome.pending for outcome in outcomes] == [{}] * 4
    with pytest.raises(AlertPendingError, match=r"1 message may have arrived: .*sends them once more, with the same"):
        raise_if_pending(outcomes[0])
    raise_if_pending(outcomes[1])


def test_an_answer_to_the_repetition_settles_it_and_a_refusal_does_not(alert_warehouse, tmp_path, hook):
    company = company_of(alert_warehouse, tmp_path, revops=f"{posts(hook)}?rto=0.2")
    company.publish()
    hook.answers += [LATE, 500, 200]
    assert [len(company.send().unconfirmed) for _sending in range(4)] == [1, 0, 0, 0]
    assert len(hook.posted) == 2
    assert len(set(hook.keys)) == 1


def test_revops_reads_what_may_have_arrived_twice(alert_warehouse, tmp_path, mailbox, hook):
    company = company_of(alert_warehouse, tmp_path, owners=f"{mails(mailbox)}&cto=0.3", revops=f"{posts(hook)}?rto=0.2")
    mailbox.is_late = True
    company.publish(issue(1))
    company.send()
    assert company.send().repeated == 1
    next_day, now = DAY.replace(day=DAY.day + 1), NOW.replace(day=NOW.day + 1)
    company.publish(issue(1), issue(2, "bob", opened_on=next_day), as_of=next_day, pulled_at=now)
    company.send(now)
    assert "MESSAGES" not in hook.told[0]["message"]
    assert f"MESSAGES\n- 1 message may have arrived twice since {DAY}, with one key." in hook.told[1]["message"]
    assert "had no answer in time" not in hook.told[1]["message"]
    assert arrived_twice(1).startswith("1 message may have arrived twice")


# Time limits


def test_a_target_that_never_ends_its_answer_is_left_after_the_time_limit(hook):
    """No time-out of a single read would ever end this."""
    hook.answers.append(DRIPPING)
    began = time.monotonic()
    assert answer_of(f"json://127.0.0.1:{hook.port}/?rto=30", seconds=0.5) == NOT_IN_TIME
    assert time.monotonic() - began < 5
    assert len(hook.posted) == 1


def test_what_is_left_behind_stays_out_of_the_logs_until_it_ends(hook, caplog):
    caplog.set_level("DEBUG")
    hook.answers.append(LATE)
    answer_of(f"json://127.0.0.1:{hook.port}/s3cr3t?rto=30", seconds=0.2)
    answer_of(f"json://127.0.0.1:{hook.port}/")
    left = [thread for thread in threading.enumerate() if thread.name == "sending a message"]
    assert left
    hook.is_over.set()
    for thread in left:
        thread.join(60)
    assert "s3cr3t" not in caplog.text


def test_a_target_that_hangs_holds_the_others_for_three_time_limits_and_no_more(
    alert_warehouse, tmp_path, mailbox, hook
):
    mailbox.is_late = True
    company = company_of(alert_warehouse, tmp_path, owners=f"{mails(mailbox)}&cto=30", revops=posts(hook))
    company.seconds = 0.3
    people = [{"owner_id": f"o{number}", "owner_email": f"o{number}@corp.example"} for number in range(5)]
    issues = [issue(number, f"o{number}") for number in range(5)]
    company.publish(*issues, owners=people)
    first = company.send()
    assert first.unconfirmed == {"alerts.owners did not answer in time": 3}
    assert first.pending == {"alerts.owners was not asked again after 3 time-outs": 2}
    assert (first.accepted, len(hook.posted), len(mailbox.accepted)) == (1, 1, 3)
    second = company.send()
    assert (second.repeated, len(mailbox.accepted)) == (3, 6)
    third = company.send()
    assert (third.repeated, third.pending, len(mailbox.accepted)) == (0, {}, 8)
