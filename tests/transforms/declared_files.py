"""A stream of files declared, and files of it as they are landed, for the tests of what becomes of them."""

import json

import polars as pl

from definitions.mapping.file_stream import FileStream
from definitions.mapping.source_mapping import SourceMapping
from transforms.conform.files import conform_file
from transforms.conform.files_versions import LandedFile, compact_files

MEANING = SourceMapping(
    source="crm", time_zone="America/New_York", currency="USD", stages={"Open": "qualification", "Won": "closed_won"}
)


def stream(kind="opportunity", **declared):
    columns = {"columns": {"name": "id"}} if kind == "opportunity" else {}
    return FileStream.model_validate({"name": "deals", "kind": kind, "path": "d.csv", "id": "id"} | columns | declared)


def landed(rows, run="r1", *, is_whole=True):
    frame = pl.DataFrame(
        {
            "raw": [json.dumps(row) for row in rows],
            "location": [f"{run}/000001-a.csv.zst:{line}" for line in range(2, len(rows) + 2)],
        },
        schema={"raw": pl.String, "location": pl.String},
    )
    return LandedFile(rows=frame.lazy(), run_id=run, is_whole=is_whole)


def conform(rows, of, meaning=MEANING):
    state = compact_files(None, [landed(rows)], meaning, stream=of, keeps_versions=of.kind == "opportunity")
    return conform_file(state.lazy(), meaning, stream=of)
