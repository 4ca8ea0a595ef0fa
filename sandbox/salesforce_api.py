"""Salesforce's REST dialect: token, query, describe, deleted; errors are arrays, tokens end without notice."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import polars as pl

from sandbox.catalogue import salesforce_describe
from sandbox.company import Company
from sandbox.rendering import SALESFORCE_MOMENT
from sandbox.salesforce_query import Cursor, Queries, page_size
from sandbox.soql import SoqlError
from sandbox.web import Answer, Request, says

VERSION = "v67.0"
LONGEST_URI = 16_384
OLDEST = 31
BIN_DAYS = 15
_DATA = re.compile(r"^/services/data/(?P<version>v(?P<number>\d+)\.0)(?P<rest>/.*)?$")
_SOBJECT = re.compile(r"^/sobjects/(?P<kind>\w+)/(?P<what>describe|deleted)/?$")
ORGANISATION = "00D5g000000CANARY"


@dataclass(slots=True, kw_only=True)
class Sessions:
    """Tokens given out and when each ends (seconds of a clock that never jumps); `lifetime` null is for ever."""

    client_id: str
    client_secret: str
    monotonic: Callable[[], float]
    lifetime: float | None = None
    ends: dict[str, float] = field(default_factory=dict)

    def open(self) -> str:
        """Give out a new token."""
        token = f"{ORGANISATION}!AQsandbox.{len(self.ends) + 1:06d}"
        self.ends[token] = self.monotonic() + self.lifetime if self.lifetime else float("inf")
        return token

    def holds(self, token: str) -> bool:
        """Whether the token is still good."""
        return self.ends.get(token, 0.0) > self.monotonic()

    def expire_all(self) -> None:
        """End every session, as an administrator would."""
        self.ends = dict.fromkeys(self.ends, 0.0)


def error(code: str, message: str, status: int = 400) -> Answer:
    """An error as Salesforce writes it: an array of one."""
    return says([{"message": message, "errorCode": code}], status=status)


class Salesforce:
    """The dialect over one state of the company."""

    def __init__(self, company: Company, sessions: Sessions, cursors: dict[str, Cursor]) -> None:
        """`sessions` and `cursors` belong to the server, not to the state."""
        self.company, self.sessions = company, sessions
        self.queries = Queries(company.salesforce, cursors)

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if request.path == "/services/oauth2/token":
            return self._token(request)
        found = _DATA.match(request.path)
        if request.path.rstrip("/") == "/services/data":
            return says([{"label": "Summer '26", "url": f"/services/data/{VERSION}", "version": "67.0"}])
        if found is None:
            return error("NOT_FOUND", "The requested resource does not exist", 404)
        if int(found["number"]) < OLDEST:
            return error("UNSUPPORTED_API_VERSION", "The requested API version is no longer supported", 410)
        if not self.sessions.holds(request.token()):
            return error("INVALID_SESSION_ID", "Session expired or invalid", 401)
        if len(request.path) + len(request.query) > LONGEST_URI:
            return error("URI_TOO_LONG", "The URI is longer than 16,384 bytes", 414)
        try:
            return self._routed(request, found["version"], found["rest"] or "")
        except SoqlError as refused:
            return error(refused.code, refused.message)

    def _routed(self, request: Request, version: str, rest: str) -> Answer:
        page = page_size(request.headers.get("sforce-query-options", ""))
        if rest.rstrip("/") in ("/query", "/queryAll"):
            text = (request.asked().get("q") or [""])[0]
            return self.queries.start(text, with_deleted="All" in rest, page=page, version=version)
        if rest.startswith(("/query/", "/queryAll/")):
            return self.queries.go_on(rest.rpartition("/")[2], page, version)
        if rest.rstrip("/") == "/limits":
            return says({"DailyApiRequests": {"Max": 100_000, "Remaining": 99_000}})
        if rest.rstrip("/") == "/sobjects":
            return says({"sobjects": [{"name": kind, "queryable": True} for kind in self.queries.tables]})
        if (found := _SOBJECT.match(rest)) and found["kind"] in self.queries.tables:
            table = self.queries.tables[found["kind"]]
            if found["what"] == "describe":
                return says(salesforce_describe(found["kind"], table, str(table["Id"][0])[:3]))
            return self._deleted(table, request)
        return error("NOT_FOUND", "The requested resource does not exist", 404)

    def _deleted(self, table: pl.DataFrame, request: Request) -> Answer:
        asked = request.asked()
        start, end = (_moment((asked.get(name) or [""])[0]) for name in ("start", "end"))
        if start is None or end is None or start >= end:
            return error("INVALID_REPLICATION_DATE", "startDate before endDate is required")
        newest = datetime.fromtimestamp(self.company.last_change / 1000, tz=UTC).replace(tzinfo=None)
        oldest = newest - timedelta(days=BIN_DAYS)
        if start < oldest:
            return error("INVALID_REPLICATION_DATE", "start date is more than 15 days before now")
        rows = table.filter(pl.col("IsDeleted") & pl.col("_modified").is_between(start, end))
        told = rows.select(id="Id", deletedDate=pl.col("_modified").dt.strftime(SALESFORCE_MOMENT)).to_dicts()
        covered = {"earliestDateAvailable": oldest, "latestDateCovered": min(end, newest)}
        return says(
            {
                "deletedRecords": told,
                **{name: at.strftime("%Y-%m-%dT%H:%M:%S.000+0000") for name, at in covered.items()},
            }
        )

    def _token(self, request: Request) -> Answer:
        asked = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        given = _basic(request.headers.get("authorization", "")) or (
            asked.get("client_id", ""),
            asked.get("client_secret", ""),
        )
        if request.method != "POST" or asked.get("grant_type") != "client_credentials":
            return says(
                {"error": "unsupported_grant_type", "error_description": "grant type not supported"}, status=400
            )
        if given[0] != self.sessions.client_id:
            return says({"error": "invalid_client_id", "error_description": "client identifier invalid"}, status=400)
        if given[1] != self.sessions.client_secret:
            return says({"error": "invalid_client", "error_description": "invalid client credentials"}, status=400)
        base = f"http://{request.headers.get('host', '127.0.0.1')}"
        return says(
            {
                "access_token": self.sessions.open(),
                "signature": "c2FuZGJveA==",
                "scope": "api",
                "instance_url": base,
                "id": f"{base}/id/{ORGANISATION}/0055g00000000oMAAQ",
                "token_type": "Bearer",
                "issued_at": str(self.company.last_change),
            }
        )


def _basic(header: str) -> tuple[str, str] | None:
    kind, _, coded = header.partition(" ")
    if kind.lower() != "basic":
        return None
    name, _, secret = base64.b64decode(coded).decode("utf-8", "replace").partition(":")
    return name, secret


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.replace(" ", "+")).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        return None
