"""Pulls that are interrupted, and what they leave in landing."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from definitions.errors import SourceRefusedError

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LONG_AGO, HOUR = NOON - timedelta(days=9), timedelta(hours=1)
# Each page a file of its own, or none before the end: then they are in the journal only.
BATCHES = pytest.mark.parametrize("batch_bytes", [1, 4 << 20], ids=["landed", "kept"])


def refused() -> httpx.Response:
    """An answer that ends a pull, and that the next one does not get."""
    return httpx.Response(403, json=[{"errorCode": "INSUFFICIENT_ACCESS"}])


def pages_of(vendor, part: str) -> int:
    return len(vendor.asked(part))


def listings(puller, stream: str, *runs: str) -> list[str]:
    """Ids of the listings that the landed files of a stream are parts of, in order."""
    account = puller.account.name
    runs = runs or puller.landing.run_ids(account, stream)
    found = [page.listing_id for run in runs for page in puller.landing.read_manifest(account, stream, run)]
    return list(dict.fromkeys(found))


def interrupted(vendor, puller, stream: str, part: str, after: int, **changes) -> None:
    """A pull that is refused after so many good answers, with nothing of it published."""
    vendor.once(part, refused, skip=after)
    with pytest.raises(SourceRefusedError, match=stream):
        puller(stream, **changes)
