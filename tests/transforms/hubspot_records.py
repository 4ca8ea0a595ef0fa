"""HubSpot records, written as the documentation shows them, and how a portal reads them."""

import json

import polars as pl

from transforms.conform.hubspot_merges import merges_of, with_survivors
from transforms.conform.meaning import Meaning
from transforms.conform.readings import READINGS, read_kinds
from transforms.state.versions import Envelope, folded, opened

MEANING = Meaning(
    source="hubspot",
    time_zone="America/New_York",
    currency="USD",
    twin="salesforce",
    record_url={"deal": "https://app.hubspot.com/contacts/1/record/0-3/{}"},
    stages={"appointmentscheduled": "meeting_discovery", "renewals/77": "proposal", "closedwon": "closed_won"},
    fields={"contact": {"budget_status": "bant_budget", "purchase_date": "buys_on"}},
    lifecycle_stages={"4711": "customer"},
    activity_types={"demo request": "demo_request"},
)


OBJECT = Envelope(id="id", version="updatedAt", deleted="archived")


def state(*records, envelope=OBJECT, keeps_versions=False):
    raw = [record if isinstance(record, str) else json.dumps(record) for record in records]
    lines = pl.LazyFrame({"raw": raw, "location": [f"run1/page:{place}" for place, _ in enumerate(raw)]})
    return folded([opened(lines, envelope)], keeps_versions=keeps_versions).lazy()


def hubspot_object(number, properties, *, updated="2026-11-01T00:00:00.000Z", archived=False):
    return {
        "id": str(number),
        "properties": properties,
        "createdAt": "2026-01-01T12:00:00.000Z",
        "updatedAt": updated,
        "archived": archived,
    }


def deal(properties, **rest):
    given = {"dealname": "Deal", "pipeline": "default", "dealstage": "appointmentscheduled", **properties}
    return read("deals", hubspot_object(1, given, **rest), keeps_versions=True)["opportunity"]


def contact(*many):
    return read("contacts", *(hubspot_object(number, given) for number, given in many))["person"]


def read(stream, *records, **told):
    known = state(*records, **told)
    return read_kinds(READINGS["hubspot"][stream], with_survivors(known, merges_of(known, stream)), MEANING, stream)
