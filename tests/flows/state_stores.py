"""A stream of contacts of which runs land records, and the states compacted from them."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from connectors.landing.listing import Listing
from connectors.landing.writer import Landing, PageBuffer
from definitions.mapping.envelope import Envelope
from flows.streams.compaction import StateStore, compact_vendor_stream

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = "000001-20261120T000000Z", "000002-20261121T000000Z", "000003-20261122T000000Z"

CONTACT = Envelope(id="id", version="updatedAt", deleted="archived")


def record(number, minute=0, name="x", *, archived=False):
    told = {"id": str(number), "updatedAt": f"2026-01-01T00:{minute:02}:00Z", "archived": archived, "name": name}
    return json.dumps(told)


def empty_store(folder):
    return StateStore(
        folder=folder / "state",
        landing=Landing(folder / "landing"),
        source="hubspot",
        stream="contacts",
        run_id=FIRST,
        last_version=None,
    )


def land(store, run_id, records, rows=1000, *, is_whole=None):
    """Land records in pages of so many rows; return the store of that run. `is_whole`: the pull came to its end."""
    with store.landing.writer(store.source, store.stream, run_id) as writer:
        for start in range(0, len(records), rows):
            page = records[start : start + rows]
            writer.write_file(
                ["".join(f"{one}\n" for one in page).encode()],
                suffix=".jsonl.zst",
                records=len(page),
                request="GET /contacts",
            )
        if is_whole is not None:
            end = listing(run_id, is_full=is_whole)
            writer.write_page(PageBuffer(), request="the end", cursor={"run": run_id}, listing=end)
    return replace(store, run_id=run_id)


def listing(id_, *runs, is_full=True, is_complete=True):
    """A listing that these runs landed (the one it is named after, if none)."""
    return Listing(
        id=id_, started_at=NOON, watermark=NOON, is_full=is_full, runs=[*(runs or (id_,))], records=1,
        is_complete=is_complete,
    )  # fmt: skip


def compact_contacts(store, *, keeps_versions=False):
    return compact_vendor_stream(store, CONTACT, keeps_versions=keeps_versions)


def shown(state):
    return state.frame().select("source_id", "is_deleted", "unlisted_by").collect().rows()
