"""HubSpot: listing records, reading batches of them, and listing owners."""

from collections.abc import Callable, Sequence

import polars as pl

from sandbox.hubspot.errors import HubSpotError, batch, number, words
from sandbox.hubspot.store import CHUNK, MAX_CACHED_CHUNKS, MODIFIED, Chunk, ObjectTable
from sandbox.server.rendering import hubspot_objects
from sandbox.server.web import Answer, Request, json_answer

DEFAULTS = {
    "contacts": ("firstname", "lastname", "email"),
    "companies": ("name", "domain"),
    "deals": ("dealname", "amount", "closedate", "pipeline", "dealstage"),
}
LIST_LIMIT = 100
BATCH_LIMIT = 100


class Pages:
    """Lists of records; a chunk of records is rendered once for each set of requested properties."""

    def __init__(self, tables: dict[str, ObjectTable]) -> None:
        """`tables` by object type."""
        self.tables = tables
        self._chunks: dict[Chunk, list[bytes]] = {}

    def rendered(self, kind: str, properties: Sequence[str], start: int, stop: int, *, archived: bool) -> list[bytes]:
        """Return records `start` to `stop` of a list, each as JSON."""
        selected = tuple(properties) or DEFAULTS[kind]
        found: list[bytes] = []
        for number_of_chunk in range(start // CHUNK, (max(start, stop - 1)) // CHUNK + 1):
            offset = number_of_chunk * CHUNK
            chunk = self._chunk((kind, archived, selected, number_of_chunk))
            found += chunk[max(0, start - offset) : stop - offset]
        return found

    def _chunk(self, key: Chunk) -> list[bytes]:
        cached = self._chunks.get(key)
        if cached is None:
            kind, archived, selected, number_of_chunk = key
            rows = self.tables[kind].records(archived=archived).slice(number_of_chunk * CHUNK, CHUNK)
            cached = hubspot_objects(rows, selected, MODIFIED[kind])
            if len(self._chunks) >= MAX_CACHED_CHUNKS:
                self._chunks.pop(next(iter(self._chunks)))
            self._chunks[key] = cached
        return cached

    def page(self, kind: str, request: Request) -> Answer:
        """Return one page of the list of a type, in order of id."""
        parameters = request.parameters()
        archived = words(parameters, "archived") == ["true"]
        limit = number(parameters, "limit", 10, low=1, high=LIST_LIMIT)
        table = self.tables[kind]
        start = table.position(number(parameters, "after", 0, low=0, high=2**62), archived=archived)
        stop = min(start + limit, table.records(archived=archived).height)
        body = b",".join(self.rendered(kind, words(parameters, "properties"), start, stop, archived=archived))
        if stop == table.records(archived=archived).height:
            return Answer(body=b'{"results":[%b]}' % body)
        last = int(table.ranks[archived][stop - 1])
        return Answer(body=b'{"results":[%b],"paging":{"next":%b}}' % (body, _next(request, last)))

    def batch_read(self, kind: str, request: Request, now: Callable[[], str]) -> Answer:
        """Return records by id; unknown ids are listed in `errors`, with status 207."""
        body = request.json()
        ids = [str(item.get("id", "")) for item in body.get("inputs", [])]
        if len(ids) > BATCH_LIMIT:
            raise HubSpotError(
                "VALIDATION_ERROR", f"Batch size too large: {len(ids)} exceeds the limit of {BATCH_LIMIT}"
            )
        archived = words(request.parameters(), "archived") == ["true"]
        table = self.tables[kind]
        rows = table.records(archived=archived)[table.rows_of(ids, archived=archived)]
        found = hubspot_objects(rows, body.get("properties") or DEFAULTS[kind], MODIFIED[kind])
        missing = sorted({i for i in ids if table.survivors.get(i, i) not in set(rows["_id"])})
        errors = [not_found(missing)] if missing else []
        return batch(found, errors, now(), count=len(missing))


def not_found(ids: list[str]) -> dict[str, object]:
    """Build the error of a batch answer for ids that do not exist."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some objects, they may be deleted or not exist. Check that ids are valid.",
        "context": {"ids": ids},
        "errors": [],
        "links": {},
    }


def _next(request: Request, last: int) -> bytes:
    return b'{"after":"%d","link":"https://api.hubapi.com%b?after=%d"}' % (last, request.path.encode(), last)


def owners(table: pl.DataFrame, request: Request) -> Answer:
    """Return the active owners, or with `archived=true` those who left."""
    parameters = request.parameters()
    archived = words(parameters, "archived") == ["true"]
    limit = number(parameters, "limit", 100, low=1, high=500)
    after = number(parameters, "after", 0, low=0, high=2**62)
    rows = table.filter(pl.col("_state") == ("archived" if archived else "live")).sort(pl.col("_id").cast(pl.Int64))
    rows = rows.filter(pl.col("_id").cast(pl.Int64) > after)
    if email := words(parameters, "email"):
        rows = rows.filter(pl.col("email").is_in(email))
    page_rows = rows.head(limit)
    answer: dict[str, object] = {"results": [_owner(row, archived=archived) for row in page_rows.to_dicts()]}
    if page_rows.height < rows.height:
        answer["paging"] = {"next": {"after": page_rows["_id"][-1]}}
    return json_answer(answer)


def _owner(row: dict[str, object], *, archived: bool) -> dict[str, object]:
    """Build one owner; an owner who left has no user, only the id of the former user."""
    owner: dict[str, object] = {
        "id": row["_id"],
        "email": row["email"],
        "type": "PERSON",
        "firstName": row["firstName"],
        "lastName": row["lastName"],
        "createdAt": _stamp(row["_created"]),
        "updatedAt": _stamp(row["_modified"]),
        "archived": archived,
        "userIdIncludingInactive": row["userId"],
        "teams": [{"id": str(abs(hash_of(str(row["team"])))), "name": row["team"], "primary": True}],
    }
    if not archived:
        owner["userId"] = row["userId"]
    return owner


def hash_of(word: str) -> int:
    """Return a small deterministic hash of a word."""
    return sum(index * ord(letter) for index, letter in enumerate(word, start=11))


def _stamp(moment: object) -> str:
    return str(moment).replace(" ", "T")[:19] + ".000Z"
