"""Table contracts of the published tables. Migrations, comments, audits and frames are all generated from them."""

from definitions.schema import bridges, history, operations
from definitions.schema.account import ACCOUNT
from definitions.schema.activity import ACTIVITY
from definitions.schema.calendar import CALENDAR
from definitions.schema.column import Column
from definitions.schema.entity import Table as Table  # noqa: PLC0414  # found here by all who read the tables
from definitions.schema.opportunity import OPPORTUNITY
from definitions.schema.owner import OWNER
from definitions.schema.person import PERSON
from definitions.schema.product import PRODUCT
from definitions.schema.shared import RUN_COLUMNS
from definitions.schema.stage import STAGE
from definitions.schema.word import WORD


def _curated(
    name: str, columns: tuple[Column, ...], grain: str, *, key: str | None = None, may_be_empty: bool = True
) -> Table:
    """Declare a table of computed rows; its key is the first column unless `key` says otherwise."""
    keys = (columns[0].name,) if key is None else tuple(key.split())
    return Table("curated", name, grain, (*columns, *RUN_COLUMNS), keys, may_be_empty)


def _ops(name: str, columns: tuple[Column, ...], grain: str, *, key: str) -> Table:
    return Table("ops", name, grain, columns, tuple(key.split()))


DIM_PERSON = _curated("dim_person", PERSON.published, "One golden person.")
DIM_ACCOUNT = _curated("dim_account", ACCOUNT.published, "One golden account.")
DIM_OWNER = _curated("dim_owner", OWNER.published, "One user of a CRM, over all systems.")
DIM_STAGE = _curated("dim_stage", STAGE.published, "One stage of one pipeline of one source.")
DIM_PRODUCT = _curated("dim_product", PRODUCT.published, "One product of a price list.")
DIM_WORD = _curated("dim_word", WORD, "One word of one vocabulary.", key="vocabulary word", may_be_empty=False)
DIM_DATE = _curated("dim_date", CALENDAR, "One day.", may_be_empty=False)
FCT_OPPORTUNITY = _curated("fct_opportunity", OPPORTUNITY.published, "One opportunity, as it stands.")
FCT_ACTIVITY = _curated(
    "fct_activity",
    ACTIVITY.published,
    "One activity: a task, call, e-mail, meeting, or a move read from a date on a person's record.",
)
BRIDGE_PERSON_SOURCE = _curated("bridge_person_source", bridges.PERSON_SOURCE, "One source record of a person.")
BRIDGE_ACCOUNT_SOURCE = _curated("bridge_account_source", bridges.ACCOUNT_SOURCE, "One source record of an account.")
BRIDGE_OPPORTUNITY_SOURCE = _curated(
    "bridge_opportunity_source", bridges.OPPORTUNITY_SOURCE, "One source record of an opportunity."
)
BRIDGE_OPPORTUNITY_PERSON = _curated(
    "bridge_opportunity_person",
    bridges.OPPORTUNITY_PERSON,
    "One person on one opportunity.",
    key="opportunity_id person_id",
)
FCT_CLASSIFICATION_CHANGE = _curated(
    "fct_classification_change",
    history.CLASSIFICATION_CHANGE,
    "One change of class of one record; never updated or deleted, so every change can be undone.",
)
FCT_HYGIENE_ISSUE = _curated(
    "fct_hygiene_issue",
    history.HYGIENE_ISSUE,
    "One life of one issue: a record failing a rule from the day it was opened to the day it was resolved.",
)
FCT_OPPORTUNITY_DAILY_SNAPSHOT = _curated(
    "fct_opportunity_daily_snapshot",
    history.DAILY_SNAPSHOT,
    "One opportunity on one day on which it was open, and the first day it was seen closed.",
    key="snapshot_date opportunity_id",
)
# Not computed by a run: the publish transaction writes it. A table, not a view over `ops.run`, because its freshness
# counts the streams of this run, while `ops.cursor` keeps streams that are no longer configured.
PUBLISHED_RUN = Table(
    "curated",
    "published_run",
    "The run that is published, and how fresh it is: one row, none before the first run.",
    operations.PUBLISHED_RUN,
    ("run_id",),
)

OPS_RUN = _ops("run", operations.RUN, "One published refresh.", key="run_id")
OPS_CURSOR = _ops(
    "cursor",
    operations.CURSOR,
    "One stream of one source; moves only with the tables it belongs to.",
    key="source_system stream",
)
OPS_QUARANTINE = _ops("quarantine", operations.QUARANTINE, "One record set aside.", key="record_key reason_code")
OPS_VALUE_FAULT = _ops(
    "value_fault",
    operations.VALUE_FAULT,
    "One field of one record, and why its value could not be read: it was set to null, and the record stays.",
    key="record_key field_name reason_code",
)
OPS_AUDIT_RESULT = _ops(
    "audit_result", operations.AUDIT_RESULT, "One check of one run.", key="run_id suite expectation"
)
OPS_CONSERVATION = _ops(
    "conservation",
    operations.CONSERVATION,
    "One stream in one run: fetched = curated + merged_into + deleted + quarantined + excluded.",
    key="run_id source_system stream",
)
OPS_DEFINITIONS_VERSION = _ops(
    "definitions_version",
    operations.DEFINITIONS_VERSION_USED,
    "One version of the definitions that a run used, in full.",
    key="profile definitions_version",
)
OPS_NOTIFICATION = _ops(
    "notification",
    operations.NOTIFICATION,
    "One issue and one target that is told of it: its owner, or a target of RevOps where there is none to tell.",
    key="issue_id target",
)
OPS_ANNOUNCEMENT = _ops(
    "announcement",
    operations.ANNOUNCEMENT,
    "One message of one day to one target of RevOps.",
    key="announcement told_for target",
)
OPS_WAREHOUSE = _ops("warehouse", operations.WAREHOUSE, "This warehouse: one row.", key="warehouse_id")

CURATED: tuple[Table, ...] = (
    DIM_DATE, DIM_WORD, DIM_OWNER, DIM_STAGE, DIM_PRODUCT, DIM_ACCOUNT, DIM_PERSON, FCT_OPPORTUNITY, FCT_ACTIVITY,
    BRIDGE_PERSON_SOURCE, BRIDGE_ACCOUNT_SOURCE, BRIDGE_OPPORTUNITY_SOURCE, BRIDGE_OPPORTUNITY_PERSON,
    FCT_CLASSIFICATION_CHANGE, FCT_HYGIENE_ISSUE, FCT_OPPORTUNITY_DAILY_SNAPSHOT,
)  # fmt: skip
# Tables that a run computes: staged together, audited, and published if the audit passes.
COMPUTED: tuple[Table, ...] = (*CURATED, OPS_CONSERVATION)
OPS: tuple[Table, ...] = (
    OPS_RUN, OPS_CURSOR, OPS_QUARANTINE, OPS_VALUE_FAULT, OPS_AUDIT_RESULT, OPS_CONSERVATION,
    OPS_DEFINITIONS_VERSION, OPS_NOTIFICATION, OPS_ANNOUNCEMENT, OPS_WAREHOUSE,
)  # fmt: skip
