"""History tables: class changes, hygiene issues from opening to resolution, a daily snapshot of open opportunities."""

from definitions.schema import shared
from definitions.schema import vocabulary as words
from definitions.schema.column import BOOLEAN, DAY, JSON, MONEY, TEXT, Column
from definitions.schema.opportunity import OPPORTUNITY

_RECORD_KIND = Column("record_kind", TEXT, "Kind of entity.", vocabulary=words.RECORD_KIND, required=True)
_RECORD_ID = Column("record_id", TEXT, "Person or opportunity id.", required=True, indexed=True)
_VALUE_AT_RISK = Column(
    "value_at_risk", MONEY, "Corporate amount that the finding puts in doubt; null where the record has none."
)

CLASSIFICATION_CHANGE = (
    Column("change_id", TEXT, "Change: record, as-of date and run, so that the same change is written once."),
    _RECORD_KIND,
    _RECORD_ID,
    Column("from_class", TEXT, "Class before: the one published last, or the source's claim when first seen."),
    Column("to_class", TEXT, "Class after.", required=True),
    Column("from_kind", TEXT, "What the class before was.", vocabulary=words.FROM_KIND, required=True),
    Column("rule", TEXT, "Class rule that matched, with the profile's name.", required=True),
    Column("reason", TEXT, "The clause that decided, with the values it saw."),
    Column("changed_on", DAY, "As-of date of the run that made the change.", required=True),
    _VALUE_AT_RISK,
)
HYGIENE_ISSUE = (
    shared.ISSUE_ID,
    Column("rule_id", TEXT, "Hygiene rule of the definitions.", required=True),
    Column("severity", TEXT, "How bad it is.", vocabulary=words.SEVERITY, required=True),
    _RECORD_KIND,
    _RECORD_ID,
    Column(
        "record_name", TEXT, "Name of the deal or company a salesperson knows the record by; never a person's name."
    ),
    shared.OWNER_ID.but(refers_to="dim_owner.owner_id"),
    Column("state", TEXT, "Where the issue is in its life.", vocabulary=words.ISSUE_STATE, required=True),
    Column("opened_on", DAY, "As-of date the rule first failed.", required=True),
    shared.LAST_SEEN_ON.but(required=True),
    Column("resolved_on", DAY, "As-of date the rule first held again; null while open."),
    Column("is_baseline", BOOLEAN, "Found by the first run; counted, alerted to nobody.", required=True),
    Column("amount_at_open", MONEY, "Corporate amount of the record when the issue was opened."),
    _VALUE_AT_RISK,
    Column("says", TEXT, "What is wrong, in one sentence, with its numbers.", required=True),
    Column("question", TEXT, "The question to ask."),
    Column("suggested_action", TEXT, "The one thing to do."),
    Column("evidence", JSON, "Fields the rule read, with their values."),
    shared.SOURCE_URL,
)
_SNAPSHOT = """stage_name canonical_stage stage_order probability forecast_category amount currency_code
    amount_corporate weighted_amount close_date push_count owner_id account_id is_open is_closed is_won
    pipeline_class is_forecast_eligible missing_criteria_count"""
_ALWAYS = frozenset({"is_open", "is_closed", "is_won", "pipeline_class", "is_forecast_eligible"})
_OPPORTUNITY = {column.name: column for column in OPPORTUNITY.columns}
DAILY_SNAPSHOT = (
    Column("snapshot_date", DAY, "As-of date the row was true for."),
    shared.OPPORTUNITY_ID.but(indexed=True),
    # Rows referred to on that day may have been deleted since.
    *(_OPPORTUNITY[name].but(required=name in _ALWAYS, refers_to=None, indexed=False) for name in _SNAPSHOT.split()),
)
