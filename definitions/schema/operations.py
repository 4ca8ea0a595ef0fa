"""Run log tables of the schema `ops`, and the row that tells readers which run is published."""

from definitions.schema import shared
from definitions.schema import vocabulary as words
from definitions.schema.column import BOOLEAN, COUNT, DAY, INTEGER, JSON, MOMENT, TEXT, Column

_AS_OF = Column("as_of", DAY, "Date the run is true for, in the reporting time zone.")
_PROFILE = Column("profile", TEXT, "Definitions profile.")
_IS_DRAFT = Column("is_draft", BOOLEAN, "The definitions were not approved by marketing and sales.")
_STREAM = Column("stream", TEXT, "Object type of a source.")
_REASON_CODE = Column(
    "reason_code",
    TEXT,
    "Why the record was set aside, or the value set to null.",
    vocabulary=words.QUARANTINE_REASON,
)
_FIELD_NAME = Column("field_name", TEXT, "Field at fault; null where the whole record is.")
_FIRST_SEEN_ON = Column("first_seen_on", DAY, "As-of date of the run that first found the fault.")
_TARGET = Column(
    "target",
    TEXT,
    "Who or what takes the message: a digest of the owner's id, or of a RevOps target's URL without its secrets; "
    "`place:1` for the first of `alerts.revops` and `earlier` for whoever was told before targets had one.",
)
_MESSAGE_KEY = Column(
    "message_key", TEXT, "Key that the message carries, the same in a repetition; null before messages had one."
)
_DELIVERY_STATUS = Column(
    "delivery_status",
    TEXT,
    "Where the delivery stands: pending was not taken, in_flight is being sent, unconfirmed had no answer in time.",
    vocabulary=words.DELIVERY_STATUS,
)
_IS_REPEATED = Column("is_repeated", BOOLEAN, "The message was sent again after a sending that may have arrived.")

