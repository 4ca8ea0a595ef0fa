"""A company made of the cases of a check, computed by the whole pipeline: the rows of its people and deals by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from tests.transforms.small_company import AS_OF, COMPANY, Computed, assembled, deal, person, record, stage

Told = Mapping[str, Any]
STAGES = [
    stage("Contact", "initial_contact", probability=None),
    stage("Qualify", "qualification", probability=None),
    stage("Meet", "meeting_discovery", probability=None),
    stage("Offer", "proposal", probability=None),
    stage("Sign", "closing", probability=None),
    stage("Won", "closed_won", is_closed=True, is_won=True, probability=None),
    stage("Lost", "closed_lost", is_closed=True, probability=None),
]


def ago(days: float) -> datetime:
    """Noon in UTC of the day so many days before the date of the report, which is that day in New York too."""
    return datetime(AS_OF.year, AS_OF.month, AS_OF.day, 12, tzinfo=UTC) - timedelta(days=days)


def did(activity_type: str, days_ago: float, direction: str = "inbound", **given: Any) -> Told:
    """An activity, for the `acts` of a person or deal."""
    usual = {"direction": direction, "is_completed": True, "is_inferred": False, "occurred_at": ago(days_ago)}
    return {"activity_type": activity_type, **usual, **given}


@dataclass(frozen=True)
class Company:
    """Rows by the name of the case; None where a case has no row."""

    made: Computed

    def person(self, name: str) -> dict[str, Any] | None:
        return _row(self.made.tables["dim_person"], "title", name)

    def deal(self, name: str) -> dict[str, Any] | None:
        return _row(self.made.tables["fct_opportunity"], "name", name)

    def rules(self, row: Mapping[str, Any] | None, key: str) -> set[str]:
        """Rules that the record of a row fails."""
        assert row is not None
        issues = self.made.tables["fct_hygiene_issue"].filter(record_id=row[key])
        return set(issues["rule_id"])


def company(people: Mapping[str, Told] | None = None, deals: Mapping[str, Told] | None = None, **told: Any) -> Company:
    """Compute a company of these people and deals, each known by its name, and nobody else.

    A person or deal is fields of its record, and besides: `acts` (see `did`), `roles` of a deal (name of a person to
    their role), `records` of a person (further records, `key` is what their key begins with). `told` has whole
    `account`, `owner` or `stage` records, and more of `assembled`.
    """
    keys = {name: f"sf:contact:{place}" for place, name in enumerate(people or {}, start=1)}
    deal_keys = {name: f"sf:opportunity:{place}" for place, name in enumerate(deals or {}, start=1)}
    persons, held, links, acts = [], [], [], []
    for name, case in (people or {}).items():
        usual = {"title": name, "email": f"{keys[name].rpartition(':')[2]}@firm.co"}
        persons.append(person(keys[name], **{**usual, **_fields(case)}))
        further = case.get("records", ())
        persons += [person(f"{also.get('key', 'hs:contact:')}{name}", **_fields(also)) for also in further]
        acts += [{"person_key": keys[name], **act} for act in case.get("acts", ())]
    for name, case in (deals or {}).items():
        held.append(deal(deal_keys[name], **{"name": name, **_fields(case)}))
        acts += [{"opportunity_key": deal_keys[name], **act} for act in case.get("acts", ())]
        links += [_link(deal_keys[name], keys[who], role) for who, role in case.get("roles", {}).items()]
    made = {
        "owner": told.pop("owner", COMPANY["owner"]),
        "stage": told.pop("stage", STAGES),
        "account": told.pop("account", COMPANY["account"]),
        "person": persons or [person("sf:contact:0", email="nobody@firm.co")],
        "opportunity": held or [deal("sf:opportunity:0")],
        "association": links,
        "activity": [record("activity", f"sf:task:{place}", **act) for place, act in enumerate(acts)],
    }
    return Company(assembled({kind: rows for kind, rows in made.items() if rows}, **told))


def _link(deal_key: str, person_key: str, role: str | None) -> dict[str, Any]:
    given = {"association_type": "opportunity_person", "from_key": deal_key, "to_key": person_key, "role": role}
    ends = "/".join(key.rpartition(":")[2] for key in (deal_key, person_key))
    return record("association", f"sf:contact_role:{ends}", is_primary=False, **given)


def _fields(case: Told) -> dict[str, Any]:
    return {field: value for field, value in case.items() if field not in ("acts", "roles", "records", "key")}


def _row(frame: pl.DataFrame, column: str, name: str) -> dict[str, Any] | None:
    rows = frame.filter(pl.col(column) == name).to_dicts()
    assert len(rows) <= 1, name
    return rows[0] if rows else None
