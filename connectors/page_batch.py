"""Page batch: pages of a listing, journaled one by one and landed together once they fill a file."""

from collections.abc import Callable

import msgspec

from connectors.cursor import Cursor
from connectors.landing.erased import StreamEraser
from connectors.landing.listing import Checkpoint, Listing
from connectors.landing.reader import Rejected
from connectors.landing.writer import LandingWriter, PageBuffer
from connectors.stream import Page
from definitions.counting import counted
from definitions.errors import SourceAnswerUnusableError
from definitions.fault_limit import FaultLimit


class PageBatch:
    """Pages of the current listing; a checkpoint is written only with or after the pages that it covers.

    Counts are those of this pull, which may walk several listings, one after the other.
    """

    def __init__(
        self,
        writer: LandingWriter,
        limit: FaultLimit,
        where: str,
        progress: Callable[[int], None],
        batch_bytes: int,
        eraser: StreamEraser | None = None,
    ) -> None:
        self._writer = writer
        self._limit = limit
        self._where = where
        self._progress = progress
        self._batch_bytes = batch_bytes
        self._eraser = eraser
        self._listing: Listing | None = None
        self._waiting = PageBuffer()
        self._waiting_rejected: list[Rejected] = []
        self._waiting_rejected_size = 0
        self._request = "nothing to ask for"
        self.records = self.pages = self.rejected = self.repeated = 0
        self.notes: list[str] = []

    @property
    def listing(self) -> Listing:
        """The current listing, after all pages added so far."""
        if self._listing is None:
            raise RuntimeError("no listing was begun")
        return self._listing

    def begin(self, listing: Listing) -> None:
        """Set the current listing, new or resumed from its checkpoint."""
        self._listing = listing

    def add(self, page: Page, checkpoint: Checkpoint) -> None:
        """Add a page; land the batch when it has reached its size."""
        raws = [record.raw for record in page.checked.records]
        bad = page.checked.rejected
        if self._eraser is not None:
            # A lagging answer may still show an erased person; the counts stay those of the answer.
            raws, bad = [self._eraser.kept(raw) for raw in raws], self._eraser.kept_rejected(bad)
        self._listing = self.listing.after_page(records=len(raws), rejected=len(bad), checkpoint=checkpoint)
        self._waiting.add(raws)
        self._waiting_rejected += bad
        self._waiting_rejected_size += sum(len(one.record) for one in bad)
        self._request = page.request
        self.pages += 1
        self.records += len(raws)
        self.rejected += len(bad)
        self.repeated += page.repeated
        self.notes += page.notes
        self._progress(len(raws) + len(bad))
        self._stop_at_too_many()
        if self._waiting.bytes + self._waiting_rejected_size >= self._batch_bytes:
            self._land(self.listing.landed())
        else:
            self._writer.keep_page(raws, request=page.request, listing=self.listing, rejected=bad)

    def reach(self, checkpoint: Checkpoint) -> None:
        """Record that a pass has ended and the next one begins."""
        self._listing = self.listing.at(checkpoint)
        self._writer.keep_page([], request=self._request, listing=self.listing, rejected=[])

    def complete(self, cursor: Cursor) -> None:
        """Land the rest of the batch, with the completed listing and its cursor."""
        self._land(self.listing.completed().landed(), cursor)

    def flush(self) -> None:
        """Land the rest of the batch of a listing that another run completes."""
        self._land(self.listing.landed())

    def _land(self, listing: Listing | None, cursor: Cursor | None = None) -> None:
        if listing is not None:
            self._listing = listing
        self._writer.write_page(
            self._waiting,
            request=f"{self._request} (up to page {self.listing.pages})" if self.pages else self._request,
            cursor=None if cursor is None else msgspec.to_builtins(cursor),
            rejected=self._waiting_rejected,
            listing=listing,
        )
        self._waiting, self._waiting_rejected, self._waiting_rejected_size = PageBuffer(), [], 0

    def _stop_at_too_many(self) -> None:
        listing = self.listing
        total = listing.records + listing.rejected
        if not self._limit.is_exceeded(listing.rejected, of=total):
            return
        reasons = ", ".join(sorted({bad.reason for bad in self._waiting_rejected}))
        # Without a listing, so that no run resumes it: a person must decide before anything is skipped.
        self._land(None)
        raise SourceAnswerUnusableError(
            f"{self._where}: {listing.rejected} of {counted(total, 'record')} up to page {listing.pages} cannot be "
            f"read ({reasons}). They are kept beside the landed pages: compare them with the vendor's docs. To leave "
            "them out, raise quarantine_ceiling."
        )
