"""Source connection: account, HTTP client, and the waits of the threads that pull."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

from connectors.http.rate_limit import Clock
from connectors.registry import SOURCE_TYPES
from connectors.settings import SourceSettings
from connectors.source_type import HttpSource

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waits:
    """Waits of the threads that pull; closing them lets a run end at once, for signals reach only the main thread."""

    _over: Event = field(default_factory=Event)

    def sleep(self, seconds: float) -> None:
        """Wait. Raises `CancelledError` as soon as the waits are closed."""
        if self._over.wait(seconds):
            raise CancelledError("the run is ending")

    def close(self) -> None:
        """End present and future waits."""
        self._over.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConnection:
    """A source ready to be pulled. `account` and `http` are None for files; `data` is the folder of file paths."""

    name: str
    account: Any
    http: Any
    data: Path
    sweep_every: timedelta | None = None


@contextmanager
def connect_source(
    source: SourceSettings, data: Path, waits: Waits | None = None, tell: Callable[[str], None] = logger.warning
) -> Iterator[SourceConnection]:
    """Create account and client, without a request. Raises `ConfigurationError` for an invalid URL.

    `tell` shows one line about a long wait; the threads that pull call it.
    """
    source_type = SOURCE_TYPES[source.kind]
    if not isinstance(source_type, HttpSource):
        yield SourceConnection(name=source.name, account=None, http=None, data=data)
        return
    account = source.account()
    clock = Clock(monotonic=time.monotonic, sleep=(waits or Waits()).sleep, chance=random.random, tell=tell)
    with closing(source_type.open_http(account, clock)) as http:
        yield SourceConnection(name=source.name, account=account, http=http, data=data, sweep_every=source.sweep_every)
