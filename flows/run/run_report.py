"""Run report: results of one run as plain JSON, in a file and a column of `ops.run`; commands print it as tables.

`flows.run.report_numbers` builds the report of a run that published.
"""

import json
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

from definitions.runtime.disk_space import disk_error

Report = dict[str, Any]


def ended_report(
    *,
    run_id: str,
    status: str,
    exit_code: int,
    error: str,
    as_of: date,
    started_at: datetime,
    finished_at: datetime,
) -> Report:
    """Build the short report of a run without a full one: status, exit code and error.

    `status` is `failed`, `interrupted` (by a signal, nothing published), `published` (by a signal, after COMMIT) or
    `unknown` (no response to COMMIT; the next run corrects that). If the run had no number yet, `run_id` ends in
    `-unnumbered`.
    """
    return {
        "run_id": run_id,
        "status": status,
        "as_of": as_of.isoformat(),
        "started_at": started_at.isoformat(),
        "finished_at": finished_at.isoformat(),
        "exit_code": exit_code,
        "error": error,
    }


def write_report(report: Report, folder: Path) -> Path:
    """Write the report to the folder of reports, atomically; return its path.

    Raises `LandingError` if the disk is full: what was published stays published, and `ops.run` has the report too.
    """
    path = folder / f"{report['run_id']}.json"
    temporary = path.with_suffix(".part")
    content = (json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode()
    try:
        temporary.write_bytes(content)
        temporary.chmod(0o600)
        temporary.rename(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        action = f"write the report of a run that is {report['status']}"
        raise disk_error(action, path, error, len(content)) from error
    return path
