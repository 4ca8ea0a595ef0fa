"""Published state: read from the warehouse once, at the beginning of the next run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedState:
    """State published by the last run; `last_run_id` is null where nothing was published.

    `classes` has, per kind of record, record_id, class and class_since; `issues` the rows of `fct_hygiene_issue` that
    are open or were resolved today; `snapshots` the latest of `fct_opportunity_daily_snapshot`. `rejected` are the
    quarantined records that were rejected before landing: no state holds them. `cursors` and
    `state_versions` are by source and stream; `run_ids` are all runs ever published.
    `open_deals` are the record keys of deals that are open or were closed lately.
    """

    classes: Mapping[str, pl.DataFrame]
    issues: pl.LazyFrame
    snapshots: pl.DataFrame
    rejected: pl.DataFrame
    last_run_id: str | None = None
    run_ids: frozenset[str] = field(default=frozenset(), repr=False)
    cursors: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    state_versions: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    open_deals: tuple[str, ...] = field(default=(), repr=False)
