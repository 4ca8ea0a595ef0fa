"""A Salesforce small enough to be read in one go: a sign-in, a describe, a query with locators."""

import re
from datetime import UTC, datetime

import httpx

from tests.connectors.fake_vendor import HOME, Vendor

CLIENT_SECRET = "canary-salesforce-secret"


class FakeSalesforce(Vendor):
    """Leads behind a token, a describe, and a query with locators."""

    def __init__(self) -> None:
        super().__init__()
        self.leads: dict[str, dict] = {}
        self.fields = {"Id": "id", "IsDeleted": "boolean", "Email": "email", "SystemModstamp": "datetime"}
        self.calculated: set[str] = set()
        self.token = 0
        self.accepts: set[str] = set()
        self.locators: dict[str, list[dict]] = {}
        self.instance_url = HOME

    def add(self, identity: str, modified: datetime, **fields) -> None:
        stamp = modified.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        self.leads[identity] = {"Id": identity, "SystemModstamp": stamp, "IsDeleted": False, **fields}

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/services/oauth2/token":
            return self._sign_in(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.accepts:
            return _sf_error(401, "INVALID_SESSION_ID")
        if path.endswith("/describe"):
            fields = [{"name": n, "type": t, "calculated": n in self.calculated} for n, t in self.fields.items()]
            return httpx.Response(200, json={"fields": fields})
        page = int(request.headers["sforce-query-options"].removeprefix("batchSize="))
        if "q" in request.url.params:
            return self._page(self._found(request.url.params["q"]), 0, page, "01g1")
        name, _, start = path.rpartition("/")[2].partition("-")
        if name not in self.locators:
            return _sf_error(400, "INVALID_QUERY_LOCATOR")
        return self._page(self.locators[name], int(start), page, name)

    def _sign_in(self, request: httpx.Request) -> httpx.Response:
        if f"client_secret={CLIENT_SECRET}" not in request.content.decode():
            return httpx.Response(400, json={"error": "invalid_client", "error_description": "canary description"})
        self.token += 1
        token = f"canary-session-{self.token}"
        self.accepts.add(token)
        return httpx.Response(200, json={"access_token": token, "instance_url": self.instance_url})

    def _found(self, soql: str) -> list[dict]:
        condition = soql.partition(" WHERE ")[2].partition(" ORDER BY ")[0]
        condition = re.sub(r"(\d{4}-\d\d-\d\dT[\d:]+)Z", r"'\1.000+0000'", condition)
        condition = (
            re.sub(r"(?<![<>])=", "==", condition)
            .replace(" AND ", " and ")
            .replace(" OR ", " or ")
            .replace(" IN ", " in ")
        )
        rows = [row for row in self.leads.values() if not condition or eval(condition, {}, dict(row))]
        return sorted(rows, key=lambda row: (row["SystemModstamp"], row["Id"]))

    def _page(self, rows: list[dict], start: int, page: int, name: str) -> httpx.Response:
        self.locators[name] = rows
        body: dict = {"totalSize": len(rows), "done": start + page >= len(rows)}
        body["records"] = [{"attributes": {"type": "Lead", "url": "/x"}, **row} for row in rows[start : start + page]]
        if not body["done"]:
            body["nextRecordsUrl"] = f"/services/data/v67.0/query/{name}-{start + page}"
        return httpx.Response(200, json=body)


def _sf_error(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json=[{"message": "canary message", "errorCode": code}])
