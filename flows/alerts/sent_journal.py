"""Journal of sent messages in the home: keys and days of what targets took, one line a message, one file a month.

The warehouse knows more, and is what counts. The journal is for a warehouse that went back to an older state, by a
restored backup or a fail-over: it keeps that one from telling everything again. No line has a name, an address or text.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from connectors.landing.durable import append_line, failed, make_folder
from flows.alerts.deliveries import SentMessage
from flows.home.folders import Home

# Longer than backups of a warehouse are kept.
_MONTHS = 13
_SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class SentJournal:
    """The files of one home; made when the first message was taken."""

    folder: Path

    def read(self) -> tuple[list[SentMessage], int]:
        """Give the messages in the order they were taken, and how many lines could not be read and are passed over.

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
        """Add a message durably; call it when the target took it. Raises `LandingError` naming the file.

        The first message of a month removes the files of months long past.
        """
        path = self.folder / f"{message.sent_at:%Y-%m}{_SUFFIX}"
        if not path.exists():
            make_folder(self.folder)
            self._forget(message.sent_at)
        append_line(path, _line(message))

    def _forget(self, at: datetime) -> None:
        oldest = at.year * 12 + at.month - _MONTHS
        first = f"{(oldest - 1) // 12:04}-{(oldest - 1) % 12 + 1:02}{_SUFFIX}"
        for path in self.folder.glob(f"*{_SUFFIX}"):
            if path.name < first:
                path.unlink(missing_ok=True)


def journal_of(home: Home) -> SentJournal:
    """Give the journal of a home; nothing is made before something is written."""
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
    """Read one line; None where it is damaged: the warehouse knows of that message as well."""
    try:
        content = json.loads(line)
        return SentMessage(
            kind=str(content["kind"]),
            key=str(content["key"]),
            target=str(content["target"]),
            run_id=str(content["run_id"]),
            told_for=date.fromisoformat(content["told_for"]),
            sent_at=datetime.fromisoformat(content["sent_at"]),
            findings=tuple((str(finding), date.fromisoformat(opened)) for finding, opened in content["findings"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
