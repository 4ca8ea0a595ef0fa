"""Calls of steps, as runs over a generated company make them, and a step computed in parts."""

import dataclasses
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

import polars as pl

from transforms.state.versions import Envelope
from transforms.step import ROW, DeclaredStep

Frame = pl.DataFrame | pl.LazyFrame
Arguments = dict[str, Any]


class Recorder:
    """Keeps, of each function that is watched, the call with the most rows for each set of plain arguments."""

    def __init__(self, watched: Mapping[CodeType, str]) -> None:
        self._watched = watched
        self._calls: dict[tuple[str, str], tuple[int, Arguments]] = {}
        self._lock = threading.Lock()

    def calls(self, name: str) -> list[Arguments]:
        """Arguments of the calls of a function; lazy frames are collected."""
        return [arguments for (function, _), (_, arguments) in self._calls.items() if function == name]

    def frames(self) -> list[pl.DataFrame]:
        """Every frame that was given to a function, the longest first."""
        found = [one for _, arguments in self._calls.values() for one in frames_in(list(arguments.values()))]
        return sorted(found, key=lambda one: -one.height)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch all threads that are started in the block, and this one."""
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or frame.f_code not in self._watched:
            return
        # What is called in here is not watched.
        sys.setprofile(None)
        try:
            arguments = {name: mapped(value, as_eager) for name, value in frame.f_locals.items()}
            key = (self._watched[frame.f_code], repr([_plain(value) for value in arguments.values()]))
            rows = sum(one.height for value in arguments.values() for one in frames_in(value))
            with self._lock:
                if key not in self._calls or self._calls[key][0] < rows:
                    self._calls[key] = (rows, arguments)
        finally:
            sys.setprofile(self._note)


def in_parts(step: DeclaredStep, arguments: Arguments, parts: int) -> list[list[pl.DataFrame]]:
    """Frames of the step's result for each part of its inputs."""
    return [
        frames_in(
            step.compute(
                **{
                    name: value
                    if name in step.needs
                    else mapped(value, lambda one, n=number: _part(one, step, n, parts))
                    for name, value in arguments.items()
                }
            )
        )
        for number in range(parts)
    ]


def split_rows(step: DeclaredStep, arguments: Arguments) -> int:
    """Rows that are split."""
    return sum(one.height for name, value in arguments.items() if name not in step.needs for one in frames_in(value))


def same_rows(one: pl.DataFrame, others: Sequence[pl.DataFrame]) -> bool:
    """Whether the frames hold the rows of the one, in whatever order."""
    together = pl.concat(others)
    return one.schema == together.schema and sorted(map(repr, one.rows())) == sorted(map(repr, together.rows()))


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """The value with every frame and series in it changed."""
    if isinstance(value, Frame | pl.Series):
        return change(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        held = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
        changed = {name: mapped(one, change) for name, one in held.items()}
        is_other = any(changed[name] is not held[name] for name in held)
        return dataclasses.replace(value, **changed) if is_other else value
    if isinstance(value, dict):
        changed = {key: mapped(one, change) for key, one in value.items()}
        return changed if any(changed[key] is not value[key] for key in value) else value
    if isinstance(value, list | tuple):
        several = [mapped(one, change) for one in value]
        return type(value)(several) if any(a is not b for a, b in zip(several, value, strict=True)) else value
    return value


def frames_in(value: Any) -> list[pl.DataFrame]:
    """Every frame in a value, collected, a series as a frame."""
    found: list[pl.DataFrame] = []

    def keep(one: Frame | pl.Series) -> Frame | pl.Series:
        found.append(one.to_frame() if isinstance(one, pl.Series) else one.lazy().collect())
        return one

    mapped(value, keep)
    return found


def as_eager(one: Frame | pl.Series) -> pl.LazyFrame | pl.DataFrame | pl.Series:
    """The frame, lazy if it was, without what it was to be computed from."""
    return one.collect().lazy() if isinstance(one, pl.LazyFrame) else one


def _part(one: Any, step: DeclaredStep, number: int, parts: int) -> Any:
    """Rows of one part: any rows of a row-by-row step, else those with the part's share of values of the key."""
    if step.partition_by == ROW:
        if isinstance(one, pl.Series):
            return one.gather_every(parts, number)
        return one.gather_every(parts, number)
    share = pl.col(step.partition_by).hash().fill_null(0) % parts
    return one.filter(share == number)


def _plain(value: Any) -> object:
    if isinstance(value, str | int | Envelope | None):
        return value
    return getattr(value, "name", type(value).__name__)
