import logging
import re

import pytest
from apprise import Apprise
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from definitions.errors import ConfigurationError
from flows.alerts.digests import ADDRESS, MAILBOX
from flows.alerts.message_text import literal
from flows.alerts.responses import ACCEPTED, DeliveryResult
from flows.alerts.targets import Target, check, deliver, for_owner, for_revops, send
from tests.flows.alerts.recipients import Hook, Mailbox

CANARY = "s3cr3t-canary"
EVIL = (
    "<!channel> <https://evil.example|Pay> [Pay](https://evil.example) <img src=x onerror=alert(1)> @everyone <@U123>"
)
BODY = "\n".join(
    [
        "As of 2026-11-22, worst first.",
        "",
        f"1. Deal {literal(EVIL)} & Söhne (USD 120,000 at risk)",
        "   The close date passed 34 days ago.",
        "   https://crm.example/record/0-3/5_6_7",
    ]
)


def target_of(url: str) -> Target:
    return for_revops(1, SecretStr(url))


def sent(target: Target, title: str, body: str) -> DeliveryResult:
    return send(target, title, body, "0123456789abcdef", seconds=30)


def mail_to(mailbox: Mailbox, address: str = "ann@corp.example") -> Target:
    template = f"mailto://bantam:{CANARY}@127.0.0.1:{mailbox.port}/{{email}}?from=bantam@corp.example"
    return for_owner(SecretStr(template), "crm:owner:1", address)


# What arrives


def test_mail_arrives_as_plain_text_in_the_words_it_was_written_in(mailbox):
    assert sent(mail_to(mailbox), "2 records need your attention", BODY) == ACCEPTED
    ((recipients, message),) = mailbox.accepted
    assert recipients == ["ann@corp.example"]
    assert message["Subject"] == "2 records need your attention"
    assert message["From"] == "bantam@corp.example"
    assert message.get_content_type() == "text/plain"
    assert message.get_content().splitlines() == BODY.splitlines()


def test_a_web_hook_gets_title_and_text(hook):
    assert sent(target_of(f"json://127.0.0.1:{hook.port}/alerts"), "a title", BODY) == ACCEPTED
    ((path, content),) = hook.posted
    assert path == "/alerts"
    assert (content["title"], content["message"]) == ("a title", BODY)


@given(
    address=st.from_regex(ADDRESS, fullmatch=True, alphabet="abzABZ019._+-@").filter(
        lambda address: re.match(MAILBOX, address) is not None
    )
)
@settings(max_examples=200)
def test_apprise_reads_every_address_that_may_read_as_that_address_and_no_other(address):
    """Apprise makes neill@ of o'neill@: whoever has an address it misreads is no reader (`flows.alerts.digests`)."""
    for template in ("mailto://u:p@smtp.example/{email}?from=a@b.example", "mailto://u:p@smtp.example?to={email}"):
        server = Apprise.instantiate(for_owner(SecretStr(template), "crm:owner:1", address).url.get_secret_value())
        assert server is not None
        assert server.targets == [(False, address)]


def test_what_is_filled_into_the_template_is_only_a_value():
    made = for_owner(SecretStr("json://hooks.example/{owner_id}?to={email}"), "crm:owner/1?x", "{owner_id}&to=b@c.d")
    assert made.url.get_secret_value() == ("json://hooks.example/crm%3Aowner%2F1%3Fx?to=%7Bowner_id%7D%26to%3Db%40c.d")


# Chat programs read their own marks in the text, whatever Apprise is told its format is


def slack(hook: Hook, query: str = "") -> Apprise:
    server = Apprise.instantiate(f"slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/{query}")
    server.webhook_url = f"http://127.0.0.1:{hook.port}"
    return server


@pytest.mark.parametrize("query", ["", "?blocks=yes", "?format=text"])
def test_no_name_mentions_or_links_in_slack(hook, query):
    assert deliver(slack(hook, query), "title", BODY)
    said = str(hook.told[0])
    assert not re.search(r"<\s*[!@#]", said)
    assert not re.search(r"<[^>]*evil", said)
    assert re.findall(r"<https?:[^>]*>", said) in (["<https://crm.example/record/0-3/5_6_7>"], [])
    assert "crm.example/record/0-3/5_6_7" in said
    assert "Pay" in said


