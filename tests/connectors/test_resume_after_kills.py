"""After a kill or a power cut the next run goes on from the pages that were kept whole, and asks the rest again."""

import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import httpx
import pytest

from connectors.landing.page_journal import JOURNAL, PageJournal
from tests.connectors.interruptions import LONG_AGO, interrupted, listings

ROOT = Path(__file__).parents[2]
KILLED = textwrap.dedent(
    """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    import httpx
    from pydantic import SecretStr
    from connectors import extract
    from connectors.hubspot import streams
    from connectors.http.rate_limit import Clock
    from connectors.landing.history import landed_runs
    from connectors.landing.resume import resume_point
    from connectors.landing.writer import Landing
    from definitions.runtime.crash_points import arm
    from tests.connectors.fake_hubspot import TOKEN, FakeHubSpot
    from tests.connectors.fake_vendor import FakeTime, NOON

    root, run_id, point, pages, batch_bytes = sys.argv[1:]
    crm = FakeHubSpot()
    crm.properties = list(streams.CONTACTS.mapping.requested_fields())
    crm.add(*range(1, 46), modified=NOON)

    def log(request):
        if "/objects/" in request.url.path:
            with open(Path(root, "asked"), "a") as file:
                file.write(f"{request.url.params}\\n")
    crm.scripts.append(log)
    account = streams.Account(name="hubspot", token=SecretStr(TOKEN), base_url="https://crm.example", page_size=10)
    http = streams.open_http(account, FakeTime().clock, httpx.MockTransport(crm))
    contacts = next(one for one in streams.STREAMS if one.name == "contacts")
    left = [int(pages)]
    def progress(count):
        left[0] -= 1
        if left[0] == 0:
            arm(point)
    landing = Landing(Path(root))
    with landing.writer("hubspot", "contacts", run_id) as writer:
        extract.pull(
            contacts, account, http, writer, now=NOON, progress=progress, batch_bytes=int(batch_bytes),
            start=resume_point(landed_runs(landing, "hubspot", "contacts"), None, is_full=False),
        )
    """
)
# With the page of a run at which the point is armed: a page that is killed on its way into a file is the next one.
POINTS = [
    ("fetch.after_response", 1, 1),
    ("fetch.after_response", 1, 4 << 20),
    ("land.after_keep", 1, 4 << 20),
    ("land.after_temp_write", 2, 1),
    ("land.after_fsync", 2, 1),
    ("land.after_rename", 2, 1),
]


@pytest.mark.slow
@pytest.mark.parametrize(("point", "page", "batch_bytes"), POINTS)
def test_killed_at_every_page_one_run_after_the_other_each_page_is_asked_at_most_twice(
    pull_crm, tmp_path, point, page, batch_bytes
):
    """F21: each run comes a page further and dies; what was in flight is asked again, and nothing else."""
    codes = []
    while 0 not in codes:
        told = [tmp_path, f"run-{len(codes) + 1:02}", point, str(page), str(batch_bytes)]
        codes.append(subprocess.run([sys.executable, "-c", KILLED, *told], cwd=ROOT, check=False).returncode)
        assert codes[-1] in {0, -signal.SIGKILL}
        assert len(codes) <= 8
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len(codes) >= 6
    assert len(set(asked)) == 6
    # One page a kill at most, and never the same in two runs.
    assert len(asked) - 6 <= len(codes) - 1
    assert max(Counter(asked).values()) <= 2
    assert sorted(map(int, pull_crm.ids("contacts"))) == list(range(1, 46))
    assert listings(pull_crm, "contacts") == ["run-01"]
    folder = pull_crm.landing.folder("hubspot", "contacts", "run-01")
    named = {page.path.name for page in pull_crm.landing.read_manifest("hubspot", "contacts", "run-01") if page.path}
    assert {path.name for path in folder.iterdir()} == {"manifest.jsonl", *named}


DAMAGES = {
    "cut": lambda journal: journal.write_bytes(journal.read_bytes()[:-9]),
    "a bit flipped": lambda journal: flip(journal, len(journal.read_bytes()) * 4),
    "zeros": lambda journal: journal.write_bytes(journal.read_bytes()[:-4096] + bytes(4096)),
    "gone": lambda journal: journal.unlink(),
}


def flip(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_a_power_cut_took_of_the_journal_is_asked_again(crm, pull_crm, damage):
    crm.add(*range(1, 46), modified=LONG_AGO)
    interrupted(crm, pull_crm, "contacts", "/objects/", 4)
    journal = pull_crm.landing.folder("hubspot", "contacts", "run-1") / JOURNAL
    DAMAGES[damage](journal)
    pulled = pull_crm("contacts")
    assert sorted(map(int, pull_crm.ids("contacts"))) == list(range(1, 46))
    assert pulled.pages > 2
    assert not journal.exists()


def test_no_flipped_bit_of_a_journal_is_believed(crm, pull_crm):
    crm.add(*range(1, 16), modified=LONG_AGO)
    interrupted(crm, pull_crm, "contacts", "/objects/", 2)
    journal = PageJournal(pull_crm.landing.folder("hubspot", "contacts", "run-1"))
    path = pull_crm.landing.folder("hubspot", "contacts", "run-1") / JOURNAL
    whole, pages = path.read_bytes(), list(journal.pages())
    assert [len(page.records) for page in pages] == [0, 0, 10]
    for bit in range(0, len(whole) * 8, 101):
        flip(path, bit)
        assert list(journal.pages()) in [pages[:count] for count in range(4)], bit
        path.write_bytes(whole)


def test_rejected_records_of_a_kept_page_are_landed_too(crm, pull_crm):
    crm.add(1, modified=LONG_AGO)
    page = {"results": [{"id": {}, "properties": {}}, crm.record(1)], "paging": {"next": {"after": "1"}}}
    crm.once("/objects/", lambda: httpx.Response(200, json=page), skip=1)
    interrupted(crm, pull_crm, "contacts", "/objects/", 1)
    pulled = pull_crm("contacts")
    kept = pull_crm.landing.read_manifest("hubspot", "contacts", "run-1")[0]
    assert [one.reason for one in pull_crm.landing.rejected(kept)] == ["wrong_type"]
    last = pull_crm.landing.read_manifest("hubspot", "contacts", "run-2")[-1].listing
    assert (pulled.rejected, last.rejected, last.is_whole) == (0, 1, False)
