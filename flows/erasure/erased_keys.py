"""Erased keys: the home's list of erased record keys and addresses, as HMAC-SHA256 digests, and when each was erased.

`erasures.jsonl` has one line an event: an erasure that began, one that was completed, a release. No line has a value;
the key of the digests is `BANTAM_ERASURE_KEY`, else the file `erasure.key` of the home. Without the key nobody can
tell who is on the list: a run is then refused, because it would let them in again.
"""

import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Literal

import msgspec

from connectors.landing.durable import append_line, replace_file, sync_folder
from connectors.landing.erased import ErasedList
from definitions.errors import ConfigurationError
from definitions.runtime.folder_owner import unusable
from flows.home.folders import Home

ERASURES, KEY_FILE, KEY_VARIABLE = "erasures.jsonl", "erasure.key", "BANTAM_ERASURE_KEY"
_KEY_BYTES = 32
# The digest of this tells whether a key is that of the list.
_CHECKED = "the key of this list"


class Erasure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of the list, without values.

    `digests` are those of the record keys and addresses; `asked` is that of what the command was given. `number` ties
    `completed` to the event that it completes. `counts` are rows or lines by place; `run_id` is the run that published
    the tables without the person (null: nothing was published yet). `check` tells the key.
    """

    event: Literal["begun", "completed", "released"]
    number: int
    at: datetime
    check: str
    asked: str = ""
    digests: list[str] = []
    run_id: str | None = None
    counts: dict[str, int] = {}


def read_erasures(home: Home) -> list[Erasure]:
    """Read the events, the earliest first; a last line that a crash has torn is none.

    Raises `ConfigurationError` naming the file if a line cannot be read.
    """
    path = home.root / ERASURES
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
        return [msgspec.json.decode(line, type=Erasure) for line in lines]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unusable(path, error) from None
    except ValueError:
        raise ConfigurationError(
            f"{path}: a line is damaged, so that nobody can tell who was erased. Restore the file from a backup."
        ) from None


def erased_list(home: Home) -> ErasedList:
    """Return the digests that are erased and not released; empty where nobody is.

    Raises `ConfigurationError` if the key of the list is missing or another one.
    """
    events = read_erasures(home)
    return _checked(home, events) if events else ErasedList()


def list_to_write(home: Home) -> ErasedList:
    """Return the list as `erased_list`, with a key that is made if there is none yet."""
    events = read_erasures(home)
    if not events and _key(home) is None:
        _make_key(home)
    return _checked(home, events)


def pending(events: Iterable[Erasure]) -> list[Erasure]:
    """Return the erasures that began and were not completed, the earliest first."""
    recorded = list(events)
    completed = {event.number for event in recorded if event.event == "completed"}
    return [event for event in recorded if event.event == "begun" and event.number not in completed]


def begin_erasure(home: Home, erased: ErasedList, asked: str, digests: Iterable[str], at: datetime) -> None:
    """Record durably who is to be erased: from now on nothing of them is taken in."""
    number = max((event.number for event in read_erasures(home)), default=0) + 1
    _append(home, Erasure(event="begun", number=number, at=at, check=_check(erased), asked=asked, digests=[*digests]))


def complete_erasures(
    home: Home, erased: ErasedList, at: datetime, run_id: str | None, counts: Mapping[str, int]
) -> None:
    """Record that every erasure that began is complete: `counts` by place."""
    for event in pending(read_erasures(home)):
        found = Erasure(
            event="completed", number=event.number, at=at, check=_check(erased), run_id=run_id, counts={**counts}
        )
        _append(home, found)


def release(home: Home, erased: ErasedList, asked: str, at: datetime) -> int:
    """Release whoever was erased together with `asked`, a digest; return how many keys and addresses, 0 for none."""
    events = read_erasures(home)
    groups = [event for event in events if event.event == "begun" and asked in (event.asked, *event.digests)]
    released = sorted(erased.digests & {digest for event in groups for digest in event.digests})
    if released:
        number = max(event.number for event in events) + 1
        event = Erasure(event="released", number=number, at=at, check=_check(erased), asked=asked, digests=released)
        _append(home, event)
    return len(released)


def _append(home: Home, event: Erasure) -> None:
    append_line(home.root / ERASURES, msgspec.json.encode(event))
    sync_folder(home.root)


def _checked(home: Home, events: list[Erasure]) -> ErasedList:
    key = _key(home)
    digests: set[str] = set()
    for event in events:
        if event.event == "released":
            digests.difference_update(event.digests)
        else:
            digests.update(event.digests)
    erased = ErasedList(key or b"", frozenset(digests))
    if key is None or any(event.check != _check(erased) for event in events):
        raise ConfigurationError(
            f"{home.root / ERASURES}: its key is {'missing' if key is None else 'another one'}, so that nobody can "
            f"tell who was erased, and a run would let them in again. Restore {home.root / KEY_FILE}, or set "
            f"{KEY_VARIABLE} to the key that was used."
        )
    return erased


def _check(erased: ErasedList) -> str:
    return erased.of_record(_CHECKED)


def _key(home: Home) -> bytes | None:
    if named := os.environ.get(KEY_VARIABLE):
        return named.encode()
    with suppress(FileNotFoundError):
        try:
            return (home.root / KEY_FILE).read_bytes().strip() or None
        except PermissionError as error:
            raise unusable(home.root / KEY_FILE, error) from None
    return None


def _make_key(home: Home) -> None:
    path = home.root / KEY_FILE
    try:
        replace_file(path, secrets.token_hex(_KEY_BYTES).encode() + b"\n")
    except OSError as error:
        raise unusable(path, error) from None
