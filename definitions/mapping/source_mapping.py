"""Source mapping: what one configured source means by its own words, as its settings say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from definitions.schema.column import Column

SettingsWords: TypeAlias = Literal["stages", "statuses", "activity_types", "origins", "lifecycle_stages"]
"""The settings that map words of a source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMapping:
    """How to read one source.

    `time_zone` is the zone in which the source's moments become days. `days_in` is the zone in which a day written
    without a time begins where a moment is asked for: the reports', so that it stays that day in them; null is the
    source's own. `stages` maps a stage, or `pipeline/stage` where pipelines disagree, to a canonical stage. `fields`
    says per object which source field feeds which canonical one, or which field of the customer's own,
    `custom.<name>`; `custom` has the columns of those. `activity_types` and `origins` map labels, in lower
    case, to activity types of the definitions. `statuses` and `lifecycle_stages` map values, in lower case, over the
    vendor's defaults. `twin` is the configured name of the CRM that this source's cross-system ids point into.
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

    def words(self, which: SettingsWords | None) -> Mapping[str, str]:
        """Words of the settings, and what they mean."""
        found: Mapping[str, str] = {} if which is None else getattr(self, which)
        return found
