"""Source mapping: how to read the values of one configured source, from its settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from definitions.schema.column import Column

SettingsWords: TypeAlias = Literal["stages", "statuses", "activity_types", "origins", "lifecycle_stages"]
"""The settings that map words of a source."""
OnUnreadable: TypeAlias = Literal["null", "quarantine", "stop"] | None
"""What an unreadable value of a field costs: itself (`null`, or None), its record, or the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMapping:
    """How to read one source.

    `time_zone` is the zone in which the source's moments become days. `days_in` is the zone in which a day without a
    time begins where a moment is needed: the reporting zone, so that reports show the same day; null means the source's
    own. `stages` maps a stage, or `pipeline/stage` where pipelines differ, to a canonical stage. `fields`
    maps, per object, a canonical field or a custom field (`custom.<name>`) to the source's field;
    `custom` has the columns of custom fields. `activity_types` and `origins` map labels, in lower
    case, to activity types of the definitions. `statuses` and `lifecycle_stages` map values, in lower case, over the
    vendor's defaults. `on_unreadable` says, per object and field, what an unreadable value costs. `linked_source` is
    the configured name of the CRM that this source's cross-system ids point into.
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
    on_unreadable: Mapping[str, Mapping[str, OnUnreadable]] = field(default_factory=dict)
    linked_source: str | None = None

    def words(self, which: SettingsWords | None) -> Mapping[str, str]:
        """Return the words of one setting, and their meaning; empty for None."""
        found: Mapping[str, str] = {} if which is None else getattr(self, which)
        return found
