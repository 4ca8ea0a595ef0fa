"""An audit that runs while its caller does something else: counting leaves the server room, and judging more."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Event

import psycopg
from sqlalchemy.engine import URL

from expectations.judging import import_great_expectations
from expectations.report import AuditReport
from expectations.run import audit
from expectations.suite import Suite


@contextmanager
def auditing(
    url: str | URL, suites: Iterable[Suite], *, run_id: str, now: datetime, documents: Path | None = None
) -> Iterator[Future[AuditReport]]:
    """Audit what is staged, as `audit` does, in a thread of its own while the block runs; give what will be its report.

    Where the block fails nobody waits for the counts: they are cancelled, and what the audit says of that is not told.
    """
    counting: list[psycopg.Connection] = []
    is_imported = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="audit") as aside:
        audited = aside.submit(
            audit, url, suites, run_id=run_id, now=now, documents=documents,
            connected=counting.append, imported=is_imported.wait,
        )  # fmt: skip
        try:
            try:
                # Here, while PostgreSQL counts: whoever used SQLAlchemy meanwhile would meet its modules half imported.
                import_great_expectations()
            finally:
                is_imported.set()
            yield audited
        except BaseException:
            for connection in counting:
                # It may have ended by itself.
                with suppress(psycopg.Error):
                    connection.cancel_safe()
            raise
