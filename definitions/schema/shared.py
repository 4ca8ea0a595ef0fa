"""Columns shared by several entities and tables, each declared once: provenance, run, keys, qualification, stage."""

from definitions.schema import vocabulary as words
from definitions.schema.column import (
    BOOLEAN,
    COUNT,
    CRM_FIRST,
    DAY,
    HIGHEST,
    INTEGER,
    JSON,
    LATEST,
    LOWEST,
    MOMENT,
    PERSONAL,
    REAL,
    TEXT,
    TEXTS,
    Column,
    Computed,
    Source,
    Step,
    Survival,
)

RECORD_KEY = Column("record_key", TEXT, "Source record: source:object:source_id, unique over all sources.")
SOURCE_SYSTEM = Column("source_system", TEXT, "Name of the configured source the record came from.")
SOURCE_OBJECT = Column("source_object", TEXT, "What the source calls the object: contact, lead, deal, Opportunity.")
SOURCE_ID = Column("source_id", TEXT, "Id of the record in its source, as the source writes it.")
SOURCE_URL = Column("source_url", TEXT, "Deep link to the record in its source; null where the source has no pages.")
SOURCE_CREATED_AT = Column("source_created_at", MOMENT, "When the source says the record was created.")
SOURCE_UPDATED_AT = Column("source_updated_at", MOMENT, "When the source says the record last changed.")
IS_DELETED = Column("is_deleted", BOOLEAN, "The source deleted or archived the record.")
MERGED_INTO_KEY = Column(
    "merged_into_key", TEXT, "Source record that absorbed this one by a merge in the source; null if none."
)
SAME_AS_KEYS = Column(
    "same_as_keys", TEXTS, "Record keys in other systems that the source itself says are the same entity."
)
RUN_ID = Column(
    "run_id", TEXT, "Run that last wrote the row; the run that is published stands in curated.published_run."
)
DEFINITIONS_VERSION = Column(
    "definitions_version",
    TEXT,
    "Version of the definitions under which the row was last changed; the version of the published run stands in "
    "curated.published_run.",
)
LOADED_AT = Column("loaded_at", MOMENT, "When the run that last wrote the row began.")
RECORD_HASH = Column("record_hash", COUNT, "64-bit hash of the row's content; a row is rewritten only when it differs.")
PERSON_ID = Column("person_id", TEXT, "Golden person: the key of its first created source record; never reused.")
ACCOUNT_ID = Column("account_id", TEXT, "Golden account: the key of its first created source record.")
OPPORTUNITY_ID = Column("opportunity_id", TEXT, "Golden opportunity: the key of its first created source record.")
OWNER_ID = Column("owner_id", TEXT, "Golden owner: the key of its first created source record.")
PRODUCT_ID = Column("product_id", TEXT, "Product: its source record key.")
PERSON_KEY = Column("person_key", TEXT, "Source record of the person.")
ACCOUNT_KEY = Column("account_key", TEXT, "Source record of the account.")
OWNER_KEY = Column("owner_key", TEXT, "Source record of the owner.")
PHONE = Column("phone", TEXT, "Telephone number as the source holds it.", sensitivity=PERSONAL)
PHONE_E164 = Column(
    "phone_e164", TEXT, "Telephone number in E.164 form; null where it cannot be read as one.", sensitivity=PERSONAL
)
LEAD_SOURCE = Column("lead_source", TEXT, "Where the person or deal came from, as the source says.")
BUDGET_STATUS = Column("budget_status", TEXT, "How far the budget is known (ladder).", vocabulary=words.BUDGET_STATUS)
AUTHORITY_STATUS = Column(
    "authority_status", TEXT, "How near the decision-maker is (ladder).", vocabulary=words.AUTHORITY_STATUS
)
NEED_STATUS = Column("need_status", TEXT, "Whether the need is acknowledged (ladder).", vocabulary=words.NEED_STATUS)
TIMELINE_STATUS = Column(
    "timeline_status", TEXT, "How firm the purchase date is (ladder).", vocabulary=words.TIMELINE_STATUS
)
PURCHASE_DATE = Column("purchase_date", DAY, "Day the buyer intends to have bought.")
COMPELLING_EVENT = Column("compelling_event", BOOLEAN, "An event at the buyer makes the purchase urgent.")
NAME = Column("name", TEXT, "Name of the account, opportunity, owner or product.")
DOMAIN = Column("domain", TEXT, "Registrable web domain.")
COUNTRY = Column("country", TEXT, "Country, ISO 3166 alpha-2; null where it cannot be told for certain.")
SOURCE_COUNTRY = Column("source_country", TEXT, "Country as the source spells it.")
SOURCE_STAGE = Column("source_stage", TEXT, "Stage id or name as the source holds it.")
STAGE_NAME = Column("stage_name", TEXT, "Stage label as salespeople see it.")
CANONICAL_STAGE = Column("canonical_stage", TEXT, "Stage in shared words.", vocabulary=words.CANONICAL_STAGE)
STAGE_ORDER = Column("stage_order", INTEGER, "Position of the canonical stage, 1 first.")
STAGE_PHASE = Column("stage_phase", TEXT, "Part of the funnel the stage belongs to.", vocabulary=words.STAGE_PHASE)
PIPELINE_ID = Column("pipeline_id", TEXT, "Pipeline or record type the stage belongs to.")
PROBABILITY = Column("probability", REAL, "Chance of winning, 0 to 1.", low=0, high=1)
FORECAST_CATEGORY = Column(
    "forecast_category", TEXT, "Forecast category in shared words.", vocabulary=words.FORECAST_CATEGORY
)
LAST_ACTIVITY_AT = Column("last_activity_at", MOMENT, "Latest activity, as the source says or the activities show.")
IS_CLOSED = Column(
    "is_closed", BOOLEAN, "The stage table says the deal is closed; of a stage it does not know, the deal itself."
)
IS_WON = Column(
    "is_won", BOOLEAN, "The stage table says the deal is won; of a stage it does not know, the deal itself."
)
ENGAGEMENT_LEVEL = Column(
    "engagement_level", TEXT, "Interest the activity or person shows.", vocabulary=words.ENGAGEMENT_LEVEL
)
ROLE = Column("role", TEXT, "Role of the person on the deal, as the source says.")
IS_PRIMARY = Column("is_primary", BOOLEAN, "The source marks the link as the primary one.")
FIRST_SEEN_AT = Column("first_seen_at", MOMENT, "Earliest creation over all source records.")
RECORD_COUNT = Column("record_count", INTEGER, "Live source records the entity is made of.", low=1)
SOURCE_COUNT = Column("source_count", INTEGER, "Systems that hold a live record of the entity.", low=1)
FIELD_WINNERS = Column(
    "field_winners", JSON, "For each surviving field, the record it came from; null for a single record."
)
HAS_OPEN_OPPORTUNITY = Column(
    "has_open_opportunity", BOOLEAN, "On a deal whose class is open, by role or by conversion."
)
HAS_WON_OPPORTUNITY = Column("has_won_opportunity", BOOLEAN, "On a won deal, or at an account with one.")
CLAIMS_CUSTOMER = Column("claims_customer", BOOLEAN, "A source says the person or account is a customer.")
OWNER_STATE = Column("owner_state", TEXT, "State of the owner of the record.", vocabulary=words.OWNER_STATE)
LAST_ACTIVITY_ON = Column(
    "last_activity_on",
    DAY,
    "Latest day of any completed activity; of a deal without any, the day it was created, where its source tells of "
    "activities.",
)
CRITERIA_MET = Column("criteria_met", INTEGER, "Qualification criteria met.", low=0)
CRITERIA_UNMET = Column("criteria_unmet", INTEGER, "Qualification criteria known not to be met.", low=0)
CRITERIA_UNKNOWN = Column("criteria_unknown", INTEGER, "Qualification criteria nobody has answered.", low=0)
CRITERIA = Column("criteria", JSON, "Each criterion: met, not_met or unknown, with the evidence field and its value.")
CLAIMED_CLASS = Column("claimed_class", TEXT, "Class the sources claim, in shared words; null where they claim none.")
CLASS_REASONS = Column(
    "class_reasons", TEXT, "Each class tried, in order, with its answer: dead=false; sql=unknown; lead=true."
)
ISSUE_ID = Column("issue_id", TEXT, "Issue: record, rule and the day it was opened.")
LAST_SEEN_ON = Column("last_seen_on", DAY, "As-of date the rule last failed.")
CUSTOM = Column(
    "custom",
    JSON,
    "Fields of your own (`fields` in bantam.yaml), by name; as typed columns in the view curated.<table>_custom.",
    Source(),
)

