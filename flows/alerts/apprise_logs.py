"""Capture of Apprise's log records during a send: status codes and exceptions are read, the records are dropped.

Apprise swallows errors and logs addresses, hosts and URLs with their tokens. A plug-in logs a failure while it handles
the exception, so a logging filter can read the exception itself.
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
_HTTP_LOGGERS = ("urllib3", "requests", "charset_normalizer")


@dataclass(slots=True)
class SendingLog:
    """Log of one send: HTTP status codes, exceptions, and the number of message parts that were accepted."""

    codes: list[int] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    accepted_parts: int = 0


class _LogCapture(logging.Filter):
    """Filter that drops every record and adds its facts to the log of the thread that sends."""

    def __init__(self) -> None:
        super().__init__()
        self.by_thread: dict[int, SendingLog] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Log only status codes and exceptions; the record itself may hold secrets."""
        log, text = self.by_thread.get(threading.get_ident()), record.getMessage()
        if log is not None:
            log.codes += map(int, _STATUS.findall(text))
            log.accepted_parts += text.startswith(_SENT)
            if (error := sys.exception()) is not None:
                log.errors.append(error)
        return False


_capture = _LogCapture()
_saved_levels: dict[logging.Logger, int] = {}
_lock = threading.Lock()


@contextmanager
def capture_log() -> Iterator[SendingLog]:
    """Suppress log output of sends in this thread, and yield what it contained.

    A send that timed out continues in its thread, so suppression ends when the last sending thread leaves.
    """
    apprise = logging.getLogger("apprise")
    log = SendingLog()
    with _lock:
        if not _capture.by_thread:
            quiet = {logging.getLogger(name): _SILENT for name in _HTTP_LOGGERS} | {apprise: logging.INFO}
            _saved_levels.update({logger: logger.level for logger in quiet})
            apprise.addFilter(_capture)
            for logger, level in quiet.items():
                logger.setLevel(level)
        _capture.by_thread[threading.get_ident()] = log
    try:
        yield log
    finally:
        with _lock:
            del _capture.by_thread[threading.get_ident()]
            if not _capture.by_thread:
                apprise.removeFilter(_capture)
                for logger, level in _saved_levels.items():
                    logger.setLevel(level)
