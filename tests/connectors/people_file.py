"""A file of people as a stream declares it, and what is read of it."""

import json

from connectors.files.streams import read_rows
from definitions.mapping.file_stream import FileStream

WHERE = "crm.people: people.csv"


def stream(**declared):
    given = {"name": "people", "kind": "person", "path": "people.csv", "id": "id", "columns": {"last_name": "name"}}
    return FileStream.model_validate(given | declared)


def read(content, **declared):
    text = content if isinstance(content, bytes) else content.encode()
    return read_rows(lambda: [text], stream(**declared), WHERE)[0]


def values(found):
    return [json.loads(raw) for raw in found.rows["raw"]]


def aside(found):
    return [(row.offset, row.reason) for row in found.rejected]
