"""Pulling from the imitations as flows would: one landing, the cursor remembered between runs."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import httpx
import pytest
from pydantic import SecretStr

from connectors.extract import pull
from connectors.http.body import RequestLimits
from connectors.http.client import Http
from connectors.hubspot import streams as hubspot
from connectors.landing.history import landed_runs
from connectors.landing.resume import ResumePoint, resume_point
from connectors.landing.writer import Landing
from connectors.salesforce import streams as salesforce
from tests.connectors.asking import CANARY
from tests.connectors.fake_hubspot import TOKEN, FakeHubSpot
from tests.connectors.fake_salesforce import CLIENT_SECRET, FakeSalesforce
from tests.connectors.fake_vendor import HOME, FakeTime, Vendor


class Puller:
    """Pulls a stream of an imitation into a landing of its own; each pull that is complete is published.

    One that fails leaves its listing, and the next one goes on with it, as flows would.
    """

    def __init__(self, root, module, account, vendor: Vendor, time: FakeTime) -> None:
        self.landing = Landing(root)
        self.module, self.account, self.vendor, self.time = module, account, vendor, time
        self.cursors: dict[str, dict] = {}
        self.runs = 0

    def __call__(
        self,
        stream: str,
        *,
        run_id: str | None = None,
        local_now: datetime | None = None,
        is_full: bool = False,
        **changes,
    ):
        self.runs += run_id is None
        run_id = run_id or f"run-{self.runs}"
        account = replace(self.account, **changes.pop("account", {}))
        http = self.module.open_http(account, self.time.clock, httpx.MockTransport(self.vendor))
        declared = next(one for one in self.module.STREAMS if one.name == stream)
        cursor = self.cursors.get(stream)
        with self.landing.writer(account.name, stream, run_id) as writer:
            runs = landed_runs(self.landing, account.name, stream, after=(cursor or {}).get("run"))
            start = resume_point(runs, None if is_full else cursor, is_full=is_full)
            if "cursor" in changes:
                start = ResumePoint(cursor=changes.pop("cursor"))
            pulled = pull(
                declared,
                account,
                http,
                writer,
                start=start,
                now=local_now or self.vendor.now,
                progress=lambda _: None,
                **changes,
            )
        self.cursors[stream] = pulled.cursor
        return pulled

    def records(self, stream: str, *runs: str) -> list[dict]:
        runs = runs or tuple(self.landing.run_ids(self.account.name, stream))
        pages = self.landing.pages_of(self.account.name, stream, runs)
        return [json.loads(raw) for page in pages for raw in self.landing.records(page)]

    def ids(self, stream: str, *runs: str) -> list[str]:
        return [record.get("id") or record.get("Id") for record in self.records(stream, *runs)]


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def crm() -> FakeHubSpot:
    fake = FakeHubSpot()
    fake.properties = [*hubspot.CONTACTS.mapping.requested_fields(), *hubspot.DEALS.mapping.requested_fields()]
    return fake


@pytest.fixture
def org() -> FakeSalesforce:
    return FakeSalesforce()


@pytest.fixture
def pull_crm(tmp_path, crm, fake_time) -> Puller:
    account = hubspot.Account(
        name="hubspot",
        token=SecretStr(TOKEN),
        base_url=HOME,
        page_size=10,
        search_page_size=10,
        association_batch=4,
        lookback_seconds=600,
        limits=RequestLimits(retry_budget_seconds=300),
    )
    return Puller(tmp_path, hubspot, account, crm, fake_time)


@pytest.fixture
def pull_org(tmp_path, org, fake_time) -> Puller:
    account = salesforce.Account(
        name="salesforce",
        base_url=HOME,
        token_url=f"{HOME}/services/oauth2/token",
        client_id=SecretStr("canary-client"),
        client_secret=SecretStr(CLIENT_SECRET),
        page_size=10,
        limits=RequestLimits(retry_budget_seconds=300),
    )
    return Puller(tmp_path, salesforce, account, org, fake_time)


@pytest.fixture
def client(fake_time) -> Callable[..., Http]:
    """Makes clients of HubSpot whose time is not the machine's."""

    def make(transport: httpx.BaseTransport | None, base_url: str = "https://crm.example", **limits: float) -> Http:
        account = hubspot.Account(
            name="hubspot",
            token=SecretStr(CANARY),
            base_url=base_url,
            limits=replace(RequestLimits(retry_budget_seconds=600), **limits),
        )
        return hubspot.open_http(account, fake_time.clock, transport)

    return make
