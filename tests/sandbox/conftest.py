"""Two companies, the sandbox over them in this process, and one as a process of its own."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.company.company import Company, found
from sandbox.server.limits import VendorBehaviour
from sandbox.server.sandbox_state import Credentials, Sandbox
from sandbox.server.web import Answer, Request
from tests.sandbox.sandbox_process import Process, start, stop

AS_OF = date(2026, 11, 22)


@dataclass
class Clock:
    """Seconds that pass only when told to."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Asker:
    """Asks a sandbox in this process, as a client with the right credentials would."""

    sandbox: Sandbox
    clock: Clock
    tokens: list[str] = field(default_factory=list)

    def hubspot(self, path: str, body: Any = None, *, token: str | None = None, **asked: Any) -> Answer:
        known = self.sandbox.credentials.hubspot_token if token is None else token
        return self._ask(path, body, known, asked)

    def salesforce(self, path: str, *, options: str = "", **asked: Any) -> Answer:
        if not self.tokens:
            self.tokens.append(json.loads(self.log_in().body)["access_token"])
        headers = {"sforce-query-options": options} if options else {}
        return self._ask(f"/services/data/v67.0{path}", None, self.tokens[-1], asked, headers)

    def log_in(self, **changes: str) -> Answer:
        credentials = self.sandbox.credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials.salesforce_client_id,
            "client_secret": credentials.salesforce_client_secret,
        }
        body = urlencode({**form, **changes}).encode()
        return self.sandbox.answer(Request(method="POST", path="/services/oauth2/token", body=body))

    def control(self, path: str, body: Any = None) -> Any:
        return json.loads(self._ask(f"/_sandbox/{path}", body, "", {}).body)

    def soql(self, text: str, *, everything: bool = False, options: str = "") -> list[dict[str, Any]]:
        """All records of a query, page by page."""
        page = json.loads(self.salesforce("/queryAll" if everything else "/query", q=text, options=options).body)
        records = page["records"]
        while not page["done"]:
            rest = page["nextRecordsUrl"].removeprefix("/services/data/v67.0")
            page = json.loads(self.salesforce(rest, options=options).body)
            records += page["records"]
        assert len(records) == page["totalSize"]
        return records

    def listed(self, kind: str, *, limit: int = 100, **asked: Any) -> list[dict[str, Any]]:
        """All records of a HubSpot list, page by page."""
        records, after = [], "0"
        while after:
            page = json.loads(self.hubspot(f"/crm/objects/2026-03/{kind}", limit=limit, after=after, **asked).body)
            records += page["results"]
            after = page.get("paging", {}).get("next", {}).get("after", "")
        return records

    def searched(self, kind: str, **asked: Any) -> list[dict[str, Any]]:
        """All records of a HubSpot search, page by page."""
        records, after = [], 0
        while after is not None:
            body = {"limit": 200, "after": str(after), **asked}
            page = json.loads(self.hubspot(f"/crm/objects/2026-03/{kind}/search", body).body)
            records += page["results"]
            following = page.get("paging", {}).get("next", {}).get("after")
            after = None if following is None else int(following)
        assert len(records) == page["total"]
        return records

    def _ask(
        self, path: str, body: Any, token: str, asked: dict[str, Any], headers: dict[str, str] | None = None
    ) -> Answer:
        return self.sandbox.answer(
            Request(
                method="GET" if body is None else "POST",
                path=path,
                query=urlencode(asked, doseq=True),
                headers={"authorization": f"Bearer {token}", **(headers or {})},
                body=b"" if body is None else json.dumps(body).encode(),
            )
        )


@pytest.fixture(scope="session")
def company() -> Company:
    return found(500, 7, AS_OF)


@pytest.fixture(scope="session")
def larger_company() -> Company:
    return found(6_000, 7, AS_OF)


@pytest.fixture
def asks() -> Callable[..., Asker]:
    def make(company: Company, **manners: Any) -> Asker:
        clock = Clock()
        return Asker(Sandbox(company, Credentials(), VendorBehaviour(**manners), clock), clock)

    return make


@pytest.fixture
def asker(company: Company, asks: Callable[..., Asker]) -> Asker:
    return asks(company)


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    begun = start()
    yield begun
    stop(begun)
