"""Message targets: Apprise URLs, which are secrets, and sending with a reason in plain words for a failure."""

import threading
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat
from apprise.plugins.email import NotifyEmail
from pydantic import SecretStr

from definitions.errors import ConfigurationError
from flows.alerts.apprise_logs import SendingLog, capture_log
from flows.alerts.mail import submit
from flows.alerts.message_keys import owner_target, revops_target
from flows.alerts.message_text import is_link
from flows.alerts.responses import ACCEPTED, DeliveryResult, result_of_error, result_of_status

_SLACK = "slack"
_OTHER_SIGNS = str.maketrans({"<": "\u2039", ">": "\u203a"})
_NO_PGP = "none", "no"
# A web hook gets the key of a message in the standard header and in the body.
KEY_HEADER, KEY_FIELD = "Idempotency-Key", "message_key"
# No external images, no interpretation of emoji or escapes in source text, no files on disk, and no redirects, because
# a redirect could send a message to a host that nobody configured.
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
    """One target; `name` is its key in the settings, the only name that messages may contain.

    `identity` is a hash that distinguishes targets; it is the same for a URL with another password. `position` is the
    one in `alerts.revops`, from 1; null for an owner.
    """

    name: str
    url: SecretStr
    identity: str
    position: int | None = None


def for_revops(position: int, url: SecretStr) -> Target:
    """Make the target at this position of `alerts.revops`, from 1."""
    options = NotifyBase.template_args
    return Target(f"alerts.revops, number {position}", url, revops_target(url.get_secret_value(), options), position)


def for_owner(template: SecretStr, owner_id: str, address: str) -> Target:
    """Fill {email} and {owner_id} into the template, percent-encoded, so that a value cannot change the URL."""
    url = template.get_secret_value()
    for name, value in {"email": address, "owner_id": owner_id}.items():
        url = url.replace(f"{{{name}}}", quote(value, safe=""))
    return Target("alerts.owners", SecretStr(url), owner_target(owner_id))


def check(target: Target) -> None:
    """Raise `ConfigurationError` if the target can never accept a message; the message does not contain the URL."""
    with capture_log():
        server = Apprise.instantiate(target.url.get_secret_value(), asset=_ASSET)
    if server is None:
        raise ConfigurationError(
            f"{target.name} is not a URL that Apprise can use. See https://appriseit.com for the form of each service, "
            "and percent-encode special characters of passwords."
        )
    if isinstance(server, NotifyEmail) and server.pgp_mode not in _NO_PGP:
        raise ConfigurationError(f"{target.name} asks for PGP, which these mails do not have. Remove `pgp` and `wkd`.")


def send(target: Target, title: str, body: str, key: str, *, seconds: float) -> DeliveryResult:
    """Send one message with this key, and return the result within so many seconds.

    A send that takes longer may never end: it continues in a daemon thread, and the message may have arrived.
    """
    results: list[DeliveryResult] = []
    sender = threading.Thread(
        target=lambda: results.append(_send(target, title, body, key)), name="sending a message", daemon=True
    )
    sender.start()
    sender.join(seconds)
    return results[0] if results else DeliveryResult("unconfirmed", "did not answer in time", is_late=True)


def _send(target: Target, title: str, body: str, key: str) -> DeliveryResult:
    with capture_log() as log:
        try:
            server = _server(target, key)
            if server is None:
                return DeliveryResult("refused", "cannot be addressed")
            if isinstance(server, NotifyEmail):
                return submit(server, title, body, key)
            text = body if _takes_keys(server) else f"{body}\n\nMessage key: {key}"
            return ACCEPTED if deliver(server, title, text) else _result(log)
        except Exception as error:  # a plug-in may raise anything, with the URL in it; the other messages must leave
            return DeliveryResult("refused", f"failed with {type(error).__name__}")


def _server(target: Target, key: str) -> NotifyBase | None:
    """Make the plug-in of a target, None if it cannot be used; a web hook gets the key as header and field."""
    url = target.url.get_secret_value()
    server = Apprise.instantiate(url, asset=_ASSET)
    if server is not None and _takes_keys(server):
        key_parameters = urlencode({f"+{KEY_HEADER}": key, f":{KEY_FIELD}": key})
        server = Apprise.instantiate(f"{url}{'&' if '?' in url else '?'}{key_parameters}", asset=_ASSET)
    if server is None:
        return None
    # Retries are ours, and counted; an optional target could fail silently.
    server.retry, server.optional = 0, False
    return server


def _takes_keys(server: NotifyBase) -> bool:
    return {"headers", "payload"} <= set(server.template_kwargs)


def _result(log: SendingLog) -> DeliveryResult:
    """Classify a message that a plug-in did not report as accepted; some of its parts may have been."""
    results = [*map(result_of_status, log.codes), *map(result_of_error, log.errors)]
    results.sort(key=lambda result: result.outcome != "unconfirmed")
    worst = results[0] if results else DeliveryResult("refused", "did not take the message")
    return DeliveryResult("unconfirmed", worst.reason, worst.is_late) if log.accepted_parts else worst


def deliver(server: NotifyBase, title: str, body: str) -> bool:
    """Send plain text through an Apprise plug-in in its own format; return whether it was accepted.

    A plug-in that would send HTML is set to text, because Apprise converts every blank to a non-breaking one. One that
    reads Markdown gets hard line breaks, links as links, and other characters for < and >, of which Apprise's Slack
    plug-in makes mentions and links even if they were escaped.
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
