"""Which record gives an entity its values: one table of rules a kind, as data (semantics D0).

A CRM wins for owner, status, stage and amount; marketing wins for lifecycle and engagement; consent and bounce take the
most restrictive; descriptions take the latest that is not empty; origins take the earliest. Fields that mean nothing
apart (an amount and its currency) always come from one record.
"""

from dataclasses import dataclass
from enum import Enum


class Rule(Enum):
    """How records of one entity rank; of equals the one updated last is first, then source priority, then the key."""

    CRM_FIRST = "crm_first"  # records of CRM systems before others
    MARKETING_FIRST = "marketing_first"  # records of marketing systems before others
    LATEST = "latest"  # by source_updated_at
    EARLIEST = "earliest"  # by source_created_at
    HIGHEST = "highest"  # by the value: the latest moment, the largest number, true before false
    LOWEST = "lowest"  # by the value: the earliest moment, the smallest number


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """Fields that come from one record: the first, by `rule`, of the records that have the first of `wanted`.

    Where no record has that, the first of those that have the second, and so on. `wanted` is `fields` where nothing
    else is said. `vague` values count as less than any other. `about` names a field whose value the fields tell
    something of: a record that holds another value than the entity has no say. `gives` renames a single field.
    """

    fields: tuple[str, ...]
    rule: Rule
    wanted: tuple[str, ...]
    vague: tuple[str, ...] = ()
    about: str | None = None
    gives: str | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the fields in the golden record."""
        return (self.gives,) if self.gives else self.fields


def _together(rule: Rule, fields: str, *, wanted: str = "", about: str | None = None) -> tuple[Survivor, ...]:
    names = tuple(fields.split())
    return (Survivor(fields=names, rule=rule, wanted=tuple(wanted.split()) or names, about=about),)


def _each(rule: Rule, fields: str, *, vague: tuple[str, ...] = ()) -> tuple[Survivor, ...]:
    return tuple(Survivor(fields=(name,), rule=rule, wanted=(name,), vague=vague) for name in fields.split())


_RECORD = "record_key source_system source_object source_id source_url"
_CLOCKS = (*_each(Rule.LOWEST, "source_created_at"), *_each(Rule.HIGHEST, "source_updated_at"))
_QUALIFICATION = (
    *_each(Rule.CRM_FIRST, "budget_status authority_status need_status timeline_status", vague=("unknown",)),
    *_each(Rule.CRM_FIRST, "purchase_date compelling_event"),
)
_PHONE = _together(Rule.LATEST, "phone phone_e164", wanted="phone_e164 phone")
_COUNTRY = _together(Rule.LATEST, "source_country country", wanted="country source_country")

PERSON = (
    *_together(Rule.CRM_FIRST, _RECORD),
    *_CLOCKS,
    *_together(
        Rule.LATEST,
        "email email_normalised email_domain email_domain_type is_email_valid",
        wanted="email_normalised email",
    ),
    *_PHONE,
    *_COUNTRY,
    *_each(Rule.LATEST, "first_name last_name title company_name domain"),
    *_each(Rule.CRM_FIRST, "owner_key account_key claimed_class"),
    *_together(Rule.CRM_FIRST, "lead_status source_status"),
    *_each(Rule.MARKETING_FIRST, "source_lifecycle_stage"),
    *_together(Rule.EARLIEST, "lead_source origin_activity_type"),
    *_each(Rule.HIGHEST, "has_opted_out_of_email do_not_call is_converted claims_customer"),
    # The earliest, as it makes the person unreachable longest.
    *_together(Rule.LOWEST, "email_bounced_at", about="email_normalised"),
    *_each(Rule.LOWEST, "converted_at sales_accepted_at sales_qualified_at"),
    *_together(
        Rule.CRM_FIRST,
        "converted_opportunity_key converted_person_key converted_account_key",
    ),
    Survivor(fields=("mql_at",), rule=Rule.LOWEST, wanted=("mql_at",), gives="mql_first_at"),
    *_each(Rule.HIGHEST, "mql_at last_activity_at"),
    *_together(Rule.HIGHEST, "disqualified_at disqualified_reason"),
    *_together(Rule.HIGHEST, "recycled_at recycle_reason"),
    *_QUALIFICATION,
)
ACCOUNT = (
    *_together(Rule.CRM_FIRST, _RECORD),
    *_CLOCKS,
    *_together(Rule.LATEST, "name name_normalised"),
    *_PHONE,
    *_COUNTRY,
    *_each(Rule.LATEST, "domain industry employees annual_revenue"),
    *_each(Rule.CRM_FIRST, "parent_key owner_key"),
    *_each(Rule.HIGHEST, "claims_customer"),
)
OPPORTUNITY = (
    # A stage means something only in its own source and pipeline, and with the state, chance and date it stands for.
    *_together(
        Rule.CRM_FIRST,
        f"""source_stage {_RECORD} pipeline_id is_closed is_won probability source_forecast_category forecast_category
        last_stage_change_at closed_at""",
    ),
    *_CLOCKS,
    *_each(Rule.LATEST, "name"),
    *_each(Rule.CRM_FIRST, "account_key owner_key person_key product_key opportunity_type"),
    *_together(Rule.CRM_FIRST, "amount currency_code"),
    *_each(Rule.CRM_FIRST, "source_close_date next_step next_activity_at loss_reason competitor"),
    *_each(Rule.HIGHEST, "last_activity_at push_count"),
    *_each(Rule.EARLIEST, "lead_source"),
    *_QUALIFICATION,
)
OWNER = (
    *_together(Rule.CRM_FIRST, _RECORD),
    *_CLOCKS,
    *_each(Rule.LATEST, "owner_name owner_email"),
    *_each(Rule.CRM_FIRST, "is_active is_queue team manager_key"),
)
