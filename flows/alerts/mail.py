"""Mail delivery over SMTP, with a `Message-ID` that is the same in a repetition.

Apprise parses the URL. It always adds a random `Message-ID` of its own and gives no reason for a failure, so the
message is written and submitted here.
"""

import re
import smtplib
import ssl
from contextlib import suppress
from email import policy
from email.message import EmailMessage
from email.utils import formataddr, formatdate
from typing import Any, TypeAlias

from apprise.plugins.email import NotifyEmail

from flows.alerts.responses import ACCEPTED, DeliveryResult

# Every mail server takes lines of seven bits; few take others.
_SEVEN_BITS = policy.SMTP.clone(cte_type="7bit")
_GO_ON, _ACCEPTED, _REFUSALS = 354, (250, 251), 400
_Address: TypeAlias = tuple[str | None, str]
KEY_HEADER = "X-Bantam-Message-Key"


def submit(server: NotifyEmail, title: str, body: str, key: str) -> DeliveryResult:
    """Submit the message to the mail server, once for each address of the URL, each step within its time-out.

    If only some addresses were accepted, the result is `unconfirmed`: they have the message, the others do not.
    """
    try:
        smtp = _connected(server)
    except (OSError, smtplib.SMTPException) as error:
        return _failed(error)
    results = [_deliver(smtp, server, title, body, key, _address(to)) for to in server.targets]
    with suppress(OSError, smtplib.SMTPException):
        smtp.quit()
    outcomes = {result.outcome for result in results}
    if len(outcomes) == 1:
        return results[0]
    worst = next(result for result in results if result.outcome != "accepted")
    return DeliveryResult("unconfirmed", worst.reason, worst.is_late)


def _connected(server: NotifyEmail) -> smtplib.SMTP:
    """Connect and log in as the URL says. Raises the errors of smtplib, before anything was sent."""
    trust = ssl.create_default_context()
    if not server.verify_certificate:
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    host, port, seconds = str(server.smtp_host), int(server.port or 0), server.socket_connect_timeout
    is_tls = server.secure_mode == "ssl"
    smtp = (
        smtplib.SMTP_SSL(host, port, timeout=seconds, context=trust)
        if is_tls
        else smtplib.SMTP(host, port, timeout=seconds)
    )
    try:
        if server.secure_mode == "starttls":
            smtp.starttls(context=trust)
        if server.user and server.password:
            smtp.login(server.user, server.password)
        smtp.ehlo_or_helo_if_needed()
    except BaseException:
        smtp.close()
        raise
    return smtp


def _deliver(smtp: smtplib.SMTP, server: NotifyEmail, title: str, body: str, key: str, to: _Address) -> DeliveryResult:
    is_sent = False
    try:
        content = _message(server, title, body, key, to).as_bytes()
        refused = _envelope(smtp, server, to[1])
        if refused is not None:
            smtp.rset()
            return refused
        # A line with a single dot ends the message, so a dot at the beginning of a line is doubled.
        smtp.send(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
        is_sent = True
        code, _ = smtp.getreply()
    except (OSError, smtplib.SMTPException) as error:
        return _failed(error, is_sent=is_sent)
    if code in _ACCEPTED:
        return ACCEPTED
    return (
        DeliveryResult("refused", f"answered {code}")
        if code >= _REFUSALS
        else DeliveryResult("unconfirmed", "gave no answer")
    )


def _envelope(smtp: smtplib.SMTP, server: NotifyEmail, address: str) -> DeliveryResult | None:
    """Send sender, recipients and DATA; return the refusal, or null to go on. Recipients of copies may be refused."""
    code, _ = smtp.mail(_address(server.from_addr)[1])
    if code in _ACCEPTED:
        code, _ = smtp.rcpt(address)
    if code in _ACCEPTED:
        for copy in (*server.cc, *server.bcc):
            smtp.rcpt(copy)
        code, _ = smtp.docmd("DATA")
        if code == _GO_ON:
            return None
    return DeliveryResult("refused", f"answered {code}")


def _message(server: NotifyEmail, title: str, body: str, key: str, to: _Address) -> EmailMessage:
    message = EmailMessage(policy=_SEVEN_BITS)
    message.set_content(body)
    sender = _address(server.from_addr)
    headers = {
        **server.headers,
        "Subject": title,
        "From": formataddr(sender),
        "To": formataddr(to),
        "Date": formatdate(),
        "Message-ID": f"<{key}@{sender[1].rpartition('@')[2]}>",
        KEY_HEADER: key,
    }
    if server.cc:
        headers["Cc"] = ", ".join(formataddr(_address((server.names.get(copy), copy))) for copy in sorted(server.cc))
    if server.reply_to:
        headers["Reply-To"] = ", ".join(sorted(server.reply_to))
    for name, value in headers.items():
        del message[name]
        message[name] = value
    return message


def _address(pair: Any) -> _Address:
    """Convert a pair of name and address of Apprise, in which a missing name is False."""
    name, address = pair
    return name or None, str(address)


def _failed(error: OSError | smtplib.SMTPException, *, is_sent: bool = False) -> DeliveryResult:
    """Classify an SMTP error. After the last line of a message was sent, it may have been accepted."""
    # smtplib raises a lost connection while it handles the time-out.
    is_late = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    if is_sent:
        return DeliveryResult("unconfirmed", "did not answer in time" if is_late else "gave no answer", is_late)
    if isinstance(error, smtplib.SMTPResponseException):
        return DeliveryResult("refused", f"answered {error.smtp_code}")
    if is_late or isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        return DeliveryResult("refused", "could not be reached in time" if is_late else "could not be reached", is_late)
    return DeliveryResult("refused", f"failed with {type(error).__name__}")
