"""Step declarations: which rows a step needs together, as data from which an engine can run it in parts."""

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
"""Any subset of rows may be computed on its own."""
ALL: Final = "all"
"""All rows must be computed together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredStep:
    """One step: `compute` maps frames to frames.

    `partition_by` is `ROW`, `ALL`, or the column whose equal values must come together. Every frame that `compute`
    takes is split by it, except the inputs that `needs` names: each part gets all of their rows. The result has the
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
        declared = DeclaredStep(compute=compute, partition_by=partition_by, needs=needs, delivers=delivers)
        if unknown := [name for name in needs if name not in signature(compute).parameters]:
            raise TypeError(f"{declared.name} has no parameter {', '.join(unknown)}")
        STEPS[declared.name] = declared

        @wraps(compute)
        def checked(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            result = compute(*args, **kwargs)
            _check_delivered(declared, result)
            return result

        return checked if delivers else compute

    return register


def _check_delivered(declared: DeclaredStep, result: object) -> None:
    first = result[0] if isinstance(result, tuple) else result
    if not isinstance(first, pl.DataFrame | pl.LazyFrame):
        raise TypeError(f"{declared.name} declares columns and returns no frame")
    present = set(first.collect_schema().names())
    if missing := [name for name in declared.delivers if name not in present]:
        raise TransformError(f"{declared.name} does not deliver {', '.join(missing)}, which it declares.")
