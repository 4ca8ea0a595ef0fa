"""Where messages go: Apprise URLs, which are secrets. A target says in plain words why it did not take a message.

Apprise swallows errors and logs addresses, hosts and URLs with their tokens; none of that leaves this file.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat
from pydantic import SecretStr

from definitions.errors import ConfigurationError
from transforms.message_text import is_link

_STATUS = re.compile(r"error=(\d{3})\b")
_SILENT = logging.CRITICAL + 1
_SLACK = "slack"
_OTHER_SIGNS = str.maketrans({"<": "\u2039", ">": "\u203a"})
# The libraries under Apprise; at DEBUG they write paths and queries, which hold tokens.
_UNDERNEATH = ("urllib3", "requests", "charset_normalizer")
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
    """One place; `name` is where the settings have it, and all that may be said of it."""

    name: str
    url: SecretStr


def for_owner(template: SecretStr, owner_id: str, address: str) -> Target:
    """Fill {email} and {owner_id} into the template; percent-encoded, so that a value is never more than a value."""
    url = template.get_secret_value()
    for name, value in {"email": address, "owner_id": owner_id}.items():
        url = url.replace(f"{{{name}}}", quote(value, safe=""))
    return Target("alerts.owners", SecretStr(url))


def check(target: Target) -> None:
    """Raise `ConfigurationError` when no message can ever go there; the URL is not repeated."""
    with _hushed():
        is_usable = Apprise.instantiate(target.url.get_secret_value(), asset=_ASSET) is not None
    if not is_usable:
        raise ConfigurationError(
            f"{target.name} is not a URL that Apprise can use. See https://appriseit.com for the form of each service, "
            "and percent-encode special characters of passwords."
        )


def send(target: Target, title: str, body: str) -> str | None:
    """Send one message; None when the target accepted it, else why not."""
    with _hushed() as heard:
        server = Apprise.instantiate(target.url.get_secret_value(), asset=_ASSET)
        if server is None:
            return "cannot be addressed"
        try:
            is_accepted = deliver(server, title, body)
        except Exception as error:  # a plug-in may raise anything, with the URL in it; the other messages must leave
            return f"failed with {type(error).__name__}"
    if is_accepted:
        return None
    return f"answered {heard[-1]}" if heard else "did not take the message"


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


class _Hearing(logging.Filter):
    """Lets nothing through, and keeps the HTTP status codes it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the code, drop the record."""
        self.codes += _STATUS.findall(record.getMessage())
        return False


@contextmanager
def _hushed() -> Iterator[list[str]]:
    """Keep Apprise and what is underneath it out of every log; give the status codes it tells meanwhile."""
    apprise, hearing = logging.getLogger("apprise"), _Hearing()
    wanted = {logging.getLogger(name): _SILENT for name in _UNDERNEATH} | {apprise: logging.WARNING}
    levels = {logger: logger.level for logger in wanted}
    apprise.addFilter(hearing)
    for logger, level in wanted.items():
        logger.setLevel(level)
    try:
        yield hearing.codes
    finally:
        apprise.removeFilter(hearing)
        for logger, level in levels.items():
            logger.setLevel(level)
