"""What a pull holds does not grow with what a source has: a page at a time, and of the pages before, a packed file."""

import gc
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import msgspec
import pytest
from pydantic import SecretStr

from connectors.extract import pull
from connectors.hubspot import streams as hubspot
from connectors.landing.resume import ResumePoint
from connectors.landing.writer import Landing
from connectors.salesforce import streams as salesforce
from tests.connectors.fake_vendor import HOME, NOON, FakeTime

pytestmark = pytest.mark.slow

ROWS = 100
TEXT = "wide " * 1600
PAGE_BYTES = ROWS * len(TEXT)
BEGAN = NOON - timedelta(days=9)


def stamp(number: int) -> str:
    return (BEGAN + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Rows(httpx.SyncByteStream):
    """An answer that is made while it is read, so that nobody but the reader holds it."""

    def __init__(self, before: str, rows: Iterator[dict], after: str) -> None:
        self.before, self.rows, self.after = before, rows, after

    def __iter__(self) -> Iterator[bytes]:
        yield self.before.encode()
        for place, row in enumerate(self.rows):
            yield (b"," if place else b"") + msgspec.json.encode(row)
        yield self.after.encode()


class Endless:
    """Imitates both vendors, `pages` of wide records of any kind; notes what is held whenever it is asked for one."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.held: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        stream = self.answer(request)
        return httpx.Response(200, headers={"Date": format_datetime(NOON, usegmt=True)}, stream=stream)

    def answer(self, request: httpx.Request) -> Rows:
        """Of the endpoints that tell of no record, what is asked before the first page; of the others, a page."""
        path = request.url.path
        if "/properties/" in path:
            return Rows('{"results":[', ({"name": name} for name in hubspot.CONTACTS.mapping.requested_fields()), "]}")
        if path.endswith("/token"):
            return Rows('{"access_token":"canary","scope":[', iter(()), "]}")
        if path.endswith("/describe"):
            fields = ({"name": name, "type": "string"} for name in ("Id", "SystemModstamp", "Email"))
            return Rows('{"fields":[', fields, "]}")
        self.held.append(tracemalloc.get_traced_memory()[0])
        kinds = {"/associations/": self.associated, "/search": self.found, "/query": self.queried}
        return next((page for part, page in kinds.items() if part in path), self.listed)(request)

    def associated(self, request: httpx.Request) -> Rows:
        to = [{"toObjectId": 1, "label": TEXT}]
        rows = ({"from": one, "to": to} for one in msgspec.json.decode(request.content)["inputs"])
        return Rows('{"results":[', rows, "]}")

    def listed(self, request: httpx.Request) -> Rows:
        page = int(request.url.params.get("after", 0))
        if request.url.params["archived"] == "true":
            return Rows('{"results":[', iter(()), "]}")
        following = f',"paging":{{"next":{{"after":"{page + 1}"}}}}' if page + 1 < self.pages else ""
        return Rows('{"results":[', (self.contact(page * ROWS + n) for n in range(ROWS)), f"]{following}}}")

    def found(self, request: httpx.Request) -> Rows:
        """A record a second, in order; those from the asked moment on."""
        (bound,) = msgspec.json.decode(request.content)["filterGroups"][0]["filters"]
        since = datetime.fromtimestamp(int(bound["value"]) / 1000, UTC)
        first = max(0, int((since - BEGAN).total_seconds()))
        left = max(0, self.pages * ROWS - first)
        rows = (self.contact(first + n) for n in range(min(ROWS, left)))
        return Rows('{"results":[', rows, f'],"total":{left},"paging":{{"next":{{"after":"{ROWS}"}}}}}}')

    def queried(self, request: httpx.Request) -> Rows:
        page = int(request.url.path.rpartition("/")[2]) if "/query/" in request.url.path else 0
        is_fresh = "SystemModstamp <" not in request.url.params.get("q", "<") and not page
        is_last = is_fresh or page + 1 == self.pages
        rows = (
            {"Id": f"00Q{page * ROWS + n}", "SystemModstamp": stamp(page * ROWS + n), "Email": TEXT}
            for n in range(0 if is_fresh else ROWS)
        )
        told = f'"done":{str(is_last).lower()},"totalSize":{0 if is_fresh else self.pages * ROWS}'
        following = "" if is_last else f',"nextRecordsUrl":"/services/data/v67.0/query/{page + 1}"'
        return Rows('{"records":[', rows, f"],{told}{following}}}")

    def contact(self, number: int) -> dict:
        return {
            "id": str(1000 + number),
            "properties": {"email": TEXT, "lastmodifieddate": stamp(number)},
            "updatedAt": stamp(number),
            "archived": False,
        }


ACCOUNTS = {
    hubspot: hubspot.Account(
        name="crm",
        token=SecretStr("canary"),
        base_url=HOME,
        page_size=ROWS,
        search_page_size=ROWS,
        association_batch=ROWS,
    ),
    salesforce: salesforce.Account(
        name="crm",
        base_url=HOME,
        token_url=f"{HOME}/services/oauth2/token",
        client_id=SecretStr("canary"),
        client_secret=SecretStr("canary"),
    ),
}
SINCE = {
    "source": "crm",
    "stream": "contacts",
    "fields": sorted(hubspot.CONTACTS.mapping.requested_fields()),
    "until": stamp(0),
}
WALKS = {
    "a list": (hubspot, "contacts", None),
    "a search": (hubspot, "contacts", SINCE),
    "associations": (hubspot, "contacts_companies", None),
    "a query": (salesforce, "lead", None),
}


def held_by(root, walk, pages) -> tuple[int, int, int]:
    """Bytes held at most when a page is asked for; bytes held at most at any time; records landed."""
    module, last, cursor = WALKS[walk]
    streams = {stream.name: stream for stream in module.STREAMS}
    vendor, landing = Endless(pages), Landing(root)
    for name in filter(None, (streams[last].after, last)):
        http = module.open_http(ACCOUNTS[module], FakeTime().clock, httpx.MockTransport(vendor))
        with http, landing.writer("crm", name, f"run-{pages}") as writer:
            vendor.held.clear()
            gc.collect()
            tracemalloc.start()
            start = ResumePoint(cursor=cursor)
            pulled = pull(streams[name], ACCOUNTS[module], http, writer, start=start, now=NOON, progress=lambda _: None)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    return max(vendor.held), peak, pulled.records


@pytest.mark.parametrize("walk", WALKS)
def test_a_pull_holds_a_page_whatever_the_source_has(tmp_path, walk):
    # What the first pull of a process fills, such as caches of addresses, is nobody's growth.
    held_by(tmp_path, walk, 1)
    _, few_peak, few = held_by(tmp_path, walk, 3)
    held, many_peak, many = held_by(tmp_path, walk, 20)
    assert (few, many) == (3 * ROWS, 20 * ROWS)
    # Nothing of a page is left when the next is asked for.
    assert held < PAGE_BYTES * 0.8
    assert many_peak < PAGE_BYTES * 3.2
    assert many_peak < few_peak + PAGE_BYTES / 2
