"""Activities that HubSpot keeps only as dates on a contact: the last form, click, reply, visit and touch.

Each becomes an inferred activity of its own, so that marketing's moves and sales' moves are counted in one place.
"""

from dataclasses import dataclass

import polars as pl

from definitions.polars_types import schema_of
from definitions.schema.column import Kind
from definitions.schema.records import ACTIVITY
from transforms.conform.conformed import Conformed, nothing_quarantined
from transforms.conform.faults import fault
from transforms.conform.meaning import Meaning
from transforms.conform.raw import gathered
from transforms.conform.typed import translated
from transforms.values.dates import moment


@dataclass(frozen=True, slots=True)
class Move:
    """One dated property; `label` names the property that tells what kind of activity it was, if one does."""

    property: str
    activity_type: str
    direction: str
    label: str | None = None


MOVES = (
    Move("recent_conversion_date", "form_submission", "inbound", "recent_conversion_event_name"),
    Move("first_conversion_date", "form_submission", "inbound", "first_conversion_event_name"),
    Move("hs_email_last_click_date", "email_click", "inbound"),
    Move("hs_email_last_open_date", "email_open", "inbound"),
    Move("hs_sales_email_last_replied", "reply", "inbound"),
    Move("hs_analytics_last_visit_timestamp", "web_visit", "inbound"),
    Move("notes_last_contacted", "sales_touch", "outbound"),
)
PROPERTIES = sorted({name for move in MOVES for name in (move.property, move.label) if name})


def contact_activities(text: pl.LazyFrame, meaning: Meaning) -> Conformed:
    """One row per opened contact and filled date that can be read; of one that cannot, `unreadable_moves` tells.

    A contact that was merged away tells nothing any more: HubSpot gave the survivor its dates.
    """
    live = text.filter("is_latest", ~pl.col("is_deleted"), pl.col("survivor").is_null()).with_columns(
        source_updated_at=moment(pl.col("updatedAt"))
    )
    records = gathered(pl.concat([_moves(live, move, meaning) for move in MOVES]), f"{meaning.source}.contacts")
    return Conformed(records, nothing_quarantined())


def unreadable_moves() -> list[pl.Expr]:
    """What is wrong with the dates of an opened contact, each a `FAULT` or null: the contact's own."""
    return [
        pl.when((pl.col(name).str.strip_chars() != "") & moment(pl.col(name)).is_null()).then(
            fault("unreadable_value", name, expected=Kind.MOMENT.value)
        )
        for name in (move.property for move in MOVES)
    ]


def _moves(contacts: pl.LazyFrame, move: Move, meaning: Meaning) -> pl.LazyFrame:
    """The activities that one property tells of, in the contract of an activity."""
    source = meaning.source
    kind = pl.lit(move.activity_type)
    if move.label is not None:
        kind = pl.coalesce(translated(pl.col(move.label), meaning.activity_types), kind)
    told = {
        "record_key": pl.concat_str(pl.lit(f"{source}:contact_move:"), "source_id", pl.lit(f"/{move.property}")),
        "source_system": pl.lit(source),
        "source_object": pl.lit("contact_move"),
        "source_id": pl.concat_str("source_id", pl.lit(f"/{move.property}")),
        "source_updated_at": pl.col("source_updated_at"),
        "is_deleted": pl.lit(value=False),
        "activity_type": kind,
        "direction": pl.lit(move.direction),
        "is_completed": pl.lit(value=True),
        "is_inferred": pl.lit(value=True),
        "occurred_at": moment(pl.col(move.property)),
        "person_key": pl.concat_str(pl.lit(f"{source}:contact:"), "source_id"),
    }
    schema = schema_of(ACTIVITY.fields)
    columns = [told.get(name, pl.lit(None)).cast(dtype).alias(name) for name, dtype in schema.items()]
    return contacts.select(columns).filter(pl.col("occurred_at").is_not_null())
