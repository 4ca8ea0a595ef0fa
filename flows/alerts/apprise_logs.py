"""What Apprise's plug-ins say while they send: heard for what it tells of the answer, and kept out of every log.

Apprise swallows errors and logs addresses, hosts and URLs with their tokens. A plug-in logs a failure while it handles
the exception, so whoever hears the record finds the exception itself.
"""

import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_STATUS = re.compile(r"error=(\d{3})\b")
_SENT = "Sent "
_SILENT = logging.CRITICAL + 1
# The libraries under Apprise; at DEBUG they write paths and queries, which hold tokens.
_UNDERNEATH = ("urllib3", "requests", "charset_normalizer")


@dataclass(slots=True)
class SendingLog:
    """What was heard of one sending: HTTP status codes, exceptions, and in how many parts it was taken."""

    codes: list[int] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    parts_taken: int = 0


class _Hearing(logging.Filter):
    """Lets nothing through; gives each sending thread what it said."""

    def __init__(self) -> None:
        super().__init__()
        self.by_thread: dict[int, SendingLog] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep codes and exceptions, drop the record."""
        heard, said = self.by_thread.get(threading.get_ident()), record.getMessage()
        if heard is not None:
            heard.codes += map(int, _STATUS.findall(said))
            heard.parts_taken += said.startswith(_SENT)
            if (error := sys.exception()) is not None:
                heard.errors.append(error)
        return False


_hearing = _Hearing()
_levels: dict[logging.Logger, int] = {}
_turn = threading.Lock()


@contextmanager
def hushed() -> Iterator[SendingLog]:
    """Keep what this thread sends out of every log, and give what is heard of it meanwhile.

    A sending that was given up goes on in its thread, and so does the silence: the last to leave ends it.
    """
    apprise = logging.getLogger("apprise")
    heard = SendingLog()
    with _turn:
        if not _hearing.by_thread:
            wanted = {logging.getLogger(name): _SILENT for name in _UNDERNEATH} | {apprise: logging.INFO}
            _levels.update({logger: logger.level for logger in wanted})
            apprise.addFilter(_hearing)
            for logger, level in wanted.items():
                logger.setLevel(level)
        _hearing.by_thread[threading.get_ident()] = heard
    try:
        yield heard
    finally:
        with _turn:
            del _hearing.by_thread[threading.get_ident()]
            if not _hearing.by_thread:
                apprise.removeFilter(_hearing)
                for logger, level in _levels.items():
                    logger.setLevel(level)
