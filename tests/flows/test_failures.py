"""Reports of runs: whatever ends a run, its report says what became of it and with which exit code it ended."""

import errno
import json
import os
import resource
import signal
from concurrent.futures import CancelledError
from datetime import UTC, date, datetime

import pytest

from definitions.errors import LandingError, PublishError, SourceRefusedError, UnexpectedError
from definitions.runtime.commit_gate import GATE, CommitState, Publication
from flows.run.failures import end_reported, failed_since, reported
from flows.run.request import read_request
from flows.run.run_report import ended_report, write_report
from tests.flows.line import environment
from tests.flows.shop import CONFIG

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RUN = "000002-20261123T120000Z"
SECRET = "ada@example.com"


def failed(run_id, status="failed"):
    return ended_report(
        run_id=run_id,
        status=status,
        exit_code=3,
        error="crm.deals: the token was refused",
        as_of=date(2026, 11, 23),
        started_at=NOON,
        finished_at=NOON,
    )


@pytest.fixture
def job(tmp_path):
    (tmp_path / "bantam.yaml").write_text(CONFIG)
    with environment({"BANTAM_HOME": str(tmp_path / "home")}):
        yield read_request(str(tmp_path / "bantam.yaml"), data=None, as_of=None, sources=None)


def told(job):
    return [json.loads(path.read_text()) for path in sorted(job.home.reports.glob("*.json"))]


def raising(error):
    def work():
        raise error

    return work


def test_the_report_says_why_and_with_which_exit_code(job):
    with pytest.raises(SourceRefusedError):
        reported(job, RUN, raising(SourceRefusedError("crm.deals: the token was refused")))
    (report,) = told(job)
    assert (report["run_id"], report["status"], report["exit_code"]) == (RUN, "failed", 3)
    assert report["error"] == "crm.deals: the token was refused"
    assert (job.home.reports / f"{RUN}.json").stat().st_mode & 0o077 == 0


def test_a_foreign_exception_is_told_by_kind_and_place_and_never_by_its_text(job):
    with pytest.raises(UnexpectedError) as raised:
        reported(job, RUN, raising(KeyError(SECRET)))
    (report,) = told(job)
    assert (report["status"], report["exit_code"], report["error"]) == ("failed", 70, str(raised.value))
    assert "unexpected KeyError at " in report["error"]
    assert "flows.run.failures:" in report["error"]
    assert SECRET not in json.dumps(report)
    assert raised.value.__cause__ is None


def test_a_full_disk_that_nobody_expected_is_told_as_one(job):
    path = str(job.home.root / "somewhere")
    with pytest.raises(LandingError, match="Free some room") as raised:
        reported(job, RUN, raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)))
    assert str(raised.value).startswith(f"{path}: cannot write (No space left on device; ")
    assert told(job)[0]["exit_code"] == 4


def test_a_run_that_ends_before_it_has_a_number_leaves_a_report_behind_the_newest(job):
    write_report(failed(RUN), job.home.reports)
    with pytest.raises(SourceRefusedError), end_reported(job), end_reported(job):
        raise SourceRefusedError("no number yet")
    _, report = told(job)
    assert report["run_id"] == f"000002-{job.started_at:%Y%m%dT%H%M%SZ}-unnumbered"
    assert RUN < report["run_id"] < "000003"
    assert failed_since(RUN, job.home.reports)["error"] == "no number yet"


def test_the_first_to_tell_of_an_end_is_the_one_who_tells_it(job):
    """A signal interrupts; what then breaks in the thread of the run is of the end."""

    def run():
        with end_reported(job) as end:
            end.run_id = RUN
            end.interrupted(143, "terminated", CommitState(Publication.NOT_SENT, None))
            raise SourceRefusedError("the connection is closed")

    with pytest.raises(SourceRefusedError):
        run()
    assert [(one["status"], one["exit_code"], one["error"]) for one in told(job)] == [
        ("interrupted", 143, "terminated")
    ]


@pytest.mark.parametrize(
    ("publication", "status"), [(Publication.SENT, "unknown"), (Publication.PUBLISHED, "published")]
)
def test_a_signal_after_commit_does_not_deny_it(job, publication, status):
    with end_reported(job) as end:
        end.interrupted(130, "interrupted", CommitState(publication, RUN))
    assert [(one["run_id"], one["status"], one["exit_code"]) for one in told(job)] == [(RUN, status, 130)]


def test_waits_that_a_signal_ends_are_no_failure(job):
    with pytest.raises(CancelledError):
        reported(job, RUN, raising(CancelledError("the run is ending")))
    assert told(job) == []


def published():
    return {"run_id": RUN, "status": "published"}


def test_what_breaks_after_the_publication_is_a_note(job, capsys):
    with end_reported(job):
        reported(job, RUN, published)
        raise RuntimeError(SECRET)
    assert [(one["status"], one["exit_code"], one["error"]) for one in told(job)] == [("published", 0, None)]
    noted = capsys.readouterr().err
    assert noted.startswith(f"bantam: note: run {RUN} is published, but not all that follows was done: ")
    assert SECRET not in noted


def test_what_breaks_between_commit_and_report_does_not_unpublish_the_run(job, capsys):
    def work():
        with GATE.transaction(RUN):
            GATE.sent()
        raise OSError(errno.EACCES, SECRET)

    report = reported(job, RUN, work)
    assert (report["status"], report["exit_code"]) == ("published", 0)
    assert told(job) == [report]
    noted = capsys.readouterr().err
    assert f"bantam: note: run {RUN} is published, but not all" in noted
    assert "PermissionError (EACCES)" in noted
    assert SECRET not in noted


def test_a_run_that_lost_the_answer_to_its_commit_is_unknown(job):
    def work():
        with GATE.transaction(RUN):
            GATE.sent()
            raise PublishError("PostgreSQL does not answer")

    with pytest.raises(PublishError):
        reported(job, RUN, work)
    assert [(one["status"], one["exit_code"]) for one in told(job)] == [("unknown", 6)]


def test_a_published_run_whose_report_cannot_be_written_is_published(job, capsys):
    """As on a full disk; here no file may grow at all."""
    job.home.part("reports")
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        report = reported(job, RUN, published)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert report["status"] == "published"
    noted = capsys.readouterr().err
    assert f"{RUN}.json: cannot write the report of a run that is published (File too large" in noted
    assert list(job.home.reports.iterdir()) == []


@pytest.mark.parametrize(
    ("reports", "published", "found"),
    [
        ([], None, None),
        ([("000001", "published")], "000001", None),
        ([("000001", "failed")], None, "000001"),
        ([("000001", "published"), ("000002", "interrupted")], "000001", "000002"),
        ([("000001", "published"), ("000001-unnumbered", "failed")], "000001", "000001-unnumbered"),
        ([("000001-unnumbered", "failed"), ("000002", "published")], "000002", None),
        ([("000001", "published"), ("000002", "failed")], "000001", "000002"),
        ([("000001", "failed"), ("000002", "published")], "000002", None),
        # Published by another home since.
        ([("000001", "failed")], "000002", None),
    ],
)
def test_only_the_newest_run_is_told_of_and_only_where_it_failed(tmp_path, reports, published, found):
    for run_id, status in reports:
        write_report(failed(run_id, status), tmp_path)
    newest = failed_since(published, tmp_path)
    assert (None if newest is None else newest["run_id"]) == found


def test_a_report_that_cannot_be_written_names_its_path(tmp_path):
    with pytest.raises(LandingError, match=r"away/000001.json: cannot write the report of a run that is failed"):
        write_report(failed("000001"), tmp_path / "away")
