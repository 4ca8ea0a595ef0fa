"""The key of a message: the same when it is sent again after a kill, and another for every other message."""

import re

import pytest
from pydantic import SecretStr

from definitions.runtime.crash_points import arm
from flows.alerts.message_text import REPETITION
from flows.alerts.responses import ACCEPTED, DeliveryResult
from flows.alerts.targets import check, for_owner, for_revops, send
from tests.flows.alerts.company import CANARY, company_of, issue, mails, posts
from tests.flows.alerts.recipients import Hook, Mailbox
from tests.processes import exit_code
from warehouse.connect import engine_for

pytestmark = pytest.mark.slow
KEY = "0123456789abcdef"


def sent_to(url: str, title: str = "title", body: str = "body") -> DeliveryResult:
    return send(for_revops(1, SecretStr(url)), title, body, KEY, seconds=30)


# Where the key stands


def test_a_mail_carries_it_as_its_message_id(mailbox):
    url = f"mailto://u:p@127.0.0.1:{mailbox.port}/a@b.example/c@d.example?from=Bantam<bot@corp.example>&cc=e@f.example"
    assert sent_to(url, "Über Umsätze", ".begins with a dot\n.\nends") == ACCEPTED
    assert [recipients for recipients, _mail in mailbox.accepted] == [
        ["a@b.example", "e@f.example"],
        ["c@d.example", "e@f.example"],
    ]
    for _recipients, mail in mailbox.accepted:
        assert mail.get_all("Message-ID") == [f"<{KEY}@corp.example>"]
        assert (mail["X-Bantam-Message-Key"], mail["Subject"]) == (KEY, "Über Umsätze")
        assert (mail["From"], mail["Cc"]) == ("Bantam <bot@corp.example>", "e@f.example")
        assert mail.get_content().splitlines() == [".begins with a dot", ".", "ends"]


@pytest.mark.parametrize("scheme", ["json", "form", "xml"])
def test_a_web_hook_gets_it_in_a_header_and_in_the_body(hook, scheme):
    assert sent_to(f"{scheme}://127.0.0.1:{hook.port}/hook?:source=bantam") == ACCEPTED
    ((_path, content),) = hook.posted
    assert hook.keys == [KEY]
    forms = {"json": f"'message_key': '{KEY}'", "form": f"message_key={KEY}", "xml": f"<message_key>{KEY}<"}
    assert forms[scheme] in str(content)
    assert "bantam" in str(content)


def test_a_chat_has_it_in_the_last_line(hook):
    assert sent_to(f"mmost://127.0.0.1:{hook.port}/3ccdd113474722377935511fc85d3dd4") == ACCEPTED
    (told,) = hook.told
    assert told["text"].splitlines()[-1] == f"Message key: {KEY}"


def test_mail_that_is_to_be_encrypted_is_refused_before_anything_is_sent():
    target = for_owner(SecretStr("mailto://u:p@b.example/{email}?pgp=encrypt"), "crm:owner:1", "ann@corp.example")
    with pytest.raises(Exception, match=r"alerts\.owners asks for PGP.*Remove `pgp`"):
        check(target)


# What it is made of


def test_it_is_another_for_every_message_and_holds_nothing_of_it(company, mailbox, hook):
    company.publish(issue(1), issue(2, "bob"), issue(3, None))
    company.send()
    company.publish(issue(1), issue(2, "bob"), issue(3, None), issue(4))
    company.send()
    keys = [mail["X-Bantam-Message-Key"] for _recipients, mail in mailbox.accepted] + hook.keys
    assert (len(keys), len(set(keys))) == (5, 5)
    assert all(re.fullmatch(r"[0-9a-f]{32}", key) for key in keys)
    kept = str(company.ask("SELECT * FROM ops.notification") + company.ask("SELECT * FROM ops.announcement"))
    for private in (CANARY, "corp.example", "Ann Able", "127.0.0.1"):
        assert private not in kept


def test_a_refused_message_is_sent_again_with_it_and_with_what_is_new_under_another(company, mailbox):
    mailbox.refuses = {"ann@corp.example", "bob@corp.example"}
    company.publish(issue(1), issue(2, "bob"))
    planned = {message.address: message.delivery.key for message in company.planned().messages}
    company.send()
    company.publish(issue(1), issue(2, "bob"), issue(3, "bob"))
    mailbox.refuses = set()
    company.send()
    (to_ann,), (to_bob,) = mailbox.to("ann@corp.example"), mailbox.to("bob@corp.example")
    assert to_ann["X-Bantam-Message-Key"] == planned["ann@corp.example"]
    assert to_bob["X-Bantam-Message-Key"] != planned["bob@corp.example"]
    assert REPETITION not in to_ann.get_content()


# A kill


def _send_and_die(point: str, url: str, folder: str, owners: str, revops: str) -> None:
    arm(point)
    company_of(engine_for(url), folder, owners=owners, revops=revops).send()


@pytest.mark.parametrize("receiver", ["mail", "hook"])
def test_the_one_message_that_a_kill_repeats_has_the_key_it_had(alert_warehouse, tmp_path, mailbox, hook, receiver):
    owners, revops = (mails(mailbox), "") if receiver == "mail" else ("", posts(hook))
    company = company_of(alert_warehouse, tmp_path, owners=owners, revops=revops)
    company.publish(issue(1, "ann" if receiver == "mail" else None))
    url = company.engine.url.render_as_string(hide_password=False)
    assert exit_code(_send_and_die, "alert.after_send", url, tmp_path, owners, revops) == -9
    assert (len(keys_of(mailbox, hook)), company.told()) == (1, [])
    # What is found until the next sending comes in a message of its own.
    company.publish(issue(1, "ann" if receiver == "mail" else None), issue(2, "ann" if receiver == "mail" else None))
    outcome = company.send()
    assert (outcome.issues_told, outcome.repeated) == (2, 1)
    first, again, *others = keys_of(mailbox, hook)
    assert first == again
    assert first not in others
    assert len(set(others)) == len(others)
    assert REPETITION in texts_of(mailbox, hook)[1]
    assert "Acme 2" not in texts_of(mailbox, hook)[1]
    assert company.send().repeated == 0
    assert len(keys_of(mailbox, hook)) == 2 + len(others)


def keys_of(mailbox: Mailbox, hook: Hook) -> list[str]:
    return [mail["Message-ID"] for _recipients, mail in mailbox.accepted] + hook.keys


def texts_of(mailbox: Mailbox, hook: Hook) -> list[str]:
    return [mail.get_content() for _recipients, mail in mailbox.accepted] + [told["message"] for told in hook.told]
