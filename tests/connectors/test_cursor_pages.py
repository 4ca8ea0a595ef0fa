"""Pages behind a cursor: every record once, whatever the page size, and an error where the pages could not end."""

import httpx
import pytest
from pydantic import SecretStr

from connectors.extract import pull
from connectors.http.account import BearerAccount, open_bearer
from connectors.http.cursor_pages import CursorPages
from connectors.landing.history import landed_runs
from connectors.landing.resume import resume_point
from connectors.landing.writer import Landing
from connectors.stream import Stream, SyncMode, SyncPass
from definitions.errors import SourceAnswerUnusableError, SourceRefusedError
from definitions.mapping.envelope import Envelope
from definitions.mapping.stream_mapping import StreamMapping
from definitions.schema.records import PERSON
from tests.connectors.fake_vendor import HOME, NOON

PAGES = CursorPages(records="data", cursor="more.after", since_parameter="since")


@pytest.fixture
def pulled(tmp_path, fake_time):
    """Pulls a stream whose answers are given as pages by cursor; what was landed, what was asked, and how it ended."""

    def run(pages, *, cursor=None, size=2, run_id="r1"):
        asked = []

        def answer(request):
            asked.append(dict(request.url.params))
            page = pages[request.url.params.get("cursor")]
            return httpx.Response(403) if page is None else httpx.Response(200, json=page)

        stream = Stream(
            name="people",
            mapping=StreamMapping(kind=PERSON, object="person", fields={}),
            remote="/v1/people",
            envelope=Envelope(id="id", version="changed"),
            modified="changed",
            passes=(SyncPass(name="changes", when=SyncMode.ALWAYS, pages=PAGES),),
        )
        account = BearerAccount(name="tiny", base_url=HOME, token=SecretStr("t"), page_size=size)
        landing = Landing(tmp_path)
        transport = httpx.MockTransport(lambda request: streamed(answer(request)))
        people = ("tiny", "people")
        with open_bearer(account, fake_time.clock, transport) as http, landing.writer(*people, run_id) as writer:
            # The writer has landed what a pull that was left had kept.
            start = resume_point([] if cursor else landed_runs(landing, *people), cursor, is_full=False)
            told = pull(stream, account, http, writer, start=start, now=NOON, progress=lambda _: None)
        pages_landed = landing.pages_of(*people, landing.run_ids(*people))
        return told, [raw for page in pages_landed for raw in landing.records(page)], asked

    return run


def streamed(answer):
    """An answer whose body is still to be read."""
    return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))


def page(*ids, after=None):
    return {"data": [{"id": one, "changed": "2026-11-01T00:00:00Z"} for one in ids], "more": {"after": after}}


def test_every_page_is_walked_to_the_one_that_names_no_other(pulled):
    told, landed, asked = pulled({None: page(1, 2, after="b"), "b": page(after=7), "7": page(3)})
    assert (told.records, told.pages, len(landed)) == (3, 3, 3)
    assert [one.get("cursor") for one in asked] == [None, "b", "7"]
    assert {one["limit"] for one in asked} == {"2"}


def test_a_first_pull_asks_for_everything_and_the_next_from_the_watermark(pulled):
    told, _, first = pulled({None: page(1)})
    assert "since" not in first[0]
    _, _, then = pulled({None: page(2)}, cursor=told.cursor, run_id="r2")
    assert then[0]["since"] == "2026-11-22T11:54:00Z"


@pytest.mark.parametrize("last", ["b", "c"])
def test_a_listing_that_was_left_goes_on_behind_the_last_page_it_landed(pulled, last):
    whole = {None: page(1, 2, after="b"), "b": page(3, after="c"), "c": page(4)}
    with pytest.raises(SourceRefusedError):
        pulled({**whole, last: None})
    told, landed, asked = pulled(whole, run_id="r2")
    assert [one["cursor"] for one in asked] == [one for one in "bc" if one >= last]
    assert len(landed) == 4
    assert told.is_full


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ({None: page(1, after="b"), "b": page(2, after="b")}, "the cursor of an earlier page came again"),
        ({None: {"items": []}}, "the answer has no list 'data'"),
        ({None: {"data": {"id": 1}}}, "the answer has no list 'data'"),
        ({None: page(1, after="")}, "says there is more, but not where"),
    ],
    ids=["a cursor that comes again", "no list", "no list but an object", "an empty cursor"],
)
def test_pages_that_cannot_be_walked_are_refused(pulled, pages, words):
    with pytest.raises(SourceAnswerUnusableError, match=words):
        pulled(pages)


def test_a_record_without_an_id_is_set_aside_and_the_others_land(pulled):
    answer = page(1, 2)
    del answer["data"][0]["id"]
    told, landed, _ = pulled({None: answer})
    assert (told.records, told.rejected, len(landed)) == (1, 1, 1)
