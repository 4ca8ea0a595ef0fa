"""Listing: one walk over a stream, of everything it holds or of what changed. It may span runs.

Each landed page carries the listing with its checkpoint. Where a run dies, the next one goes on from there under the
same id, so that what all parts showed is known together when it is complete.
"""

from datetime import datetime
from typing import Any

import msgspec


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a listing stands: in which pass, and from which position on (null: from the start of the pass).

    `is_through`: nothing of the pass is left.
    """

    sync_pass: str
    position: dict[str, Any] | None = None
    is_through: bool = False


class Listing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One listing of a stream, as far as it is landed.

    `id` is that of the run that began it, with a number where the run began several. `is_full`: every record is listed,
    else what changed since `since` (null: the stream keeps no change time). `watermark`: once the listing is complete,
    every change before it has landed. `previous` is the listing it goes on from, `previous_runs` the runs that landed
    that. `runs` landed parts of this one; `files`, `pages`, `records` and `rejected` count over all of them. `fields`
    are those that were asked for.
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

    @property
    def is_whole(self) -> bool:
        """Whether a record that the listing does not show is gone.

        Not where records were rejected, one of which may be the one that is missing, and not where it is empty, which
        is more likely a fault.
        """
        return self.is_complete and self.is_full and self.records > 0 and self.rejected == 0

    def going_on_in(self, run_id: str) -> "Listing":
        """The listing, of which this run lands the next part."""
        runs = self.runs if run_id in self.runs else [*self.runs, run_id]
        return msgspec.structs.replace(self, runs=runs, is_complete=False)

    def after_page(self, *, records: int, rejected: int, checkpoint: Checkpoint) -> "Listing":
        """The listing after one more page."""
        return msgspec.structs.replace(
            self,
            pages=self.pages + 1,
            records=self.records + records,
            rejected=self.rejected + rejected,
            checkpoint=checkpoint,
        )

    def at(self, checkpoint: Checkpoint) -> "Listing":
        """The listing where a pass begins."""
        return msgspec.structs.replace(self, checkpoint=checkpoint)

    def completed(self) -> "Listing":
        """The listing, complete."""
        return msgspec.structs.replace(self, is_complete=True)

    def landed(self) -> "Listing":
        """The listing with one more landed file."""
        return msgspec.structs.replace(self, files=self.files + 1)
