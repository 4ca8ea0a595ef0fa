"""What a run says of its pulls reaches every source."""

from contextlib import closing
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr

from connectors.hubspot import streams as hubspot
from connectors.landing.writer import Landing
from definitions.errors import SourceAnswerUnusableError
from definitions.fault_limit import RECORDS, FaultLimit
from flows.streams.extraction import ExtractContext, pull_vendor_stream
from flows.streams.source_connection import SourceConnection
from tests.connectors.fake_hubspot import TOKEN, FakeHubSpot
from tests.connectors.fake_vendor import HOME, FakeTime


def pull(folder, limit):
    """Pull a portal of which eleven of twelve contacts have no id."""
    crm = FakeHubSpot()
    crm.properties = [*hubspot.CONTACTS.mapping.requested_fields()]
    crm.add(1, modified=datetime(2026, 11, 1, tzinfo=UTC))
    page = [crm.record(1), *({"properties": {}} for _ in range(11))]
    crm.once("/objects/", lambda: httpx.Response(200, json={"results": page}))
    account = hubspot.Account(name="hubspot", token=SecretStr(TOKEN), base_url=HOME)
    http = hubspot.open_http(account, FakeTime().clock, httpx.MockTransport(crm))
    context = ExtractContext(
        landing=Landing(folder), run_id="r1", cursors={}, versions={}, now=crm.now, full=False, limit=limit
    )  # fmt: skip
    with closing(http):
        access = SourceConnection(name="hubspot", account=account, http=http, data=folder)
        return pull_vendor_stream(context, access, hubspot.CONTACTS, lambda _count: None)


def test_how_many_records_may_be_set_aside_is_the_same_for_a_vendor_as_for_a_file(tmp_path):
    with pytest.raises(SourceAnswerUnusableError, match="11 of 12 records"):
        pull(tmp_path / "usual", RECORDS)
    assert pull(tmp_path / "all", FaultLimit(share=1, few=10)).rejected == 11
