"""What one configured source means by its own words: the settings that `conform` needs, and nothing of HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from definitions.schema.column import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """How to read one source.

    `time_zone` is the zone in which the source's moments become days (HubSpot: the portal's). `days_in` is the zone
    in which a day written without a time begins where a moment is asked for: the reports', so that it stays that
    day in them; null is the source's own. `stages` maps a stage, or `pipeline/stage` where pipelines disagree, to a
    canonical stage. `fields` says per object which source field feeds which canonical one, or which field of the
    customer's own, `custom.<name>`; `custom` has the columns of those. `activity_types` and `origins` map labels,
    in lower case, to activity types of the definitions. `statuses` and `lifecycle_stages` map values, in lower
    case, over the vendor's defaults. `twin` is the configured name of the CRM that this source's cross-system ids
    point into.
    """

    source: str
    time_zone: str
    currency: str
    days_in: str | None = None
    region: str | None = None
    record_url: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    custom: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    activity_types: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    lifecycle_stages: Mapping[str, str] = field(default_factory=dict)
    twin: str | None = None
