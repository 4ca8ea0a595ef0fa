"""Canonical records: what every vendor's `conform` must produce, one schema per kind of record.

Grain of each: one record of one source. `required` fields are never null; any other null means the source did not say.
"""

from dataclasses import dataclass

from definitions.schema.field import Field
from definitions.schema.fields import fields

_SOURCE = "record_key source_system source_object source_id source_url source_created_at source_updated_at is_deleted"


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One kind of canonical record; column order is part of the contract."""

    name: str
    fields: tuple[Field, ...]
    required: frozenset[str]

    @property
    def names(self) -> list[str]:
        """Column names in contract order."""
        return [field.name for field in self.fields]


def _kind(name: str, own: str, required: str = "") -> RecordKind:
    always = "record_key source_system source_object source_id is_deleted"
    return RecordKind(name, fields(f"{_SOURCE} {own}"), frozenset(f"{always} {required}".split()))


PERSON = _kind(
    "person",
    """merged_into_key same_as_keys email phone first_name last_name title company_name domain
    source_country lead_source origin_activity_type owner_key account_key lead_status source_status
    source_lifecycle_stage is_converted converted_at converted_person_key converted_account_key
    converted_opportunity_key has_opted_out_of_email do_not_call email_bounced_at mql_at sales_accepted_at
    sales_qualified_at disqualified_at disqualified_reason recycled_at recycle_reason last_activity_at
    budget_status authority_status need_status timeline_status purchase_date compelling_event claims_customer
    claimed_class""",
)
ACCOUNT = _kind(
    "account",
    """merged_into_key same_as_keys name domain industry employees annual_revenue source_country phone
    parent_key owner_key claims_customer""",
)
OPPORTUNITY = _kind(
    "opportunity",
    """merged_into_key same_as_keys name account_key owner_key person_key product_key pipeline_id source_stage
    opportunity_type amount currency_code probability source_forecast_category forecast_category source_close_date
    closed_at last_stage_change_at next_step next_activity_at last_activity_at push_count loss_reason competitor
    lead_source is_closed is_won budget_status authority_status need_status timeline_status purchase_date
    compelling_event""",
)
ACTIVITY = _kind(
    "activity",
    """activity_type direction is_completed is_inferred occurred_at due_at person_key account_key opportunity_key
    owner_key""",
    "activity_type is_inferred",
)
OWNER = _kind("owner", "same_as_keys owner_name owner_email is_active is_queue team manager_key", "is_active is_queue")
ASSOCIATION = _kind(
    "association", "association_type from_key to_key role is_primary", "association_type from_key to_key is_primary"
)
STAGE = _kind(
    "stage",
    """stage_name source_stage pipeline_id display_order canonical_stage probability forecast_category
    is_closed is_won""",
    "source_stage is_closed is_won",
)
PRODUCT = _kind("product", "name product_family list_price")

RECORD_KINDS: dict[str, RecordKind] = {
    kind.name: kind for kind in (PERSON, ACCOUNT, OPPORTUNITY, ACTIVITY, OWNER, ASSOCIATION, STAGE, PRODUCT)
}
