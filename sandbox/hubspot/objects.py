"""HubSpot: listing records, reading batches of them, and listing owners."""

from collections.abc import Callable, Sequence

import polars as pl

from sandbox.hubspot.errors import HubSpotError, batch, number, words
from sandbox.hubspot.store import CHUNK, KEPT_CHUNKS, MODIFIED, Chunk, ObjectTable
from sandbox.server.rendering import hubspot_objects
from sandbox.server.web import Answer, Request, says

DEFAULTS = {
    "contacts": ("firstname", "lastname", "email"),
    "companies": ("name", "domain"),
    "deals": ("dealname", "amount", "closedate", "pipeline", "dealstage"),
}
LIST_LIMIT = 100
BATCH_LIMIT = 100


class Pages:
    """Lists of records; a stretch of records is rendered once for each set of properties asked."""

    def __init__(self, shelves: dict[str, ObjectTable]) -> None:
        """`shelves` by object type."""
        self.shelves = shelves
        self._chunks: dict[Chunk, list[bytes]] = {}

    def rendered(self, kind: str, properties: Sequence[str], start: int, stop: int, *, archived: bool) -> list[bytes]:
        """Records `start` to `stop` of a list, each as JSON."""
        asked = tuple(properties) or DEFAULTS[kind]
        found: list[bytes] = []
        for number_of_chunk in range(start // CHUNK, (max(start, stop - 1)) // CHUNK + 1):
            offset = number_of_chunk * CHUNK
            chunk = self._chunk((kind, archived, asked, number_of_chunk))
            found += chunk[max(0, start - offset) : stop - offset]
        return found

    def _chunk(self, key: Chunk) -> list[bytes]:
        known = self._chunks.get(key)
        if known is None:
            kind, archived, asked, number_of_chunk = key
            rows = self.shelves[kind].records(archived=archived).slice(number_of_chunk * CHUNK, CHUNK)
            known = hubspot_objects(rows, asked, MODIFIED[kind])
            if len(self._chunks) >= KEPT_CHUNKS:
                self._chunks.pop(next(iter(self._chunks)))
            self._chunks[key] = known
        return known

    def page(self, kind: str, request: Request) -> Answer:
        """One page of the list of a type, in order of id."""
        asked = request.asked()
        archived = words(asked, "archived") == ["true"]
        limit = number(asked, "limit", 10, low=1, high=LIST_LIMIT)
        shelf = self.shelves[kind]
        start = shelf.position(number(asked, "after", 0, low=0, high=2**62), archived=archived)
        stop = min(start + limit, shelf.records(archived=archived).height)
        body = b",".join(self.rendered(kind, words(asked, "properties"), start, stop, archived=archived))
        if stop == shelf.records(archived=archived).height:
            return Answer(body=b'{"results":[%b]}' % body)
        last = int(shelf.ranks[archived][stop - 1])
        return Answer(body=b'{"results":[%b],"paging":{"next":%b}}' % (body, _next(request, last)))

    def batch_read(self, kind: str, request: Request, now: Callable[[], str]) -> Answer:
        """Records by id; unknown ids are told in `errors`, with status 207."""
        asked = request.json()
        ids = [str(item.get("id", "")) for item in asked.get("inputs", [])]
        if len(ids) > BATCH_LIMIT:
            raise HubSpotError(
                "VALIDATION_ERROR", f"Batch size too large: {len(ids)} exceeds the limit of {BATCH_LIMIT}"
            )
        archived = words(request.asked(), "archived") == ["true"]
        shelf = self.shelves[kind]
        rows = shelf.records(archived=archived)[shelf.rows_of(ids, archived=archived)]
        found = hubspot_objects(rows, asked.get("properties") or DEFAULTS[kind], MODIFIED[kind])
        missing = sorted({i for i in ids if shelf.survivors.get(i, i) not in set(rows["_id"])})
        errors = [not_found(missing)] if missing else []
        return batch(found, errors, now(), count=len(missing))


def not_found(ids: list[str]) -> dict[str, object]:
    """The error a batch carries for ids that are not there."""
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
    """Owners: active ones, or with `archived=true` those who left."""
    asked = request.asked()
    archived = words(asked, "archived") == ["true"]
    limit = number(asked, "limit", 100, low=1, high=500)
    after = number(asked, "after", 0, low=0, high=2**62)
    rows = table.filter(pl.col("_state") == ("archived" if archived else "live")).sort(pl.col("_id").cast(pl.Int64))
    rows = rows.filter(pl.col("_id").cast(pl.Int64) > after)
    if email := words(asked, "email"):
        rows = rows.filter(pl.col("email").is_in(email))
    shown = rows.head(limit)
    answer: dict[str, object] = {"results": [_owner(row, archived=archived) for row in shown.to_dicts()]}
    if shown.height < rows.height:
        answer["paging"] = {"next": {"after": shown["_id"][-1]}}
    return says(answer)


def _owner(row: dict[str, object], *, archived: bool) -> dict[str, object]:
    """One owner; somebody who left has no user any more, only the number that user had."""
    told: dict[str, object] = {
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
        told["userId"] = row["userId"]
    return told


def hash_of(word: str) -> int:
    """A small number for a word, the same every time."""
    return sum(place * ord(letter) for place, letter in enumerate(word, start=11))


def _stamp(moment: object) -> str:
    return str(moment).replace(" ", "T")[:19] + ".000Z"
