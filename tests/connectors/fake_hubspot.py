"""A HubSpot small enough to be read in one go: lists, a search that trails and is capped, an archive, associations."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from tests.connectors.fake_vendor import Vendor

TOKEN = "canary-hubspot-token"


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@dataclass
class Contact:
    modified: datetime
    archived: bool = False
    indexed: datetime | None = None  # when the search first shows this version; None: at once
    indexed_as: datetime | None = None  # the older time by which the search still files it
    extra: dict[str, object] = field(default_factory=dict)


def _filed(contact: Contact) -> int:
    return _ms(contact.indexed_as or contact.modified)


class FakeHubSpot(Vendor):
    """Contacts, their archive, their search with its cap, and their companies."""

    def __init__(self) -> None:
        super().__init__()
        self.contacts: dict[int, Contact] = {}
        self.companies_of: dict[str, list[str]] = {}
        self.properties: list[str] = []
        self.calculated: set[str] = set()
        self.cap = 10_000
        self.chance = random.Random(7)

    def add(self, *ids: int, modified: datetime, **facts) -> None:
        for identity in ids:
            self.contacts[identity] = Contact(modified, **facts)

    def record(self, identity: int) -> dict:
        contact = self.contacts[identity]
        stamp = _iso(contact.modified)
        return {
            "id": str(identity),
            "properties": {"email": f"p{identity}@canary.example", "lastmodifieddate": stamp, **contact.extra},
            "createdAt": "2020-01-01T00:00:00.000Z",
            "updatedAt": stamp,
            "archived": contact.archived,
        }

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return httpx.Response(401, json={"status": "error", "category": "INVALID_AUTHENTICATION"})
        if "/properties/" in path:
            return httpx.Response(200, json={"results": [self._property(name) for name in self.properties]})
        if "/associations/" in path:
            return self._associations(json.loads(request.content))
        if path.endswith("/search"):
            return self._search(json.loads(request.content))
        if path.endswith("/batch/read"):
            asked = [int(one["id"]) for one in json.loads(request.content)["inputs"]]
            found = [self.record(i) for i in asked if i in self.contacts and not self.contacts[i].archived]
            return httpx.Response(207, json={"status": "COMPLETE", "results": found, "errors": []})
        return self._list(request)

    def _property(self, name: str) -> dict:
        return {"name": name, "calculated": name in self.calculated}

    def _list(self, request: httpx.Request) -> httpx.Response:
        archived = request.url.params.get("archived") == "true"
        after, limit = int(request.url.params.get("after", 0)), int(request.url.params.get("limit", 10))
        ids = sorted(i for i, contact in self.contacts.items() if contact.archived == archived and i > after)
        body: dict = {"results": [self.record(i) for i in ids[:limit]]}
        if len(ids) > limit:
            body["paging"] = {"next": {"after": str(ids[limit - 1]), "link": "https://elsewhere.example/steal"}}
        return httpx.Response(200, json=body)

    def _search(self, asked: dict) -> httpx.Response:
        offset, limit = int(asked.get("after", 0)), asked["limit"]
        if offset + limit > self.cap:
            return httpx.Response(400, json={"status": "error", "category": "VALIDATION_ERROR"})
        ids = [
            i for i, contact in self.contacts.items() if self._shows(i, contact, asked["filterGroups"][0]["filters"])
        ]
        self.chance.shuffle(ids)
        by_id = asked["sorts"][0]["propertyName"] == "hs_object_id"
        ids.sort(key=lambda i: i if by_id else _filed(self.contacts[i]))
        body: dict = {"total": len(ids), "results": [self.record(i) for i in ids[offset : offset + limit]]}
        if offset + limit < len(ids):
            body["paging"] = {"next": {"after": str(offset + limit)}}
        return httpx.Response(200, json=body)

    def _shows(self, identity: int, contact: Contact, filters: list[dict]) -> bool:
        if contact.archived or (contact.indexed is not None and contact.indexed > self.now):
            return False
        for one in filters:
            value = identity if one["propertyName"] == "hs_object_id" else _filed(contact)
            low, high = int(one["value"]), int(one.get("highValue", 0))
            if low == 0 and one["propertyName"] != "hs_object_id":
                return False
            kept = {
                "EQ": value == low,
                "GT": value > low,
                "GTE": value >= low,
                "BETWEEN": low <= value <= high,
            }[one["operator"]]
            if not kept:
                return False
        return True

    def _associations(self, asked: dict) -> httpx.Response:
        """At most two companies an answer for each contact, the rest behind a token, which may be that of another."""
        results, errors = [], []
        for one in asked["inputs"]:
            others = self.companies_of.get(one["id"], [])
            start = int(one.get("after", "0"))
            if not others:
                errors.append({"category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"})
                continue
            result = {
                "from": {"id": one["id"]},
                "to": [{"toObjectId": other, "associationTypes": []} for other in others[start : start + 2]],
            }
            if start + 2 < len(others):
                result["paging"] = {"next": {"after": str(start + 2)}}
            results.append(result)
        return httpx.Response(207 if errors else 200, json={"results": results, "errors": errors})