def test_apprise_itself_would_make_a_mention_of_an_escaped_name(hook):
    """Why < and > are replaced in Markdown: if this fails, Apprise was mended and the replacement may go."""
    sender = Apprise()
    sender.add(slack(hook))
    assert sender.notify(body="<\u200b!channel>", body_format="text")
    assert "<!channel>" in str(hook.told[0])


def test_no_name_mentions_or_links_in_teams():
    server = Apprise.instantiate("workflows://teams.example/wf0123/sig0123")
    kept: list[str] = []
    server.send = lambda body, **_rest: kept.append(body) or True
    assert deliver(server, "title", BODY)
    (said,) = kept
    assert "<" not in said
    assert "[Open the record](https://crm.example/record/0-3/5_6_7)" in said
    assert said.count("](") == 1
    assert "  \n" in said


@pytest.mark.parametrize("url", ["discord://123456/abcdefgh", "mmost://127.0.0.1/3ccdd113474722377935511fc85d3dd4"])
def test_a_chat_that_reads_markdown_in_text_finds_no_mention_and_no_link_but_ours(url):
    server = Apprise.instantiate(url)
    kept: list[str] = []
    server.send = lambda body, **_rest: kept.append(body) or True
    assert deliver(server, "title", BODY)
    (said,) = kept
    for mark in ("@everyone", "<@", "<!", "](", "https://evil", "<https"):
        assert mark not in said
    assert "https://crm.example/record/0-3/5_6_7" in said


# What does not arrive


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (500, "answered 500"),
        (429, "answered 429"),
        (401, "answered 401"),
        ((307, "/elsewhere"), "answered 307"),
        ((302, "/elsewhere"), "answered 302"),
    ],
    ids=str,
)
def test_a_web_hook_that_refuses_is_told_by_its_answer(hook, answer, refusal):
    hook.answers.append(answer)
    assert sent(target_of(f"json://127.0.0.1:{hook.port}/alerts"), "title", "body") == DeliveryResult(
        "refused", refusal
    )
    assert hook.posted == []
    assert sent(target_of(f"json://127.0.0.1:{hook.port}/alerts"), "title", "body") == ACCEPTED


def test_a_mail_server_that_refuses_did_not_take_the_message(mailbox):
    mailbox.refuses.add("ann@corp.example")
    assert sent(mail_to(mailbox), "title", "body") == DeliveryResult("refused", "answered 550")
    assert mailbox.accepted == []


def test_nobody_there_is_not_an_exception(hook):
    for url in ("json://127.0.0.1:1/alerts", "mailto://u:p@127.0.0.1:1/a@b.example?from=c@d.example"):
        assert sent(target_of(url), "title", "body") == DeliveryResult("refused", "could not be reached")


# Secrets


@pytest.mark.parametrize(
    "url", ["", "no url", f"nothing://{CANARY}", f"slack://{CANARY}", f"https://hooks.example/{CANARY}\n"]
)
def test_a_url_that_apprise_cannot_use_is_refused_without_repeating_it(url, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ConfigurationError, match="revops, number 1") as refused:
        check(target_of(url))
    assert CANARY not in str(refused.value)
    assert CANARY not in caplog.text
    assert refused.value.__cause__ is None


def test_a_url_that_apprise_can_use_is_not_refused():
    check(target_of("mailto://user:pass@mail.example/ann@corp.example"))


@pytest.mark.parametrize("answer", [200, 500, None], ids=str)
def test_no_log_has_an_address_a_name_or_a_token(hook, mailbox, answer, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    mailbox.refuses |= {"ann@corp.example"} if answer != 200 else set()
    hook.answers.append(answer)
    told = [
        sent(
            target_of(f"json://user:{CANARY}@127.0.0.1:{hook.port}/{CANARY}?token={CANARY}"), "title", f"body {CANARY}"
        ),
        sent(mail_to(mailbox), "title", f"body {CANARY}"),
    ]
    printed = "".join(capfd.readouterr())
    for text in (caplog.text, printed, str(told), repr(mail_to(mailbox))):
        assert CANARY not in text
        assert "ann@corp.example" not in text


def test_the_logs_of_others_and_later_logs_are_left_as_they_were(hook, caplog):
    caplog.set_level(logging.DEBUG)
    before = [logging.getLogger(name).level for name in ("apprise", "urllib3", "requests")]
    sent(target_of(f"json://127.0.0.1:{hook.port}/alerts"), "title", "body")
    assert [logging.getLogger(name).level for name in ("apprise", "urllib3", "requests")] == before
    logging.getLogger("apprise").warning("said later")
    assert "said later" in caplog.text
