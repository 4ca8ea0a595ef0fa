"""What an answer other than 200 means: wait, sign in again, or stop and say what a person must do."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from definitions.errors import SourceAnswerUnusableError, SourceRefusedError

# Busy, locked, moving house, or a gateway that lost its way: asking again helps.
_WAIT = frozenset({408, 423, 425, 429, 477, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_LOCKED = 423
_CONTENT_TYPE = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,60}")
_PLAIN = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
# Only these ten digits: `str.isdigit` takes a superscript two for one, and `float` does not.
_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]*)?")


class CallRefusedError(SourceAnswerUnusableError):
    """The source refused a request as wrong; `code` is its own word for why."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class ObjectRefusedError(SourceRefusedError):
    """The source knows who asks, and does not let them read this object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorError:
    """What a vendor's error body says, values left out: its code, missing scopes, and how long a limit lasts.

    `is_passing`: a limit that passes in seconds, whatever status it came with.
    """

    code: str = "no code"
    scopes: tuple[str, ...] = ()
    wait_seconds: float | None = None
    is_daily_quota: bool = False
    is_passing: bool = False


ReadError = Callable[[bytes], VendorError]


def plain(word: object) -> str:
    """Return a vendor's own code or scope if it looks like one; anything else could hold a person's data."""
    return word if isinstance(word, str) and _PLAIN.fullmatch(word) else "no code"


def plain_type(content_type: str) -> str:
    """Return a content type without its parameters, if it looks like one."""
    kind = content_type.partition(";")[0].strip()
    return kind if _CONTENT_TYPE.fullmatch(kind) else "no content type"


def wait_seconds(status: int, headers: Mapping[str, str], error: VendorError) -> float | None:
    """Seconds the source asks us to wait; None when it does not say."""
    seconds = retry_after(headers)
    if seconds is None:
        seconds = error.wait_seconds
    return max(seconds or 0.0, 2.0) if status == _LOCKED else seconds


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After`: seconds, or a date compared with the answer's own `Date` (our clock may be wrong)."""
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until, now = http_date(text), http_date(headers.get("date", ""))
    return max(0.0, (until - now).total_seconds()) if until and now else None


def http_date(text: str) -> datetime | None:
    """Read an HTTP date; None when it is not one."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def is_worth_waiting(status: int) -> bool:
    """Whether asking again later can help."""
    return status in _WAIT
