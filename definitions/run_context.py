"""Run context: what every step of one run is told. Plain values; the clock was read before it was made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from definitions.agreement.model import Definitions


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Id, dates and agreement of one run, and what the settings say of its sources.

    `run_id` is in every row the run writes, and `started_at` is their `loaded_at`. `roles` says of each source whether
    it is a `crm` or a `marketing` system, in order of priority; `regions` gives the country of a telephone number that
    names none, null where nobody said; `rates` the reporting currency for one unit of another. `ignored_owners` are the
    record keys of integration users, whose activities are no evidence. `is_baseline`: nothing was published before.
    """

    run_id: str
    as_of: date
    started_at: datetime
    definitions: Definitions
    roles: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, str | None] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    ignored_owners: tuple[str, ...] = ()
    is_baseline: bool = False
