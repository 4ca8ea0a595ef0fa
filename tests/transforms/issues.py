"""Issues and owners for digests: what a row leaves out is filled in."""

from datetime import date

import polars as pl

from definitions.polars_types import schema_of
from definitions.schema.columns import columns_named
from definitions.schema.tables import FCT_HYGIENE_ISSUE
from flows.alerts.digests import Digest, digests, readers
from flows.alerts.message_text import MessageContext

DAY = date(2026, 11, 22)


EDITION = MessageContext(as_of=DAY, currency="USD", definitions="handoff 2026.1", is_draft=False)


DRAFT = MessageContext(as_of=DAY, currency="USD", definitions="handoff 2026.1", is_draft=True)


_OWNER = columns_named("owner_id owner_name owner_email is_active is_queue is_deleted manager_id team")


def owners_of(*rows: dict) -> pl.DataFrame:
    usual = {"is_active": True, "is_queue": False, "is_deleted": False}
    return pl.DataFrame([{**usual, **row} for row in rows], schema=schema_of(_OWNER))


def issues_of(*rows: dict) -> pl.DataFrame:
    whole = []
    for number, row in enumerate(rows):
        usual = {
            "issue_id": f"i{number}",
            "rule_id": "OPP-01",
            "severity": "warning",
            "record_kind": "opportunity",
            "record_id": f"r{number}",
            "record_name": f"Deal {number}",
            "owner_id": "ann",
            "state": "open",
            "opened_on": DAY,
            "last_seen_on": DAY,
            "is_baseline": False,
            "says": f"The close date passed {number} days ago.",
            "question": "When will they decide?",
            "suggested_action": "Enter a new date.",
            "source_url": f"https://crm.example/{number}",
        }
        whole.append({**usual, **row})
    columns = [field for field in FCT_HYGIENE_ISSUE.columns if field.name in FCT_HYGIENE_ISSUE.content]
    return pl.DataFrame(whole, schema=schema_of(columns))


ANN = {"owner_id": "ann", "owner_name": "Ann Able", "owner_email": "ann@corp.example", "manager_id": "max"}


MAX = {"owner_id": "max", "owner_name": "Max Boss", "owner_email": "max@corp.example"}


def digests_of(issues: pl.DataFrame, owners: pl.DataFrame, *, limit: int) -> list[Digest]:
    """Digests of issues that nobody was told, each to the one target of its reader."""
    due = readers(issues, owners).with_columns(target="reader_id", repeats=pl.lit(None, pl.String))
    return digests(due, limit=limit)
