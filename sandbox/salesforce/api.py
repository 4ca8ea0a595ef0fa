"""Salesforce's REST dialect: routing of requests, in every version that is not retired."""

import re
from datetime import UTC, datetime, timedelta

import polars as pl

from sandbox.company.company import Company
from sandbox.salesforce.errors import SalesforceError, refusal
from sandbox.salesforce.query import Cursors, Queries, page_size
from sandbox.salesforce.sessions import Sessions
from sandbox.server.catalogue import salesforce_describe
from sandbox.server.rendering import SALESFORCE_MOMENT
from sandbox.server.web import Answer, Request, json_answer

LONGEST_URI = 16_384
OLDEST = 31
BIN = timedelta(days=15)
PYTHON_MOMENT = "%Y-%m-%dT%H:%M:%S.000+0000"
_DATA = re.compile(r"^/services/data/(?P<version>v(?P<number>\d+)\.0)(?P<rest>/.*)?$")
_QUERY = re.compile(r"^/(?P<how>query|queryAll)(?:/(?P<locator>[\w-]+))?/?$")
_SOBJECT = re.compile(r"^/sobjects/(?P<kind>\w+)/(?P<what>describe|deleted)/?$")


class Salesforce:
    """The dialect over one state of the company."""

    def __init__(self, company: Company, sessions: Sessions, cursors: Cursors) -> None:
        """`sessions` and `cursors` belong to the server, not to the state."""
        self.company, self.sessions = company, sessions
        self.queries = Queries(company.salesforce, cursors)

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if request.path == "/services/oauth2/token":
            return self.sessions.answer(request, self.company.last_change)
        try:
            version, rest = self._admitted(request)
            return self._routed(request, version, rest)
        except SalesforceError as refused:
            return refusal(refused)

    def _admitted(self, request: Request) -> tuple[str, str]:
        """Check version, session and length of a request; return the version and the rest of its path."""
        found = _DATA.match(request.path)
        if found is None:
            raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
        if int(found["number"]) < OLDEST:
            raise SalesforceError("UNSUPPORTED_API_VERSION", "Retired API version", status=410)
        if not self.sessions.holds(request.token()):
            raise SalesforceError("INVALID_SESSION_ID", "Session expired or invalid", status=401)
        if len(request.path) + len(request.query) > LONGEST_URI:
            raise SalesforceError("URI_TOO_LONG", "The URI is longer than 16,384 bytes", status=414)
        return found["version"], found["rest"] or ""

    def _routed(self, request: Request, version: str, rest: str) -> Answer:
        if found := _QUERY.match(rest):
            page = page_size(request.headers.get("sforce-query-options", ""))
            if found["locator"]:
                return self.queries.go_on(found["locator"], page, version)
            text = (request.parameters().get("q") or [""])[0]
            return self.queries.start(text, with_deleted=found["how"] == "queryAll", page=page, version=version)
        found = _SOBJECT.match(rest)
        if found is None or found["kind"] not in self.queries.tables:
            raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
        table = self.queries.tables[found["kind"]]
        if found["what"] == "describe":
            return json_answer(salesforce_describe(found["kind"], table, version))
        return self._deleted(table, request)

    def _deleted(self, table: pl.DataFrame, request: Request) -> Answer:
        parameters = request.parameters()
        start, end = (_moment((parameters.get(name) or [""])[0]) for name in ("start", "end"))
        newest = datetime.fromtimestamp(self.company.last_change / 1000, tz=UTC).replace(tzinfo=None)
        if start >= end or start < newest - BIN:
            message = "the start date must be before the end date and at most 15 days ago"
            raise SalesforceError("INVALID_REPLICATION_DATE", message)
        rows = table.filter((pl.col("_state") == "archived") & pl.col("_modified").is_between(start, end))
        deleted_records = rows.select(
            id="Id", deletedDate=pl.col("_modified").dt.strftime(SALESFORCE_MOMENT)
        ).to_dicts()
        return json_answer(
            {
                "deletedRecords": deleted_records,
                "earliestDateAvailable": (newest - BIN).strftime(PYTHON_MOMENT),
                "latestDateCovered": min(end, newest).strftime(PYTHON_MOMENT),
            }
        )


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace(" ", "+")).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        raise SalesforceError("INVALID_REPLICATION_DATE", "start and end must be moments with an offset") from None
