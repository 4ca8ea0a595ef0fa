"""Run log of a home, `runs.json`: newest run, audited streams, and runs whose commit was never confirmed.

It numbers runs without a listing of the folders of all earlier ones: a year of hourly runs has tens of thousands.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.landing.durable import replace_file
from definitions.runtime.disk_space import disk_error
from flows.home.folders import Home

_FILE = "runs.json"
_NUMBER = re.compile(r"(\d{6,})-")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLog:
    """Content of the file; `newest_run_id` is null before the first run.

    `judged` has, by `source/stream`, the newest run that pulled it and then published or was refused: a later run
    continues the listings of that run only if it is published.
    """

    newest_run_id: str | None
    unsettled_run_ids: tuple[str, ...] = ()
    judged: Mapping[str, str] = field(default_factory=dict)


def begin_run(home: Home, now: datetime, published: Iterable[str | None]) -> str:
    """Record a new run and return its id: `000042-20261122T031500Z`.

    Its number is one more than any in this home or in the warehouse (`published`: ids of its newest runs). The number
    comes first, so that runs sort in the order they began, whatever the machine's clock says. Raises `LandingError` if
    the log cannot be written.
    """
    log = read_run_log(home)
    number = max(map(_number, (log.newest_run_id, *published)), default=0) + 1
    run_id = f"{number:06d}-{now:%Y%m%dT%H%M%SZ}"
    _write(home, replace(log, newest_run_id=run_id))
    return run_id


def note_unsettled(home: Home, run_id: str) -> None:
    """Record a run of which it is unknown whether it was published."""
    log = read_run_log(home)
    _write(home, replace(log, unsettled_run_ids=(*log.unsettled_run_ids, run_id)))


def note_judged(home: Home, run_id: str, streams: Iterable[tuple[str, str]]) -> None:
    """Record that a run pulled these streams, and published them or was refused."""
    log = read_run_log(home)
    _write(home, replace(log, judged={**log.judged, **{"/".join(stream_key): run_id for stream_key in streams}}))


def note_settled(home: Home, run_id: str) -> None:
    """Record that the outcome of the run has become clear."""
    log = read_run_log(home)
    unsettled = tuple(unsettled_id for unsettled_id in log.unsettled_run_ids if unsettled_id != run_id)
    _write(home, replace(log, unsettled_run_ids=unsettled))


def read_run_log(home: Home) -> RunLog:
    """Read the log; if it is missing or unreadable, find the newest run in the folders."""
    try:
        content = json.loads((home.root / _FILE).read_text(encoding="utf-8"))
        return RunLog(
            newest_run_id=content["newest_run_id"],
            unsettled_run_ids=tuple(content["unsettled_run_ids"]),
            judged=dict(content.get("judged", {})),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return RunLog(newest_run_id=_newest_in_folders(home))


def _newest_in_folders(home: Home) -> str | None:
    names = [path.name for path in home.landing.glob("*/*/*") if path.is_dir()]
    names += [path.stem for path in home.reports.glob("*.json")]
    return max((name for name in names if _NUMBER.match(name)), key=_number, default=None)


def _number(run_id: str | None) -> int:
    found = _NUMBER.match(run_id or "")
    return int(found[1]) if found else 0


def _write(home: Home, log: RunLog) -> None:
    path = home.root / _FILE
    content = {
        "newest_run_id": log.newest_run_id,
        "unsettled_run_ids": list(log.unsettled_run_ids),
        "judged": dict(log.judged),
    }
    try:
        replace_file(path, json.dumps(content).encode())
    except OSError as error:
        raise disk_error("write the log of the runs", path, error, None) from error
