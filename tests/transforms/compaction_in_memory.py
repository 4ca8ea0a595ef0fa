"""Landed records and their compaction to a state, in memory, as `flows.streams.compaction` does it with files."""

import json

import polars as pl

from definitions.mapping.envelope import Envelope
from transforms.state.listings import apply_listings
from transforms.state.versions import STATE, parsed_versions, version_index

CONTACT = Envelope(id="id", version="updatedAt", deleted="archived")
NOTHING = pl.DataFrame(schema=STATE)


def landed(run, records, listing=None):
    """What a run landed of a listing (its own unless named): (id, minute, is deleted, name) of each record."""
    lines_of_run = [
        {
            "raw": json.dumps(
                {"id": str(id_), "updatedAt": f"2026-01-01T00:{minute:02}:00Z", "archived": gone, "n": name}
            ),
            "location": f"run{run:03}/000001-a.jsonl.zst:{place}",
        }
        for place, (id_, minute, gone, name) in enumerate(records, start=1)
    ]
    lines = pl.LazyFrame(lines_of_run, schema={"raw": pl.String, "location": pl.String})
    return parsed_versions(lines, CONTACT).collect(), f"run{listing or run:03}"


def compact_parts(last, parts, listings, *, keeps_versions):
    """Compact parts to a state; `listings` are the complete ones."""
    versions = pl.concat([last, *(part for part, _ in parts)])
    known = version_index(last.lazy(), reads_text=keeps_versions).with_columns(listing=pl.lit(None, pl.Categorical))
    new = [version_index(part.lazy()).with_columns(listing=pl.lit(id_).cast(pl.Categorical)) for part, id_ in parts]
    verdict = apply_listings(pl.concat([known, *new]).collect(), listings, keeps_versions=keeps_versions)
    kept = versions.drop(set(verdict.columns) & set(versions.columns)).hstack(verdict)
    return kept.filter("stays").select(STATE.names())
