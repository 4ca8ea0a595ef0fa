"""A deal in good order and a person nobody knows anything of, for the profile that comes with the package."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from definitions.agreement.load import load_definitions
from definitions.polars_types import schema_of
from definitions.schema.tables import Table

AS_OF = date(2026, 1, 31)
HANDOFF = load_definitions("handoff")


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def frame(table: Table, row: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([row], schema=schema_of(table.columns))


OPEN = {
    "is_open": True, "is_closed": False, "is_won": False, "is_deleted": False, "close_date": ago(-30), "stage_order": 3,
    "last_meaningful_change_on": ago(10), "last_activity_on": ago(3), "stage_entered_on": ago(10),
    "stage_age_limit_days": 30, "missing_criteria_count": 0, "push_count": 0, "contact_count": 2, "amount": Decimal(1),
    "next_step": "Send the quote", "account_id": "a", "owner_state": "active", "need_status": "acknowledged",
    "budget_status": "identified", "authority_status": "dm_aware",
}  # fmt: skip
CLOSED = OPEN | {"is_open": False, "is_closed": True}
PERSON = {
    "is_deleted": False, "has_identity": True, "has_won_opportunity": False, "has_open_opportunity": False,
    "engagement_level": "none", "reachability": "ok", "owner_state": "active", "record_count": 1, "source_count": 1,
    "fit_score": 0, "engagement_score": 0, "has_discovery": False, "lead_since_on": ago(50),
}  # fmt: skip
ENGAGED = {"engagement_level": "passive", "last_inbound_on": ago(10)}
ASKED = {"engagement_level": "proactive", "last_inbound_on": ago(10), "last_proactive_on": ago(10)}
ACCEPTED = {**ENGAGED, "sales_accepted_on": ago(5)}
