"""Journal of sent messages in the home: keys and days of accepted messages, one line a message, one file a month.

The warehouse is authoritative. The journal serves a warehouse that went back to an older state, by a restored backup or
a fail-over: it prevents that everything is sent again. No line has a name, an address or text.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from connectors.landing.durable import append_line, failed, make_folder
from flows.alerts.deliveries import SentMessage
from flows.home.folders import Home

# Longer than the usual retention of warehouse backups.
_MONTHS = 13
_SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class SentJournal:
    """Journal files of one home; created when the first message is accepted."""

    folder: Path

    def read(self) -> tuple[list[SentMessage], int]:
        """Return the messages in the order of acceptance, and the number of unreadable lines, which are skipped.

        Raises `LandingError` naming a file that cannot be read at all.
        """
        messages, damaged = [], 0
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            try:
                lines = path.read_bytes().splitlines()
            except OSError as error:
                raise failed("read", path, 0, error) from error
            for line in lines:
                message = _message(line)
                if message is None:
                    damaged += 1
                else:
                    messages.append(message)
        return messages, damaged

    def append(self, message: SentMessage) -> None:
        """Append an accepted message durably. Raises `LandingError` naming the file.

        The first message of a month removes files older than the retention.
        """
        path = self.folder / f"{message.sent_at:%Y-%m}{_SUFFIX}"
        if not path.exists():
            make_folder(self.folder)
            self._remove_old_files(message.sent_at)
        append_line(path, _line(message))

    def _remove_old_files(self, at: datetime) -> None:
        oldest = at.year * 12 + at.month - _MONTHS
        first = f"{(oldest - 1) // 12:04}-{(oldest - 1) % 12 + 1:02}{_SUFFIX}"
        for path in self.folder.glob(f"*{_SUFFIX}"):
            if path.name < first:
                path.unlink(missing_ok=True)


def journal_of(home: Home) -> SentJournal:
    """Return the journal of a home; no file is created before the first write."""
    return SentJournal(home.root / "messages")


def _line(message: SentMessage) -> bytes:
    content = {
        "kind": message.kind,
        "key": message.key,
        "target": message.target,
        "run_id": message.run_id,
        "told_for": message.told_for.isoformat(),
        "sent_at": message.sent_at.isoformat(timespec="seconds"),
        "findings": [[finding, opened_on.isoformat()] for finding, opened_on in message.findings],
    }
    return json.dumps(content, separators=(",", ":")).encode()


def _message(line: bytes) -> SentMessage | None:
    """Parse one line; None if it is damaged, which is safe because the warehouse has that message as well."""
    try:
        content = json.loads(line)
        return SentMessage(
            kind=str(content["kind"]),
            key=str(content["key"]),
            target=str(content["target"]),
            run_id=str(content["run_id"]),
            told_for=date.fromisoformat(content["told_for"]),
            sent_at=datetime.fromisoformat(content["sent_at"]),
            findings=tuple((str(finding), date.fromisoformat(opened_on)) for finding, opened_on in content["findings"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
