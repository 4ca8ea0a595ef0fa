"""Listing: one walk over a stream, over all its records or the changed ones. It may span runs.

Each landed page stores the listing with its checkpoint. Where a run dies, the next one resumes there under the same
id, so that the complete listing contains the records of all its parts.
"""

from datetime import datetime
from typing import Any

import msgspec


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Progress of a listing: its pass, and the position to resume at (null: the start of the pass).

    `is_through`: the pass is complete.
    """

    sync_pass: str
    position: dict[str, Any] | None = None
    is_through: bool = False


class Listing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One listing of a stream, as far as it is landed.

    `id` is the id of the run that started it, with a number where the run started several. `is_full`: all records are
    listed, else the changes since `since` (null: the stream has no change time). `watermark`: once the listing is
    complete, every change before it has landed. `previous` is the listing it continues, `previous_runs` the runs that
    landed that. `runs` landed parts of this one; `files`, `pages`, `records` and `rejected` are totals over them.
    `fields` are the requested ones. `is_sweep`: a full listing in portions, beside the listings of changes.
    """

    id: str
    started_at: datetime
    is_full: bool
    watermark: datetime
    fields: list[str] = []
    since: datetime | None = None
    previous: str | None = None
    previous_runs: list[str] = []
    runs: list[str] = []
    files: int = 0
    pages: int = 0
    records: int = 0
    rejected: int = 0
    checkpoint: Checkpoint | None = None
    is_complete: bool = False
    is_sweep: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether a record that the listing does not contain is deleted.

        False where records were rejected, as one of them may be the missing one, and where the listing is empty, which
        is more likely a fault.
        """
        return self.is_complete and self.is_full and self.records > 0 and self.rejected == 0

    def going_on_in(self, run_id: str) -> "Listing":
        """Return the listing with this run as the one that lands its next part."""
        runs = self.runs if run_id in self.runs else [*self.runs, run_id]
        return msgspec.structs.replace(self, runs=runs, is_complete=False)

    def after_page(self, *, records: int, rejected: int, checkpoint: Checkpoint) -> "Listing":
        """Return the listing after one more page."""
        return msgspec.structs.replace(
            self,
            pages=self.pages + 1,
            records=self.records + records,
            rejected=self.rejected + rejected,
            checkpoint=checkpoint,
        )

    def at(self, checkpoint: Checkpoint) -> "Listing":
        """Return the listing at the beginning of a pass."""
        return msgspec.structs.replace(self, checkpoint=checkpoint)

    def completed(self) -> "Listing":
        """Return the listing, complete."""
        return msgspec.structs.replace(self, is_complete=True)

    def landed(self) -> "Listing":
        """Return the listing with one more landed file."""
        return msgspec.structs.replace(self, files=self.files + 1)