RUN_COLUMNS = tuple(
    column.but(origin=Computed(Step.RUN), required=True)
    for column in (RUN_ID, DEFINITIONS_VERSION, LOADED_AT, RECORD_HASH)
)
PHONE_SURVIVAL = Survival(LATEST, "phone", wanted=("phone_e164", "phone"))
COUNTRY_SURVIVAL = Survival(LATEST, "source_country", wanted=("country", "source_country"))
# A record with `unknown` survives only if no record has an answer.
QUALIFICATION = tuple(
    column.but(origin=Source(CRM_FIRST))
    for column in (BUDGET_STATUS, AUTHORITY_STATUS, NEED_STATUS, TIMELINE_STATUS, PURCHASE_DATE, COMPELLING_EVENT)
)
CRITERIA_COUNTS = tuple(
    column.but(origin=Computed(Step.CRITERIA)) for column in (CRITERIA_MET, CRITERIA_UNMET, CRITERIA_UNKNOWN, CRITERIA)
)
GOLDEN_COUNTS = tuple(
    column.but(origin=Computed(Step.GOLDEN), required=column is RECORD_COUNT)
    for column in (FIRST_SEEN_AT, RECORD_COUNT, SOURCE_COUNT, FIELD_WINNERS)
)
# The representative record of the entity.
_REPRESENTATIVE = Survival(CRM_FIRST, "record_key")


def provenance(
    published: str, *, survives: Survival | None = _REPRESENTATIVE, without: str | None = None
) -> tuple[Column, ...]:
    """Return the provenance columns without `without`; those named in `published` are in the entity's table.

    With `survives`, a merged entity has the provenance of its representative record, the first creation time and the
    last change time.
    """
    lowest, highest = (LOWEST, HIGHEST) if survives else (None, None)
    origins = {
        **dict.fromkeys((RECORD_KEY, SOURCE_SYSTEM, SOURCE_OBJECT, SOURCE_ID), Source(survives, required=True)),
        SOURCE_URL: Source(survives),
        SOURCE_CREATED_AT: Source(lowest),
        SOURCE_UPDATED_AT: Source(highest),
    }
    names = published.split()
    return tuple(
        column.but(origin=origin, published=column.name in names)
        for column, origin in origins.items()
        if column.name != without
    )


DELETED = IS_DELETED.but(origin=Source(required=True), required=True)
# Read by identity resolution only: not a column of the entity.
IDENTITY_LINKS = tuple(column.but(origin=Source(), published=False) for column in (MERGED_INTO_KEY, SAME_AS_KEYS))