PUBLISHED_RUN = (
    shared.RUN_ID,
    _AS_OF.but(required=True),
    Column("published_at", MOMENT, "When the run was published; its rows are visible since then.", required=True),
    _PROFILE.but(required=True),
    shared.DEFINITIONS_VERSION.but(required=True),
    _IS_DRAFT.but(required=True),
    Column(
        "oldest_pulled_at",
        MOMENT,
        "When the stream that was pulled longest ago was last pulled; null if none ever was.",
    ),
    Column("complete_to", MOMENT, "Moment up to which every stream is known: changes until then were pulled."),
)
RUN = (
    shared.RUN_ID,
    _AS_OF.but(required=True),
    Column("started_at", MOMENT, "When the run began.", required=True),
    Column("finished_at", MOMENT, "When the run published.", required=True),
    Column("run_status", TEXT, "How the run ended.", vocabulary=words.RUN_STATUS, required=True),
    _IS_DRAFT.but(required=True),
    shared.DEFINITIONS_VERSION.but(required=True),
    Column("rows_written", COUNT, "Curated rows inserted, updated or deleted.", low=0, required=True),
    Column("report", JSON, "The run report.", required=True),
)
CURSOR = (
    shared.SOURCE_SYSTEM,
    _STREAM,
    Column("cursor", JSON, "Where the next pull of the stream starts."),
    Column("state_version", TEXT, "State file that holds the stream's current records."),
    Column("high_water_at", MOMENT, "Moment up to which the stream is known: changes until then were pulled."),
    Column("pulled_at", MOMENT, "When the stream was last pulled."),
    shared.RUN_ID.but(required=True),
)
QUARANTINE = (
    shared.RECORD_KEY,
    shared.SOURCE_SYSTEM.but(required=True),
    _STREAM.but(required=True),
    _REASON_CODE,
    _FIELD_NAME,
    Column(
        "expected",
        TEXT,
        "What a value of the field has to be; null where that is not what is wrong.",
        vocabulary=words.EXPECTED_VALUE,
    ),
    Column(
        "detail",
        TEXT,
        "The word that is not known, or how the value is written (99/99/9999); null where there is none, and where it "
        "may tell of a person.",
    ),
    Column("location", TEXT, "Landed file of the record, and its line; where it stood on a page, its number on that."),
    Column(
        "page",
        INTEGER,
        "Page of the source's answers on which the record stood, 1 first; null where it was landed.",
    ),
    _FIRST_SEEN_ON.but(required=True),
    shared.LAST_SEEN_ON.but(required=True),
    Column("released_at", MOMENT, "When a person let the record through; null while held."),
    shared.RUN_ID.but(required=True),
)
VALUE_FAULT = (
    shared.SOURCE_SYSTEM.but(required=True),
    _STREAM.but(required=True),
    shared.RECORD_KEY,
    _FIELD_NAME.but(required=True),
    _REASON_CODE,
    _FIRST_SEEN_ON.but(required=True),
    shared.LAST_SEEN_ON.but(required=True),
    shared.RUN_ID.but(required=True),
)
AUDIT_RESULT = (
    shared.RUN_ID,
    Column("suite", TEXT, "Suite of checks."),
    Column("expectation", TEXT, "One check, in words."),
    Column("table_name", TEXT, "Table checked.", required=True),
    Column("is_blocking", BOOLEAN, "A failure stops the publication.", required=True),
    Column("is_success", BOOLEAN, "The check passed.", required=True),
    Column("unexpected_count", COUNT, "Rows that failed.", low=0),
    Column("observed", TEXT, "What was observed, personal values masked."),
)
CONSERVATION = (
    shared.RUN_ID,
    shared.SOURCE_SYSTEM,
    _STREAM,
    Column("fetched", COUNT, "Distinct records the source has shown.", low=0, required=True),
    Column("pulled", COUNT, "Record versions landed by this run.", low=0, required=True),
    Column("curated", COUNT, "Records that gave a curated row.", low=0, required=True),
    Column("merged_into", COUNT, "Records folded into another record's row.", low=0, required=True),
    Column("deleted", COUNT, "Records the source deleted.", low=0, required=True),
    Column("quarantined", COUNT, "Records set aside.", low=0, required=True),
    Column("excluded", COUNT, "Links one of whose ends no source has shown.", low=0, required=True),
    Column("difference", COUNT, "fetched minus all the others; 0 or the run does not publish.", required=True),
)
DEFINITIONS_VERSION_USED = (
    _PROFILE,
    shared.DEFINITIONS_VERSION,
    Column("status", TEXT, "draft or approved.", vocabulary=words.AGREEMENT_STATUS, required=True),
    Column(
        "text_sha256",
        TEXT,
        "Fingerprint of what is agreed, signatures left out; the same version with another one is refused.",
        required=True,
    ),
    Column("definitions_text", TEXT, "The full text of the definitions used.", required=True),
    Column("first_used_at", MOMENT, "When a run first used them.", required=True),
    shared.RUN_ID.but(required=True),
)
NOTIFICATION = (
    shared.ISSUE_ID,
    _TARGET,
    shared.OWNER_ID,
    _MESSAGE_KEY,
    _DELIVERY_STATUS.but(required=True),
    Column("notified_at", MOMENT, "When the message was last taken, or may have been; null if never."),
    Column("notified_count", INTEGER, "Times the message was taken, or may have been.", low=0, required=True),
    _IS_REPEATED.but(required=True),
    shared.RUN_ID,
)
ANNOUNCEMENT = (
    Column("announcement", TEXT, "What RevOps is told.", vocabulary=words.ANNOUNCEMENT),
    Column("told_for", DAY, "Day the announcement is of: as-of date of a roll-up, day on which alerts were held back."),
    _TARGET,
    _MESSAGE_KEY,
    _DELIVERY_STATUS.but(required=True),
    Column("sent_at", MOMENT, "When the message was last taken, or may have been; null if never."),
    Column("sent_count", INTEGER, "Times the message was taken, or may have been.", low=0, required=True),
    _IS_REPEATED.but(required=True),
    shared.RUN_ID,
)
WAREHOUSE = (
    Column(
        "warehouse_id", TEXT, "Id of this warehouse, drawn when it was made; a copy or a restored backup has the same."
    ),
)
