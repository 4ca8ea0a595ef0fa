"""Table contracts: what BI tools may rely on. Tables, comments, audits and frames are all made from these.

`curated` is what `bantam_reader` may read; `ops` is the pipeline's own book-keeping.
"""

from dataclasses import dataclass, field

from definitions.schema.field import Field
from definitions.schema.fields import fields

_AUDIT = "run_id definitions_version loaded_at record_hash"
_QUALIFICATION = "budget_status authority_status need_status timeline_status purchase_date compelling_event"
_CRITERIA = "criteria_met criteria_unmet criteria_unknown criteria"


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `key` is unique and never null; `references` maps a column to the `table.column` it points to."""

    schema: str
    name: str
    grain: str
    columns: tuple[Field, ...]
    key: tuple[str, ...]
    required: frozenset[str]
    references: dict[str, str] = field(default_factory=dict, hash=False)
    may_be_empty: bool = True

    @property
    def names(self) -> list[str]:
        """Column names in contract order."""
        return [column.name for column in self.columns]

    @property
    def content(self) -> list[str]:
        """Columns that make two rows different: all but the ones that say which run wrote them."""
        return [name for name in self.names if name not in _AUDIT.split()]


def _curated(
    name: str,
    grain: str,
    key: str,
    columns: str,
    *,
    required: str = "",
    references: dict[str, str] | None = None,
    may_be_empty: bool = True,
) -> Table:
    keys = tuple(key.split())
    return Table(
        schema="curated",
        name=name,
        grain=grain,
        columns=fields(f"{columns} {_AUDIT}"),
        key=keys,
        required=frozenset((*keys, *required.split(), *_AUDIT.split())),
        references=references or {},
        may_be_empty=may_be_empty,
    )


def _ops(name: str, grain: str, key: str, columns: str, required: str = "") -> Table:
    keys = tuple(key.split())
    return Table("ops", name, grain, fields(columns), keys, frozenset((*keys, *required.split())))


DIM_PERSON = _curated(
    "dim_person",
    "One golden person.",
    "person_id",
    f"""person_id email email_normalised email_domain email_domain_type is_email_valid phone phone_e164
    first_name last_name title company_name account_id owner_id owner_state lead_source origin_activity_type country
    lead_status source_status source_lifecycle_stage is_converted converted_at has_opted_out_of_email do_not_call
    email_bounced_at reachability unreachable_since_on has_identity is_deleted {_QUALIFICATION} {_CRITERIA}
    icp_fit is_prospect fit_score engagement_score engagement_level has_open_opportunity has_won_opportunity
    claims_customer has_discovery lead_since_on last_inbound_on last_outbound_on last_proactive_on last_activity_on
    silent_since_on mql_first_on mql_latest_on sales_accepted_on sales_qualified_on disqualified_on
    disqualified_reason recycled_on recycle_reason claimed_class lifecycle_class lifecycle_class_since class_reasons
    first_seen_at record_count source_count field_winners source_system source_id source_url source_updated_at""",
    required="is_deleted lifecycle_class reachability engagement_level owner_state record_count",
    references={"account_id": "dim_account.account_id", "owner_id": "dim_owner.owner_id"},
)
DIM_ACCOUNT = _curated(
    "dim_account",
    "One golden account.",
    "account_id",
    """account_id name name_normalised domain industry employees annual_revenue country phone_e164 parent_account_id
    owner_id owner_state claims_customer has_open_opportunity has_won_opportunity is_deleted first_seen_at record_count
    source_count field_winners source_system source_id source_url source_updated_at""",
    required="is_deleted record_count",
    references={"owner_id": "dim_owner.owner_id", "parent_account_id": "dim_account.account_id"},
)
DIM_OWNER = _curated(
    "dim_owner",
    "One user of a CRM, over all systems.",
    "owner_id",
    """owner_id owner_name owner_email is_active is_queue team manager_id is_deleted record_count source_system
    source_id source_url source_updated_at""",
    required="is_active is_queue is_deleted record_count",
    references={"manager_id": "dim_owner.owner_id"},
)
DIM_STAGE = _curated(
    "dim_stage",
    "One stage of one pipeline of one source.",
    "stage_id",
    """stage_id source_system pipeline_id source_stage stage_name display_order canonical_stage stage_order stage_phase
    probability forecast_category is_closed is_won is_deleted source_updated_at""",
    required="source_stage is_closed is_won is_deleted",
)
DIM_PRODUCT = _curated(
    "dim_product",
    "One product of a price list.",
    "product_id",
    "product_id name product_family list_price is_deleted source_system source_id source_updated_at",
    required="is_deleted",
)
DIM_DATE = _curated(
    "dim_date",
    "One day.",
    "calendar_date",
    """calendar_date calendar_year calendar_quarter calendar_month day_of_week is_business_day fiscal_year
    fiscal_quarter fiscal_quarter_name first_day_of_fiscal_quarter last_day_of_fiscal_quarter day_of_fiscal_quarter""",
    required="""calendar_year calendar_quarter calendar_month day_of_week is_business_day fiscal_year fiscal_quarter
    fiscal_quarter_name first_day_of_fiscal_quarter last_day_of_fiscal_quarter day_of_fiscal_quarter""",
    may_be_empty=False,
)
_SNAPSHOT = """stage_name canonical_stage stage_order probability forecast_category amount currency_code
    amount_corporate weighted_amount close_date push_count owner_id account_id is_open is_closed is_won
    pipeline_class is_forecast_eligible missing_criteria_count"""
FCT_OPPORTUNITY = _curated(
    "fct_opportunity",
    "One opportunity, as it stands.",
    "opportunity_id",
    f"""opportunity_id name account_id primary_person_id owner_id owner_state product_id pipeline_id source_stage
    stage_name canonical_stage stage_order stage_phase opportunity_type amount currency_code fx_rate amount_corporate
    weighted_amount probability source_forecast_category forecast_category close_date source_close_date
    has_placeholder_close_date original_close_date push_count source_created_at created_on closed_at
    last_stage_change_at stage_entered_on stage_age_limit_days last_meaningful_change_on last_activity_at
    last_activity_on next_step next_activity_on loss_reason loss_family competitor lead_source contact_count
    has_decision_maker {_QUALIFICATION} {_CRITERIA} missing_criteria missing_criteria_count is_open is_closed is_won
    is_deleted sales_cycle_days claimed_class pipeline_class pipeline_class_since class_reasons is_forecast_eligible
    is_win_rate_eligible record_count source_count field_winners source_system source_id source_url
    source_updated_at""",
    required="""is_open is_closed is_won is_deleted pipeline_class is_forecast_eligible is_win_rate_eligible
    contact_count push_count missing_criteria_count owner_state record_count""",
    references={
        "account_id": "dim_account.account_id",
        "owner_id": "dim_owner.owner_id",
        "primary_person_id": "dim_person.person_id",
        "product_id": "dim_product.product_id",
    },
)
FCT_ACTIVITY = _curated(
    "fct_activity",
    "One activity: a task, call, e-mail, meeting, or a move read from a date on a person's record.",
    "activity_id",
    """activity_id activity_type engagement_level direction is_completed is_human is_inferred occurred_at due_at
    person_id account_id opportunity_id owner_id source_system source_object source_id source_updated_at""",
    required="activity_type engagement_level is_human is_inferred",
    references={
        "person_id": "dim_person.person_id",
        "account_id": "dim_account.account_id",
        "opportunity_id": "fct_opportunity.opportunity_id",
        "owner_id": "dim_owner.owner_id",
    },
)
_MATCH = "match_rule match_confidence is_survivor is_deleted source_url source_updated_at"
_SOURCE = "record_key source_system source_object source_id"
BRIDGE_PERSON_SOURCE = _curated(
    "bridge_person_source",
    "One source record of a person.",
    "record_key",
    f"{_SOURCE} person_id {_MATCH}",
    required="source_system source_object source_id person_id match_rule is_survivor is_deleted",
    references={"person_id": "dim_person.person_id"},
)
BRIDGE_ACCOUNT_SOURCE = _curated(
    "bridge_account_source",
    "One source record of an account.",
    "record_key",
    f"{_SOURCE} account_id {_MATCH}",
    required="source_system source_object source_id account_id match_rule is_survivor is_deleted",
    references={"account_id": "dim_account.account_id"},
)
BRIDGE_OPPORTUNITY_SOURCE = _curated(
    "bridge_opportunity_source",
    "One source record of an opportunity.",
    "record_key",
    f"{_SOURCE} opportunity_id {_MATCH}",
    required="source_system source_object source_id opportunity_id match_rule is_survivor is_deleted",
    references={"opportunity_id": "fct_opportunity.opportunity_id"},
)
BRIDGE_OPPORTUNITY_PERSON = _curated(
    "bridge_opportunity_person",
    "One person on one opportunity.",
    "opportunity_id person_id",
    "opportunity_id person_id role is_primary is_decision_maker source_updated_at",
    required="is_primary is_decision_maker",
    references={"opportunity_id": "fct_opportunity.opportunity_id", "person_id": "dim_person.person_id"},
)
FCT_CLASSIFICATION_CHANGE = _curated(
    "fct_classification_change",
    "One change of class of one record; never updated or deleted, so every change can be undone.",
    "change_id",
    "change_id record_kind record_id from_class to_class from_kind rule reason changed_on value_at_risk",
    required="record_kind record_id to_class from_kind rule changed_on",
)
FCT_HYGIENE_ISSUE = _curated(
    "fct_hygiene_issue",
    "One life of one issue: a record failing a rule from the day it was opened to the day it was resolved.",
    "issue_id",
    """issue_id rule_id severity record_kind record_id record_name owner_id state opened_on last_seen_on resolved_on
    is_baseline amount_at_open value_at_risk says question suggested_action evidence source_url""",
    required="rule_id severity record_kind record_id state opened_on last_seen_on is_baseline says",
    references={"owner_id": "dim_owner.owner_id"},
)
FCT_OPPORTUNITY_DAILY_SNAPSHOT = _curated(
    "fct_opportunity_daily_snapshot",
    "One opportunity on one day on which it was open, and the first day it was seen closed.",
    "snapshot_date opportunity_id",
    f"snapshot_date opportunity_id {_SNAPSHOT}",
    required="is_open is_closed is_won pipeline_class is_forecast_eligible",
)

OPS_RUN = _ops(
    "run",
    "One published refresh.",
    "run_id",
    "run_id as_of started_at finished_at run_status is_draft definitions_version rows_written report",
    "as_of started_at finished_at run_status is_draft definitions_version rows_written report",
)
OPS_CURSOR = _ops(
    "cursor",
    "One stream of one source; moves only with the tables it belongs to.",
    "source_system stream",
    "source_system stream cursor state_version high_water_at pulled_at run_id",
    "run_id",
)
OPS_QUARANTINE = _ops(
    "quarantine",
    "One record set aside.",
    "record_key reason_code",
    """record_key source_system stream reason_code field_name expected detail location page first_seen_on last_seen_on
    released_at run_id""",
    "source_system stream first_seen_on last_seen_on run_id",
)
OPS_AUDIT_RESULT = _ops(
    "audit_result",
    "One check of one run.",
    "run_id suite expectation",
    "run_id suite expectation table_name is_blocking is_success unexpected_count observed",
    "table_name is_blocking is_success",
)
OPS_CONSERVATION = _ops(
    "conservation",
    "One stream in one run: fetched = curated + merged_into + deleted + quarantined + excluded.",
    "run_id source_system stream",
    "run_id source_system stream fetched pulled curated merged_into deleted quarantined excluded difference",
    "fetched pulled curated merged_into deleted quarantined excluded difference",
)
OPS_DEFINITIONS_VERSION = _ops(
    "definitions_version",
    "One version of the definitions that a run used, in full.",
    "profile definitions_version",
    "profile definitions_version status text_sha256 definitions_text first_used_at run_id",
    "status text_sha256 definitions_text first_used_at run_id",
)
OPS_NOTIFICATION = _ops(
    "notification",
    "One issue and one target that is told of it: its owner, or a target of RevOps where there is none to tell.",
    "issue_id target",
    "issue_id target owner_id message_key delivery_status notified_at notified_count is_repeated run_id",
    "delivery_status notified_count is_repeated",
)
OPS_ANNOUNCEMENT = _ops(
    "announcement",
    "One message of one day to one target of RevOps.",
    "announcement told_for target",
    "announcement told_for target message_key delivery_status sent_at sent_count is_repeated run_id",
    "delivery_status sent_count is_repeated",
)
OPS_WAREHOUSE = _ops("warehouse", "This warehouse: one row.", "warehouse_id", "warehouse_id")

CURATED: tuple[Table, ...] = (
    DIM_DATE, DIM_OWNER, DIM_STAGE, DIM_PRODUCT, DIM_ACCOUNT, DIM_PERSON, FCT_OPPORTUNITY, FCT_ACTIVITY,
    BRIDGE_PERSON_SOURCE, BRIDGE_ACCOUNT_SOURCE, BRIDGE_OPPORTUNITY_SOURCE, BRIDGE_OPPORTUNITY_PERSON,
    FCT_CLASSIFICATION_CHANGE, FCT_HYGIENE_ISSUE, FCT_OPPORTUNITY_DAILY_SNAPSHOT,
)  # fmt: skip
# What a run computes: staged together, audited, and published if it passed.
COMPUTED: tuple[Table, ...] = (*CURATED, OPS_CONSERVATION)
OPS: tuple[Table, ...] = (
    OPS_RUN, OPS_CURSOR, OPS_QUARANTINE, OPS_AUDIT_RESULT, OPS_CONSERVATION, OPS_DEFINITIONS_VERSION,
    OPS_NOTIFICATION, OPS_ANNOUNCEMENT, OPS_WAREHOUSE,
)  # fmt: skip
