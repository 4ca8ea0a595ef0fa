"""Steps: which rows each step of the computation needs together, as data that an engine can read to run it in parts."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any, Final, ParamSpec, TypeVar

import polars as pl

from definitions.errors import TransformError

_P = ParamSpec("_P")
_T = TypeVar("_T")

ROW: Final = "row"
"""Any rows may be computed apart."""
ALL: Final = "all"
"""Rows are computed together or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredStep:
    """One step: `compute` takes frames and gives frames.

    `partition_by` is `ROW`, `ALL`, or the column whose equal values must come together. Every frame that `compute`
    takes is split by it, but for the inputs that `needs` names: of these each part needs the whole. The result has the
    columns in `delivers`; of a result of several frames, the first.
    """

    compute: Callable[..., Any]
    partition_by: str
    needs: tuple[str, ...]
    delivers: tuple[str, ...]

    @property
    def name(self) -> str:
        """Module and function."""
        return f"{self.compute.__module__}.{self.compute.__name__}"


STEPS: Final[dict[str, DeclaredStep]] = {}
"""Every step by its name, once its module is imported."""


def step(
    *, partition_by: str, needs: tuple[str, ...] = (), delivers: tuple[str, ...] = ()
) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Register a function as a step; see `DeclaredStep`.

    A call whose result lacks a column of `delivers` raises `TransformError` with the names of step and column. Raises
    `TypeError` at once where `needs` names no parameter.
    """

    def register(compute: Callable[_P, _T]) -> Callable[_P, _T]:
        known = DeclaredStep(compute=compute, partition_by=partition_by, needs=needs, delivers=delivers)
        if unknown := [name for name in needs if name not in signature(compute).parameters]:
            raise TypeError(f"{known.name} has no parameter {', '.join(unknown)}")
        STEPS[known.name] = known

        @wraps(compute)
        def checked(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            result = compute(*args, **kwargs)
            _check_delivered(known, result)
            return result

        return checked if delivers else compute

    return register


def _check_delivered(known: DeclaredStep, result: object) -> None:
    first = result[0] if isinstance(result, tuple) else result
    if not isinstance(first, pl.DataFrame | pl.LazyFrame):
        raise TypeError(f"{known.name} declares columns and gives no frame")
    have = set(first.collect_schema().names())
    if lacking := [name for name in known.delivers if name not in have]:
        raise TransformError(f"{known.name} does not deliver {', '.join(lacking)}, which it declares.")
