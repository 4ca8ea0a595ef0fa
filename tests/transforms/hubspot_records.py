"""HubSpot records, written as the documentation shows them, and how a portal reads them."""

import json

import polars as pl

from connectors.hubspot.streams import STREAMS
from definitions.mapping.envelope import Envelope
from definitions.mapping.source_mapping import SourceMapping
from transforms.conform.merges import merges_of, with_survivors
from transforms.conform.records import conform_stream
from transforms.state.versions import compact, parsed_versions

MEANING = SourceMapping(
    source="hubspot",
    time_zone="America/New_York",
    currency="USD",
    linked_source="salesforce",
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
    return compact([parsed_versions(lines, envelope)], keeps_versions=keeps_versions).lazy()


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


def read(stream, *records, meaning=MEANING, **told):
    known = state(*records, **told)
    mapping = next(one.mapping for one in STREAMS if one.name == stream)
    if mapping.merged_ids:
        known = with_survivors(known, merges_of(known, mapping, stream))
    return conform_stream(known, mapping, meaning, stream=stream)
