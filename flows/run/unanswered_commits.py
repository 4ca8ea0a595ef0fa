"""Unanswered commits: whether such runs were published is looked up, and their reports are corrected."""

import json
from datetime import UTC, datetime

import sqlalchemy as sa

from definitions.errors import AnotherRunActiveError, PublishError
from flows.home.folders import Home
from flows.home.run_log import note_settled, read_run_log
from flows.run.run_report import Report, write_report
from warehouse.publishing.publish import published_report


def settle_unanswered_commits(home: Home, engine: sa.Engine) -> list[str]:
    """Look up each run whose commit got no response, correct its report file, and return one note per run.

    A run that cannot be settled now, because another session publishes, is left to the next run, with a note.
    """
    return [_settle(home, engine, run_id) for run_id in read_run_log(home).unsettled_run_ids]


def _settle(home: Home, engine: sa.Engine, run_id: str) -> str:
    try:
        published = published_report(engine, run_id)
    except (AnotherRunActiveError, PublishError) as error:
        return f"whether run {run_id} was published is still not known: {error}"
    # The report in the warehouse was written before the end of the run was known.
    report = _not_published(home, run_id) if published is None else {**published, "exit_code": 0, "error": None}
    write_report(report, home.reports)
    note_settled(home, run_id)
    became = "was published" if published else "was not published"
    return f"run {run_id}, whose commit was not answered, {became}; its report is corrected"


def _not_published(home: Home, run_id: str) -> Report:
    """Return the corrected report of an unpublished run; a short one if its file is missing or damaged."""
    path = home.reports / f"{run_id}.json"
    try:
        report: Report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        report = {"run_id": run_id, "exit_code": PublishError.exit_code}
    return report | {
        "status": "failed",
        "error": "The connection was lost during the commit, and the commit did not take place: nothing of the run was "
        f"published. Found out at {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC by the run after it.",
    }
