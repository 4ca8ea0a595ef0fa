"""Reports of runs that published nothing."""

import json
from datetime import UTC, date, datetime

import pytest

from definitions.errors import LandingError, SourceRefusedError
from flows.failures import failed_since
from flows.run_report import failed_report, write_report

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def failed(run_id):
    error = SourceRefusedError("crm.deals: the token was refused")
    return failed_report(error, run_id=run_id, as_of=date(2026, 11, 23), started_at=NOON, finished_at=NOON)


def test_the_report_says_why_and_with_which_exit_code(tmp_path):
    path = write_report(failed("000002-20261123T120000Z"), tmp_path)
    told = json.loads(path.read_text())
    assert (told["status"], told["exit_code"], told["error"]) == ("failed", 3, "crm.deals: the token was refused")
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("reports", "published", "found"),
    [
        ([], None, None),
        ([("000001", "published")], "000001", None),
        ([("000001", "failed")], None, "000001"),
        ([("000001", "published"), ("000002", "failed")], "000001", "000002"),
        ([("000001", "failed"), ("000002", "published")], "000002", None),
        # Published by another home since.
        ([("000001", "failed")], "000002", None),
    ],
)
def test_only_the_newest_run_is_told_of_and_only_where_it_failed(tmp_path, reports, published, found):
    for run_id, status in reports:
        write_report(failed(run_id) | {"status": status}, tmp_path)
    told = failed_since(published, tmp_path)
    assert (None if told is None else told["run_id"]) == found


def test_a_report_that_cannot_be_written_names_its_path(tmp_path):
    with pytest.raises(
        LandingError, match=r"away/000001.json: the report of a run that is failed could not be written"
    ):
        write_report(failed("000001"), tmp_path / "away")
