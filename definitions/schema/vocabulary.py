"""Closed vocabularies: each word with its meaning; a value outside them is a defect, never a default.

Every run publishes them as rows of `curated.dim_word`, so a new word needs no migration. Ladders are ordered from least
to most (semantics: budget and authority readings of S0, S2, S3, S4). Classes and their meanings are declared in the
signed definitions; the two class vocabularies here only mark the columns that hold them.
"""

from definitions.quarantine_reasons import EXPECTED_VALUES, QUARANTINE_REASONS, not_expected, sentence
from definitions.schema.column import Vocabulary

BUDGET_STATUS = Vocabulary(
    "budget_status",
    {
        "unknown": "Nobody has asked; read as null in a test.",
        "none": "There is no money.",
        "identified": "Somebody knows where the money would come from.",
        "realistic": "The buyer can pay a price like ours.",
        "allocated": "Money is set aside for this purpose.",
        "confirmed": "The one who owns the budget has said yes to the amount.",
    },
)
AUTHORITY_STATUS = Vocabulary(
    "authority_status",
    {
        "unknown": "Nobody has asked; read as null in a test.",
        "contact_only": "The contact has no say.",
        "influencer": "The contact is heard by those who decide.",
        "dm_aware": "A decision-maker knows of it.",
        "dm_involved": "A decision-maker takes part.",
        "dm_direct": "We talk with the decision-maker.",
    },
)
NEED_STATUS = Vocabulary(
    "need_status",
    {
        "unknown": "Nobody has asked; read as null in a test.",
        "none": "The buyer has no need.",
        "suspected": "We see a need that the buyer has not named.",
        "acknowledged": "The buyer says that there is a need.",
    },
)
TIMELINE_STATUS = Vocabulary(
    "timeline_status",
    {
        "unknown": "Nobody has asked; read as null in a test.",
        "none": "There is no date.",
        "far": "A year or more away.",
        "near": "Within a year.",
        "agreed": "The buyer agreed to a date.",
    },
)
LEAD_STATUS = Vocabulary(
    "lead_status",
    {
        "new": "Nobody has looked at the lead.",
        "open": "Taken up; nobody has reached out.",
        "working": "Somebody is reaching out.",
        "marketing_qualified": "Marketing vetted the lead.",
        "sales_accepted": "Sales took the lead over.",
        "sales_qualified": "Sales finished qualifying the lead.",
        "nurture": "Returned to marketing, for later.",
        "disqualified": "Sales said no.",
        "converted": "Became a contact, perhaps with a deal.",
        "customer": "Bought.",
    },
)
ENGAGEMENT_LEVEL = Vocabulary(
    "engagement_level",
    {
        "none": "Shows no interest of the buyer.",
        "passive": "The buyer read, came or subscribed.",
        "proactive": "The buyer asked for something.",
    },
)
REACHABILITY = Vocabulary(
    "reachability",
    {
        "ok": "There is an allowed way to reach the person.",
        "no_channel": "Neither a valid e-mail address nor a telephone number is known.",
        "hard_bounced": "Mail bounces and no other way is known.",
        "opted_out": "Asked for no e-mail and no other way is known.",
        "do_not_contact": "Every known way was refused by the person.",
    },
)
OWNER_STATE = Vocabulary(
    "owner_state",
    {
        "active": "The owner may log in.",
        "inactive": "The owner left.",
        "queue": "A queue owns the record, no person.",
        "none": "Nobody owns the record, or somebody whom no source shows.",
    },
)
ICP_FIT = Vocabulary(
    "icp_fit",
    {
        "pass": "Fits the ideal customer profile.",
        "low_quality": "Fits, but too little is known or too little is there.",
        "fail": "Does not fit.",
        "unknown": "No test of the profile can be answered; read as null in a test.",
    },
)
FORECAST_CATEGORY = Vocabulary(
    "forecast_category",
    {
        "omitted": "Counted in no forecast.",
        "pipeline": "May close.",
        "best_case": "Closes if all goes well.",
        "most_likely": "Closes unless something happens.",
        "commit": "The owner promises that it closes.",
        "closed": "Closed and won.",
    },
)
CANONICAL_STAGE = Vocabulary(
    "canonical_stage",
    {
        "initial_contact": "First contact.",
        "qualification": "Budget, authority, need and time are asked for.",
        "meeting_discovery": "The need is explored with the buyer.",
        "proposal": "The buyer has an offer.",
        "closing": "Terms are negotiated.",
        "closed_won": "The buyer bought.",
        "closed_lost": "The buyer decided against us, or not at all.",
    },
)
STAGE_PHASE = Vocabulary(
    "stage_phase",
    {
        "lead": "Still a lead under the definitions.",
        "opportunity": "An opportunity that is open.",
        "closed": "Won or lost.",
    },
)
LOSS_FAMILY = Vocabulary(
    "loss_family",
    {
        "competitor": "Lost to a competitor.",
        "no_decision": "The buyer decided for nobody.",
        "budget": "No money.",
        "timing": "Not now.",
        "product": "The product does not do what is needed.",
        "price": "Too expensive.",
        "relationship": "Lost the contact or the trust.",
        "stale_auto": "Closed by a rule because nothing happened.",
        "unqualified": "Never was an opportunity.",
        "duplicate": "The same deal exists twice.",
        "other": "Another reason that the definitions list.",
        "unknown": "A reason that the definitions do not list; read as null in a test.",
    },
)
ASSOCIATION_TYPE = Vocabulary(
    "association_type",
    {
        "opportunity_person": "A person on a deal.",
        "opportunity_account": "The account of a deal.",
        "person_account": "The account of a person.",
    },
)
DIRECTION = Vocabulary(
    "direction",
    {"inbound": "The buyer moved.", "outbound": "We moved.", "internal": "Nobody outside took part."},
)
DELIVERY_STATUS = Vocabulary(
    "delivery_status",
    {
        "pending": "Not taken by the target yet.",
        "in_flight": "Being sent, or its sender died.",
        "unconfirmed": "Sent; no answer came in time.",
        "accepted": "Taken by the target.",
    },
)
SEVERITY = Vocabulary(
    "severity",
    {
        "critical": "Distorts the forecast or loses a buyer now.",
        "warning": "Has to be mended soon.",
        "info": "Worth a look.",
    },
)
EMAIL_DOMAIN_TYPE = Vocabulary(
    "email_domain_type",
    {
        "business": "A domain of an organisation.",
        "personal": "A provider of private mailboxes.",
        "disposable": "A provider of throw-away mailboxes.",
    },
)
RECORD_KIND = Vocabulary("record_kind", {"person": "A row of dim_person.", "opportunity": "A row of fct_opportunity."})
FROM_KIND = Vocabulary(
    "from_kind",
    {"claim": "What the sources claimed when the record was first seen.", "class": "The class published before."},
)
ISSUE_STATE = Vocabulary("issue_state", {"open": "The rule still fails.", "resolved": "The rule holds again."})
RUN_STATUS = Vocabulary(
    "run_status", {"published": "Rows were written.", "unchanged": "Nothing differed from what was published."}
)
AGREEMENT_STATUS = Vocabulary(
    "agreement_status", {"draft": "Not signed by marketing and sales.", "approved": "Signed by both."}
)
ANNOUNCEMENT = Vocabulary(
    "announcement", {"roll_up": "The day in numbers.", "held_back": "Alerts were held back, and why."}
)
QUARANTINE_REASON = Vocabulary("quarantine_reason", {code: sentence(code) for code in QUARANTINE_REASONS})
EXPECTED_VALUE = Vocabulary("expected_value", {word: f"Told as: {not_expected(word)}." for word in EXPECTED_VALUES})
PERSON_CLASS = Vocabulary("person_class", {}, agreed=True)
OPPORTUNITY_CLASS = Vocabulary("opportunity_class", {}, agreed=True)

CLOSED: tuple[Vocabulary, ...] = (
    BUDGET_STATUS, AUTHORITY_STATUS, NEED_STATUS, TIMELINE_STATUS, LEAD_STATUS, ENGAGEMENT_LEVEL, REACHABILITY,
    OWNER_STATE, ICP_FIT, FORECAST_CATEGORY, CANONICAL_STAGE, STAGE_PHASE, LOSS_FAMILY, ASSOCIATION_TYPE, DIRECTION,
    DELIVERY_STATUS, SEVERITY, EMAIL_DOMAIN_TYPE, RECORD_KIND, FROM_KIND, ISSUE_STATE, RUN_STATUS, AGREEMENT_STATUS,
    ANNOUNCEMENT, QUARANTINE_REASON, EXPECTED_VALUE,
)  # fmt: skip
