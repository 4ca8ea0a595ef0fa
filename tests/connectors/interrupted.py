"""Pulls that end before their end, and the listings that their landed files are parts of."""

import httpx
import pytest

from definitions.errors import SourceRefusedError


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
