"""The closed vocabularies of canonical fields: a value outside them is a defect, never a default.

Ladders are ordered from least to most (semantics: budget and authority readings of S0, S2, S3, S4).
"""

BUDGET_STATUS = ("unknown", "none", "identified", "realistic", "allocated", "confirmed")
AUTHORITY_STATUS = ("unknown", "contact_only", "influencer", "dm_aware", "dm_involved", "dm_direct")
NEED_STATUS = ("unknown", "none", "suspected", "acknowledged")
TIMELINE_STATUS = ("unknown", "none", "far", "near", "agreed")
LEAD_STATUS = (
    "new",
    "open",
    "working",
    "marketing_qualified",
    "sales_accepted",
    "sales_qualified",
    "nurture",
    "disqualified",
    "converted",
    "customer",
)
ENGAGEMENT_LEVEL = ("none", "passive", "proactive")
REACHABILITY = ("ok", "no_channel", "hard_bounced", "opted_out", "do_not_contact")
OWNER_STATE = ("active", "inactive", "queue", "none")
ICP_FIT = ("pass", "low_quality", "fail", "unknown")
FORECAST_CATEGORY = ("omitted", "pipeline", "best_case", "most_likely", "commit", "closed")
CANONICAL_STAGE = (
    "initial_contact",
    "qualification",
    "meeting_discovery",
    "proposal",
    "closing",
    "closed_won",
    "closed_lost",
)
STAGE_PHASE = ("lead", "opportunity", "closed")
LOSS_FAMILY = (
    "competitor",
    "no_decision",
    "budget",
    "timing",
    "product",
    "price",
    "relationship",
    "stale_auto",
    "unqualified",
    "duplicate",
    "other",
    "unknown",
)
ASSOCIATION_TYPE = ("opportunity_person", "opportunity_account", "person_account")
DIRECTION = ("inbound", "outbound", "internal")
DELIVERY_STATUS = ("pending", "in_flight", "unconfirmed", "accepted")
SEVERITY = ("critical", "warning", "info")
PERSON_CLASS = (
    "merged_or_deleted",
    "excluded",
    "customer",
    "in_opportunity",
    "disqualified",
    "dead",
    "recycled",
    "dormant",
    "sql",
    "sal",
    "mql",
    "lead",
    "inquiry",
    "suspect",
    "list_record",
    "unclassifiable",
)
OPPORTUNITY_CLASS = (
    "merged_or_deleted",
    "closed_won",
    "closed_duplicate",
    "closed_unqualified",
    "closed_lost",
    "abandoned",
    "no_close_date",
    "overdue",
    "long_term",
    "stalled",
    "unqualified_open",
    "active",
)
