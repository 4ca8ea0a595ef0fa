"""The number of a run, and what became of runs whose commit was not answered."""

import json
from datetime import UTC, date, datetime

import pytest

from definitions.errors import LandingError
from flows.home.folders import Home
from flows.home.run_log import begin_run, note_judged, note_unsettled, read_run_log
from tests.flows.shop import opened_shop

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = "20261122T120000Z"


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def landed(home, run_id):
    (home.landing / "shop" / "deals" / run_id).mkdir(parents=True)


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ([None, None], "000001"),
        (["000041-20261122T110000Z", None], "000042"),
        (["000041-20261122T110000Z", "000043-20261122T111500Z"], "000044"),
        (["1000000-20261122T110000Z"], "1000001"),
    ],
    ids=["first", "after the last published", "after one that was refused", "after a million"],
)
def test_the_number_follows_the_newest_run_of_the_warehouse(home, published, expected):
    assert begin_run(home, NOON, published) == f"{expected}-{AT}"


def test_no_number_is_given_twice_though_nothing_was_landed_or_published(home):
    assert [begin_run(home, NOON, [None]) for _ in range(3)] == [f"00000{number}-{AT}" for number in (1, 2, 3)]


def test_the_folders_of_earlier_runs_are_listed_once_and_never_again(home):
    landed(home, f"000007-{AT}")
    (home.reports / f"000009-{AT}.json").write_text("{}")
    assert begin_run(home, NOON, [None]) == f"000010-{AT}"
    landed(home, f"000050-{AT}")
    assert begin_run(home, NOON, [None]) == f"000011-{AT}", "who looks into the folders again finds number 50"


def test_a_log_that_cannot_be_read_is_made_again_from_the_folders(home):
    landed(home, f"000007-{AT}")
    (home.root / "runs.json").write_text('{"newest_run')
    assert begin_run(home, NOON, [None]) == f"000008-{AT}"
    assert read_run_log(home).newest_run_id == f"000008-{AT}"
    assert (home.root / "runs.json").stat().st_mode & 0o077 == 0


def test_what_was_judged_is_remembered_by_stream_and_an_older_log_knows_of_nothing(home):
    begin_run(home, NOON, [None])
    written = json.loads((home.root / "runs.json").read_text())
    (home.root / "runs.json").write_text(json.dumps({name: written[name] for name in written if name != "judged"}))
    assert read_run_log(home).judged == {}
    note_judged(home, "000001", [("crm", "deals"), ("crm", "contacts")])
    note_judged(home, "000002", [("crm", "deals")])
    assert read_run_log(home).judged == {"crm/deals": "000002", "crm/contacts": "000001"}
    assert begin_run(home, NOON, [None]) == f"000002-{AT}"
    assert read_run_log(home).judged["crm/deals"] == "000002"


def test_a_log_that_cannot_be_written_names_its_path(home):
    (home.part(".writing-runs.json") / "in the way").touch()
    with pytest.raises(LandingError, match=r"runs\.json: cannot write the log of the runs"):
        begin_run(home, NOON, [None])


@pytest.mark.slow
def test_what_became_of_unanswered_commits_is_found_out_said_and_corrected(server, tmp_path):
    line = opened_shop(tmp_path / "shop", ["1,Acme,Talking,2026-12-01,100"], server)
    published = line.refresh(date(2026, 11, 23))
    lost = f"000002-{AT}"
    reports = line.home / "reports"
    unknown = {"status": "unknown", "exit_code": 6, "error": "the answer to the commit was lost"}
    for run_id in (published["run_id"], lost):
        note_unsettled(Home(line.home), run_id)
        (reports / f"{run_id}.json").write_text(json.dumps(unknown | {"run_id": run_id}))

    notes = line.reclassify(date(2026, 11, 24))["notes"]

    assert notes == [
        f"run {published['run_id']}, whose commit was not answered, was published; its report is corrected",
        f"run {lost}, whose commit was not answered, was not published; its report is corrected",
    ]
    corrected = [json.loads((reports / f"{run_id}.json").read_text()) for run_id in (published["run_id"], lost)]
    assert corrected[0] == published
    assert (corrected[1]["status"], corrected[1]["exit_code"]) == ("failed", 6)
    assert "did not take place" in corrected[1]["error"]
    assert line.reclassify(date(2026, 11, 24))["notes"] == []
