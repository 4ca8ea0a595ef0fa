"""Model of the agreed definitions: one frozen object, built only by `definitions.agreement.load.load_definitions`.

Every class mirrors one section of the YAML file, in the order of the printed page. A YAML key that is a Python keyword
has an alias (`class`). Predicates are already parsed; `when=None` is the last rule, "everyone else".
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from definitions.agreement.own_columns import Custom, OwnColumns, own_columns
from definitions.predicates.predicate import Predicate
from definitions.schema.classified import Classified
from definitions.schema.column import Column
from definitions.schema.columns import COLUMNS

STRICT = ConfigDict(
    extra="forbid",
    frozen=True,
    strict=True,
    arbitrary_types_allowed=True,
    validate_by_name=True,
    validate_by_alias=True,
)

NonBlank = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Days = Annotated[int, Field(ge=0)]
Points = Annotated[int, Field(ge=0, le=100)]
Level = Literal["none", "passive", "proactive"]
Severity = Literal["critical", "warning", "info"]
NO_CUSTOM: Custom = {}
NAMED_IN_BRACES = re.compile(r"\{([^{}]*)\}")


class Signature(BaseModel):
    """Who agreed, for which team, and when."""

    model_config = STRICT

    team: Word
    name: NonBlank
    on: date


class Reporting(BaseModel):
    """Time zone, currency and fiscal year of reports. `fiscal_year_starts_in` is a month, 1 to 12."""

    model_config = STRICT

    time_zone: NonBlank
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    fiscal_year_starts_in: Annotated[int, Field(ge=1, le=12)]


class Engagement(BaseModel):
    """Level of interest that each kind of activity shows (D4)."""

    model_config = STRICT

    none: tuple[Word, ...] = ()
    passive: tuple[Word, ...] = ()
    proactive: tuple[Word, ...] = ()
    because: NonBlank | None = None

    def level_of(self, activity_type: str) -> Level:
        """Return the level of interest of an activity; a kind that is not listed shows none."""
        if activity_type in self.proactive:
            return "proactive"
        return "passive" if activity_type in self.passive else "none"

    @property
    def listed_types(self) -> frozenset[str]:
        """Return every kind of activity that the definitions list."""
        return frozenset((*self.none, *self.passive, *self.proactive))


class Silence(BaseModel):
    """A lead is silent from the first day after its last proactive move on which all three limits are reached.

    It has been a lead for `lead_days`, without inbound for `inbound_days`, without any activity for `activity_days`.
    Computed from the activity history into `silent_since_on`, so it does not depend on earlier runs. Where a source
    stores only the latest move, silence before that move is unknown and not assumed.
    """

    model_config = STRICT

    lead_days: Days = 180
    inbound_days: Days = 180
    activity_days: Days = 90
    because: NonBlank | None = None


class FitRule(BaseModel):
    """Points for attributes of a person; summed over the rules that are met, at most 100."""

    model_config = STRICT

    when: Predicate
    points: Points
    because: NonBlank


class EngagementPoints(BaseModel):
    """Points an activity of this kind earns for `within_days`; the sum over activities is at most 100.

    Of several lines for one kind, the one with the most points counts.
    """

    model_config = STRICT

    activity: Word
    points: Points
    within_days: Annotated[int, Field(ge=1)]


class IdealCustomer(BaseModel):
    """The ideal customer profile. Tests run in this order: fails, passes, low_quality; none met means `unknown`."""

    model_config = STRICT

    fails: Predicate | None = None
    passes: Predicate | None = None
    low_quality: Predicate | None = None
    because: NonBlank | None = None


class Criterion(BaseModel):
    """One condition (met, not met or unknown), the question that decides it and the field with the evidence."""

    model_config = STRICT

    question: NonBlank
    met: Predicate
    evidence: Word
    because: NonBlank | None = None


class Policy(BaseModel):
    """How many criteria are enough; a test that names the policy means `predicate.at_least` of them."""

    model_config = STRICT

    at_least: Annotated[int, Field(ge=1)]
    of: tuple[Word, ...]
    including: tuple[Word, ...] = ()
    unknown_as: Literal["pending", "not_met"] = "pending"
    because: NonBlank | None = None


class ClassRule(BaseModel):
    """One class of a ladder; a record gets the first whose test is met. `when` is None for the last, `otherwise`."""

    model_config = STRICT

    name: Word = Field(alias="class")
    means: NonBlank
    when: Predicate | None = None
    otherwise: Literal[True] | None = None
    because: NonBlank
    source: NonBlank | None = None
    leaves_when: NonBlank | None = None
    forecast: Literal["included", "excluded", "booked"] | None = None
    is_open_class: bool = Field(default=False, alias="counts_as_open")


class Stage(BaseModel):
    """One canonical stage. `max_age_days` applies until enough deals have left the stage to compute a median."""

    model_config = STRICT

    stage: Word
    order: Annotated[int, Field(ge=1)]
    phase: Literal["lead", "opportunity", "closed"]
    probability: Annotated[float, Field(ge=0, le=1)]
    forecast_category: Word
    max_age_days: Annotated[int, Field(ge=1)] | None = None
    requires: tuple[Word, ...] = ()
    because: NonBlank | None = None


class StageAge(BaseModel):
    """A deal is slow after `multiple` times the median stay, once the stage was left `minimum_exits` times."""

    model_config = STRICT

    multiple: Annotated[float, Field(gt=0)]
    minimum_exits: Annotated[int, Field(ge=1)]
    because: NonBlank | None = None


class ClosePlaceholders(BaseModel):
    """Close dates that are placeholders: too far ahead, at the epoch, or listed."""

    model_config = STRICT

    years_ahead: Annotated[int, Field(ge=1)] = 10
    on_or_before: date = date(1970, 1, 2)
    dates: tuple[date, ...] = ()


class Placeholders(BaseModel):
    """Values that people type to fill a required field; compared trimmed and in lower case."""

    model_config = STRICT

    close_date: ClosePlaceholders = ClosePlaceholders()
    next_step: tuple[str, ...] = ()


class HygieneRule(BaseModel):
    """One check of a record. `says` and `ask` may name fields in braces: {days_overdue}.

    A rule may be declared once for persons and once for opportunities; (`rule`, `on`) is unique.
    """

    model_config = STRICT

    rule: Annotated[str, StringConstraints(pattern=r"^[A-Z]+-\d{2}$")]
    on: Classified
    when: Predicate
    severity: Severity
    critical_when: Predicate | None = None
    says: NonBlank
    ask: NonBlank
    action: NonBlank
    source: NonBlank


class Definitions(BaseModel):
    """The whole agreement. `text` is the file as it was read; `text_sha256` is its fingerprint.

    Signatures, status and comments do not change the fingerprint. `custom` has the custom fields, from the settings.
    """

    model_config = STRICT

    profile: Word = Field(alias="definitions")
    version: NonBlank
    status: Literal["draft", "approved"]
    approved_by: tuple[Signature, ...] = ()
    because: NonBlank
    sources: dict[str, NonBlank] = {}
    reporting: Reporting
    engagement: Engagement
    lead_sources: dict[str, Word] = {}
    silence: Silence = Silence()
    fit: tuple[FitRule, ...] = ()
    engagement_points: tuple[EngagementPoints, ...] = ()
    icp: IdealCustomer = IdealCustomer()
    criteria: dict[Word, Criterion]
    policies: dict[Word, Policy] = {}
    people: tuple[ClassRule, ...]
    opportunities: tuple[ClassRule, ...]
    stages: tuple[Stage, ...]
    stage_age: StageAge
    loss_reasons: dict[Word, tuple[str, ...]] = {}
    decision_maker_roles: tuple[str, ...] = ()
    placeholders: Placeholders = Placeholders()
    not_checked: tuple[Word, ...] = ()
    hygiene: tuple[HygieneRule, ...] = ()
    text: str
    text_sha256: str
    custom: Custom = NO_CUSTOM

    @property
    def ladders(self) -> Mapping[Classified, tuple[ClassRule, ...]]:
        """Classes of each kind of record, in the order in which they are tested."""
        return {"person": self.people, "opportunity": self.opportunities}

    @property
    def own(self) -> OwnColumns:
        """Columns declared only by these definitions and settings."""
        return own_columns([rule.name for rule in self.people], [rule.name for rule in self.opportunities], self.custom)

    @property
    def columns(self) -> Mapping[str, Column]:
        """Every column by its name, custom fields included."""
        return COLUMNS | {column.name: column for columns in self.custom.values() for column in columns}

    @property
    def open_classes(self) -> tuple[str, ...]:
        """Classes of opportunities that count as open."""
        return tuple(rule.name for rule in self.opportunities if rule.is_open_class)

    @property
    def is_draft(self) -> bool:
        """Whether the agreement still lacks the status or a signature of marketing and of sales."""
        teams = {signature.team for signature in self.approved_by}
        return self.status == "draft" or not {"marketing", "sales"} <= teams
