"""Sweep: a full listing in portions beside the hourly runs, for changes that no modified time tells of.

Such changes are: records that were deleted for ever or erased, records that become visible late with a time before the
watermark, deletions that were undone, merges, calculated fields that change with another record, and links.
"""

import math
from datetime import datetime, timedelta

from connectors.cursor import Cursor

SMALLEST_PORTION = 50
# A sweep ends after half of the interval, so that a missed run or two do not make it late.
_SHARE_OF_INTERVAL = 0.5


def sweep_portion(cursor: Cursor, now: datetime, every: timedelta) -> int:
    """Return the number of pages that this run lists of a sweep; 0 where none is due.

    `cursor` is the published one, `now` the start of the run, `every` the interval between sweeps (0: each run). The
    portion grows with the time since the last pull, so that a sweep ends within half an interval whether runs are
    hourly or daily; it is at least 50 pages, so that a small stream is swept by one run.

    >>> from datetime import UTC
    >>> last = datetime(2026, 11, 30, 5, tzinfo=UTC)
    >>> at = Cursor(source="crm", stream="deals", watermark=last, swept_at=last - timedelta(days=1), swept_pages=2400)
    >>> sweep_portion(at, datetime(2026, 11, 30, 6, tzinfo=UTC), timedelta(hours=24))
    200
    """
    is_due = cursor.sweep is not None or cursor.swept_at is None or now - cursor.swept_at >= every
    if not is_due or cursor.watermark is None:
        return 0
    within, since = every * _SHARE_OF_INTERVAL, now - cursor.watermark
    # The whole sweep is twice the pages of the last listing: the stream may have grown.
    pages = cursor.swept_pages * (max(since / within, 0.0) if within and since < within else 2.0)
    return max(math.ceil(pages), SMALLEST_PORTION)
