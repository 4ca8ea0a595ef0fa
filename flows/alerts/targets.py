"""Where messages go: Apprise URLs, which are secrets. A target says in plain words why it did not take a message."""

import threading
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat
from apprise.plugins.email import NotifyEmail
from pydantic import SecretStr

from definitions.errors import ConfigurationError
from flows.alerts.apprise_logs import SendingLog, hushed
from flows.alerts.mail import submit
from flows.alerts.message_keys import owner_target, revops_target
from flows.alerts.message_text import is_link
from flows.alerts.responses import ACCEPTED, DeliveryResult, answered, failed

_SLACK = "slack"
_OTHER_SIGNS = str.maketrans({"<": "\u2039", ">": "\u203a"})
_NO_PGP = "none", "no"
# The key of a message in a web hook: in the header that is meant for it, and in the body.
KEY_HEADER, KEY_FIELD = "Idempotency-Key", "message_key"
# Nobody is named and nothing is rewritten: no pictures from elsewhere, no emoji or escapes read into foreign text, no
# files, and no redirect, since it could carry a message to a host that nobody configured.
_ASSET = AppriseAsset(
    app_id="Bantam",
    app_desc="Bantam",
    app_url="",
    image_url_mask="",
    image_url_logo="",
    body_format=NotifyFormat.TEXT,
    interpret_emojis=False,
    interpret_escapes=False,
    async_mode=False,
    storage_mode="memory",
    pgp_autogen=False,
    pem_autogen=False,
    http_redirects=False,
)


@dataclass(frozen=True, slots=True)
class Target:
    """One target; `name` is where the settings have it, and all that may be said of it.

    `identity` tells it from others. It holds nothing of the URL that can be read, and is the same for a URL with
    another password. `place` is the one in `alerts.revops`, from 1; null for an owner.
    """

    name: str
    url: SecretStr
    identity: str
    place: int | None = None


def for_revops(place: int, url: SecretStr) -> Target:
    """Make the target that stands at this place of `alerts.revops`, from 1."""
    options = NotifyBase.template_args
    return Target(f"alerts.revops, number {place}", url, revops_target(url.get_secret_value(), options), place)


def for_owner(template: SecretStr, owner_id: str, address: str) -> Target:
    """Fill {email} and {owner_id} into the template; percent-encoded, so that a value is never more than a value."""
    url = template.get_secret_value()
    for name, value in {"email": address, "owner_id": owner_id}.items():
        url = url.replace(f"{{{name}}}", quote(value, safe=""))
    return Target("alerts.owners", SecretStr(url), owner_target(owner_id))


def check(target: Target) -> None:
    """Raise `ConfigurationError` when no message can ever go there; the URL is not repeated."""
    with hushed():
        server = Apprise.instantiate(target.url.get_secret_value(), asset=_ASSET)
    if server is None:
        raise ConfigurationError(
            f"{target.name} is not a URL that Apprise can use. See https://appriseit.com for the form of each service, "
            "and percent-encode special characters of passwords."
        )
    if isinstance(server, NotifyEmail) and server.pgp_mode not in _NO_PGP:
        raise ConfigurationError(f"{target.name} asks for PGP, which these mails do not have. Remove `pgp` and `wkd`.")


def send(target: Target, title: str, body: str, key: str, *, seconds: float) -> DeliveryResult:
    """Send one message that carries this key, and say how the target answered within so many seconds.

    Whoever has not answered then may answer for ever: that sending is left to a thread that nothing waits for, and the
    message may have arrived.
    """
    answers: list[DeliveryResult] = []
    sending = threading.Thread(
        target=lambda: answers.append(_send(target, title, body, key)), name="sending a message", daemon=True
    )
    sending.start()
    sending.join(seconds)
    return answers[0] if answers else DeliveryResult("unconfirmed", "did not answer in time", is_late=True)


def _send(target: Target, title: str, body: str, key: str) -> DeliveryResult:
    with hushed() as heard:
        try:
            server = _server(target, key)
            if server is None:
                return DeliveryResult("refused", "cannot be addressed")
            if isinstance(server, NotifyEmail):
                return submit(server, title, body, key)
            text = body if _takes_keys(server) else f"{body}\n\nMessage key: {key}"
            return ACCEPTED if deliver(server, title, text) else _answer(heard)
        except Exception as error:  # a plug-in may raise anything, with the URL in it; the other messages must leave
            return DeliveryResult("refused", f"failed with {type(error).__name__}")


def _server(target: Target, key: str) -> NotifyBase | None:
    """Make the plug-in of a target, None where it cannot be used; a web hook's gets the key as header and as field."""
    url = target.url.get_secret_value()
    server = Apprise.instantiate(url, asset=_ASSET)
    if server is not None and _takes_keys(server):
        carried = urlencode({f"+{KEY_HEADER}": key, f":{KEY_FIELD}": key})
        server = Apprise.instantiate(f"{url}{'&' if '?' in url else '?'}{carried}", asset=_ASSET)
    if server is None:
        return None
    # We repeat, and know how often; and a target that may fail without a word is none.
    server.retry, server.optional = 0, False
    return server


def _takes_keys(server: NotifyBase) -> bool:
    return {"headers", "payload"} <= set(server.template_kwargs)


def _answer(heard: SendingLog) -> DeliveryResult:
    """What is known of a message that a plug-in did not call accepted; a part of it may have been taken."""
    told = [*map(answered, heard.codes), *map(failed, heard.errors)]
    told.sort(key=lambda answer: answer.outcome != "unconfirmed")
    worst = told[0] if told else DeliveryResult("refused", "did not take the message")
    return DeliveryResult("unconfirmed", worst.reason, worst.is_late) if heard.parts_taken else worst


def deliver(server: NotifyBase, title: str, body: str) -> bool:
    """Hand plain text to an Apprise plug-in in its own way of writing; whether it was accepted.

    A plug-in that would send HTML is made to send text: Apprise turns every blank into one at which no line breaks. One
    that reads Markdown gets hard line breaks, links as links, and other signs for < and >, of which Apprise's Slack
    plug-in makes mentions and links even where they were escaped.
    """
    if server.notify_format == NotifyFormat.HTML:
        server.notify_format = NotifyFormat.TEXT
    reads_marks = server.notify_format == NotifyFormat.MARKDOWN or server.secure_protocol == _SLACK
    lines = [_in_markdown(server, line) for line in body.split("\n")] if reads_marks else [body]
    sender = Apprise(server, asset=_ASSET)
    return bool(sender.notify("  \n".join(lines), title=title, body_format=NotifyFormat.TEXT))


def _in_markdown(server: NotifyBase, line: str) -> str:
    if not is_link(line):
        return line.translate(_OTHER_SIGNS)
    link = "<{}>" if server.secure_protocol == _SLACK else "[Open the record]({})"
    return line.replace(line.strip(), link.format(line.strip()))
