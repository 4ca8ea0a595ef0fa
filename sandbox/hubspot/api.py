"""HubSpot's REST dialect: routing of requests, for the dated paths of 2026-03 and the older v3 and v4 paths."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from sandbox.company.company import Company
from sandbox.company.moments import NEW_YORK
from sandbox.company.stages import hubspot_pipelines
from sandbox.hubspot.errors import HubSpotError, refusal, words
from sandbox.hubspot.links import Pairs, batch_read, pairs_of
from sandbox.hubspot.objects import Pages, owners
from sandbox.hubspot.search import Searches
from sandbox.hubspot.store import MODIFIED, TYPES, ObjectTable
from sandbox.server.catalogue import hubspot_properties
from sandbox.server.web import Answer, Request, json_answer

_VERSION = r"(?:2026-03|2026-09|v3|v4)"
_OBJECTS = re.compile(
    rf"^/crm/(?:objects/{_VERSION}|v3/objects)/(?P<kind>[\w-]+)(?P<rest>/search|/batch/read|/[^/]+)?$"
)
_OWNERS = re.compile(rf"^/crm/(?:owners/{_VERSION}|v3/owners)/?$")
_PIPELINES = re.compile(rf"^/crm/(?:pipelines/{_VERSION}|v3/pipelines)/(?P<kind>[\w-]+)$")
_PROPERTIES = re.compile(rf"^/crm/(?:properties/{_VERSION}|v3/properties)/(?P<kind>[\w-]+)$")
_LINKS = re.compile(
    rf"^/crm/(?:associations/{_VERSION}|v[34]/associations)/(?P<origin>[\w-]+)/(?P<target>[\w-]+)/batch/read$"
)
LONGEST_QUERY = 32_000
_DETAILS = re.compile(rf"^/account-info/{_VERSION}/details$")


class HubSpot:
    """The dialect over one state of the company."""

    def __init__(self, company: Company, token: str, now: Callable[[], str], *, unsteady_ties: bool = False) -> None:
        """`now` returns the moment for the frames of batch answers, as text."""
        self.company, self.token, self.now = company, token, now
        self.tables = {kind: ObjectTable.of(kind, company.hubspot[kind]) for kind in MODIFIED}
        self.pages, self.searches = Pages(self.tables), Searches(self.tables, unsteady=unsteady_ties)
        self._pairs: Pairs | None = None

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        try:
            self._authorise(request)
            return self._routed(request)
        except HubSpotError as refused:
            return refusal(refused)
        except msgspec.DecodeError:
            return refusal(HubSpotError("VALIDATION_ERROR", "Invalid input JSON"))

    def _authorise(self, request: Request) -> None:
        if request.token() != self.token:
            message = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
            raise HubSpotError("INVALID_AUTHENTICATION", message, status=401)

    def _routed(self, request: Request) -> Answer:
        if found := _OBJECTS.match(request.path):
            self._possible(request)
            return self._objects(request, _type(found["kind"]), found["rest"] or "")
        if found := _LINKS.match(request.path):
            if self._pairs is None:
                self._pairs = pairs_of(self.company)
            return batch_read(self._pairs, found["origin"], found["target"], request, self.now)
        if _OWNERS.match(request.path):
            return owners(self.company.hubspot["owners"], request)
        if found := _PIPELINES.match(request.path):
            return json_answer({"results": hubspot_pipelines() if _type(found["kind"]) == "deals" else []})
        if found := _PROPERTIES.match(request.path):
            return json_answer({"results": hubspot_properties(self.tables[_type(found["kind"])].live)})
        if _DETAILS.match(request.path):
            return json_answer(details(self.company.as_of))
        raise HubSpotError("OBJECT_NOT_FOUND", "No resource found", status=404)

    def _possible(self, request: Request) -> None:
        """Refuse requests that the live service refuses or that this imitation does not support."""
        if len(request.query) > LONGEST_QUERY:
            raise HubSpotError("URI_TOO_LONG", "The URI is too long", status=414)
        for name in ("propertiesWithHistory", "associations"):
            if name in request.parameters():
                raise HubSpotError("VALIDATION_ERROR", f"this imitation of HubSpot does not know {name}")

    def _objects(self, request: Request, kind: str, rest: str) -> Answer:
        if request.method == "POST" and rest == "/search":
            return self.searches.answer(kind, request)
        if request.method == "POST" and rest == "/batch/read":
            return self.pages.batch_read(kind, request, self.now)
        if request.method != "GET" or rest in ("/search", "/batch/read"):
            raise HubSpotError("METHOD_NOT_ALLOWED", "Method not allowed", status=405)
        return self.pages.page(kind, request) if not rest else self._one(request, kind, rest[1:])

    def _one(self, request: Request, kind: str, identity: str) -> Answer:
        parameters = request.parameters()
        archived = words(parameters, "archived") == ["true"]
        rows = self.tables[kind].rows_of([identity], archived=archived)
        if not rows:
            raise HubSpotError("OBJECT_NOT_FOUND", "Object not found.  objectId are usually numeric.", status=404)
        return Answer(
            body=self.pages.rendered(kind, words(parameters, "properties"), rows[0], rows[0] + 1, archived=archived)[0]
        )


def details(as_of: date) -> dict[str, object]:
    """Return HubSpot's account details: its time zone, currency and offset on the day."""
    noon = datetime(as_of.year, as_of.month, as_of.day, 12, tzinfo=ZoneInfo(NEW_YORK))
    seconds = (noon.utcoffset() or timedelta()).total_seconds()
    return {
        "portalId": 62515,
        "timeZone": NEW_YORK,
        "accountType": "STANDARD",
        "companyCurrency": "USD",
        "additionalCurrencies": ["EUR", "GBP"],
        "utcOffset": noon.isoformat()[-6:],
        "utcOffsetMilliseconds": int(seconds * 1000),
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    }


def _type(word: str) -> str:
    kind = TYPES.get(word, word)
    if kind not in MODIFIED:
        raise HubSpotError("VALIDATION_ERROR", f"Unable to infer object type from: {word}")
    return kind
