"""What the names in the tests mean, each by records on both sides, computed by the whole pipeline."""

# ruff: noqa: E501  # in a table, a case a line reads best

from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl
import pytest

from definitions.errors import ConfigurationError
from definitions.predicates.predicate import parse
from definitions.schema.columns import COLUMNS
from definitions.schema.facets import DERIVED, facets_of
from tests.definitions.handoff_records import HANDOFF
from tests.definitions.page.company import STAGES, Company, ago, company, did
from tests.definitions.page.statements import Statement, checks
from tests.transforms.small_company import AS_OF, record
from transforms.classify.predicates import compile_facet
from transforms.frames import schema_of

SECTION = "What the names in the tests mean"
PHONE = "+1 202 555 0100"
OWNERS = [
    record("owner", f"sf:user:{place}", is_active=is_active, is_queue=is_queue, same_as_keys=[])
    for place, (is_active, is_queue) in enumerate([(True, False), (False, False), (True, True)], start=1)
]
ACCOUNTS = [
    record("account", "sf:account:1", name="Acme", same_as_keys=[], employees=500, industry="Tools"),
    record("account", "sf:account:2", name="Bought", same_as_keys=[], claims_customer=True),
]
PEOPLE: dict[str, dict[str, Any]] = {
    "plain": {"email": " Ada@B\u00dcCHER.de ", "source_country": "Germany"},
    "told nothing of": {"email": None, "source_country": "Atlantis", "source_created_at": ago(40)},
    "personal": {"email": "ada@gmail.com"},
    "disposable": {"email": "ada@mailinator.com"},
    "wrong e-mail": {"email": "eve at firm", "phone": "call me", "source_created_at": ago(10)},
    "phone": {"email": None, "phone": PHONE},
    "of Acme": {"account_key": "sf:account:1"},
    "of a customer": {"account_key": "sf:account:2"},
    "dated": {
        "mql_at": ago(9), "sales_accepted_at": ago(8), "disqualified_at": ago(7), "recycled_at": ago(6),
        "lead_status": "working", "is_converted": True, "claimed_class": "mql", "claims_customer": True,
        "purchase_date": AS_OF + timedelta(days=30), "email": "two@firm.co",
        "budget_status": "allocated", "authority_status": "dm_direct", "need_status": "acknowledged", "timeline_status": "near",
        "records": [{"email": "two@firm.co", "mql_at": ago(5), "sales_accepted_at": ago(4)}, {"key": "hs:gone:", "email": "two@firm.co", "is_deleted": True}],
    },
    "in one system twice": {"email": "twice@firm.co", "records": [{"key": "sf:lead:", "email": "twice@firm.co"}]},
    "active": {"acts": [did("demo_request", 5), did("web_visit", 3), did("call", 2, "outbound"), did("email_open", 1)]},
    "phoned": {"acts": [did("inbound_call", 5)]},
    "met": {"acts": [did("meeting", 5)]},
    "to be met": {"acts": [did("meeting", 5, is_completed=False)]},
    "silent": {"source_created_at": ago(200)},
    "bounced": {"email_bounced_at": ago(35)},
    "bounced, with a phone": {"email_bounced_at": ago(35), "phone": PHONE},
    "opted out": {"has_opted_out_of_email": True},
    "not to be contacted": {"has_opted_out_of_email": True, "phone": PHONE, "do_not_call": True},
    "deleted": {"is_deleted": True},
    "owner": {"owner_key": "sf:user:1"},
    "owner who left": {"owner_key": "sf:user:2"},
    "queue": {"owner_key": "sf:user:3"},
    "in a role": {},
    "converted": {"converted_opportunity_key": "sf:opportunity:1"},
    "in a role on a lost deal": {},
    "buyer": {},
}  # fmt: skip
DEALS: dict[str, dict[str, Any]] = {
    "open": {"roles": {"in a role": None}, "amount": Decimal(70), "currency_code": "EUR", "source_created_at": ago(50), "push_count": 2,
             "last_activity_at": None, "acts": [did("call", 4, "outbound")], "forecast_category": "commit"},
    "lost": {"source_stage": "Lost", "roles": {"in a role on a lost deal": None}, "loss_reason": "Too expensive", "account_key": None},
    "won": {"source_stage": "Won", "roles": {"buyer": None}, "account_key": None},
    "won by Bought": {"source_stage": "Won", "account_key": "sf:account:2"},
    "unasked": {"need_status": None, "budget_status": "none", "next_step": "tbd", "source_close_date": date(1970, 1, 1), "last_stage_change_at": ago(9),
                "source_created_at": ago(60), "last_activity_at": None, "owner_key": "sf:user:2"},
    "of no known stage": {"source_stage": "Beyond", "is_closed": True, "is_won": True, "account_key": None},
    "closed by its own word": {"source_stage": "Offer", "is_closed": True, "is_won": True, "account_key": None},
    "deleted deal": {"is_deleted": True},
}  # fmt: skip
# By name: the person or deal, and the value it has; at least one on each side of what the name means.
MEANS: dict[str, list[tuple[str, Any]]] = {
    "account_id": [("of Acme", "sf:account:1"), ("plain", None), ("open", "sf:account:1"), ("won", None)],
    "amount": [("open", Decimal(70)), ("won", Decimal(1000))],
    "authority_status": [("dated", "dm_direct"), ("plain", None)],
    "budget_status": [("dated", "allocated"), ("unasked", "none"), ("plain", None)],
    "claimed_class": [("dated", "mql"), ("plain", None), ("open", "active"), ("lost", "closed_lost"), ("won", "closed_won")],
    "claims_customer": [("dated", True), ("of a customer", True), ("plain", None)],
    "close_date": [("open", date(2026, 12, 15)), ("unasked", None)],
    "contact_count": [("open", 2), ("unasked", 0)],
    "country": [("plain", "DE"), ("told nothing of", None)],
    "disqualified_on": [("dated", ago(7).date()), ("plain", None)],
    "email_domain": [("plain", "xn--bcher-kva.de"), ("told nothing of", None)],
    "email_domain_type": [("plain", "business"), ("personal", "personal"), ("disposable", "disposable")],
    "email_normalised": [("plain", "ada@xn--bcher-kva.de"), ("told nothing of", None)],
    "engagement_level": [("plain", "none"), ("active", "proactive")],
    "engagement_score": [("plain", 0), ("active", 65)],
    "fit_score": [("told nothing of", 0), ("of Acme", 70)],
    "forecast_category": [("open", "commit"), ("unasked", "best_case"), ("lost", "omitted"), ("won", "closed")],
    "has_discovery": [("active", True), ("met", True), ("to be met", False), ("phoned", False), ("plain", False)],
    "has_identity": [("plain", True), ("phone", True), ("wrong e-mail", False), ("told nothing of", False)],
    "has_open_opportunity": [("in a role", True), ("converted", True), ("in a role on a lost deal", False), ("plain", False)],
    "has_won_opportunity": [("buyer", True), ("of a customer", True), ("in a role", False)],
    "icp_fit": [("of Acme", "low_quality"), ("disposable", "fail"), ("plain", "unknown")],
    "is_closed": [("lost", True), ("open", False), ("closed by its own word", False), ("of no known stage", True)],
    "is_won": [("won", True), ("lost", False), ("closed by its own word", False), ("of no known stage", True)],
    "is_open": [("open", True), ("lost", False), ("won", False)],
    "is_converted": [("dated", True), ("plain", None)],
    "is_email_valid": [("plain", True), ("wrong e-mail", False), ("told nothing of", None)],
    "last_outbound_on": [("active", ago(2).date()), ("phoned", None)],
    "last_proactive_on": [("active", ago(5).date()), ("met", None)],
    "lead_status": [("dated", "working"), ("plain", None)],
    "lifecycle_class": [("plain", "list_record"), ("wrong e-mail", "unclassifiable"), ("buyer", "customer")],
    "loss_family": [("lost", "price"), ("open", None)],
    "loss_reason": [("lost", "Too expensive"), ("open", None)],
    "missing_criteria_count": [("open", 0), ("unasked", 2)],
    "mql_latest_on": [("dated", ago(5).date()), ("plain", None)],
    "need_status": [("dated", "acknowledged"), ("open", "acknowledged"), ("unasked", None)],
    "next_step": [("open", "Sign"), ("unasked", None)],
    "owner_state": [("owner", "active"), ("owner who left", "inactive"), ("queue", "queue"), ("plain", "none"), ("unasked", "inactive")],
    "phone_e164": [("phone", "+12025550100"), ("wrong e-mail", None)],
    "pipeline_class": [("won", "closed_won"), ("unasked", "no_close_date")],
    "push_count": [("open", 2), ("unasked", 0)],
    "reachability": [
        ("plain", "ok"), ("phone", "ok"), ("told nothing of", "no_channel"), ("bounced", "hard_bounced"), ("bounced, with a phone", "ok"),
        ("opted out", "opted_out"), ("not to be contacted", "do_not_contact"),
    ],
    "record_count": [("dated", 2), ("in one system twice", 2), ("plain", 1)],
    "recycled_on": [("dated", ago(6).date()), ("plain", None)],
    "sales_accepted_on": [("dated", ago(8).date()), ("plain", None)],
    "source_count": [("dated", 2), ("in one system twice", 1), ("plain", 1)],
    "stage_age_limit_days": [("open", 30), ("lost", None)],
    "stage_order": [("open", 4), ("won", 6)],
    "timeline_status": [("dated", "near"), ("plain", None)],
    "title": [("plain", "plain"), ("phone", "phone")],
    "days_in_stage": [("unasked", 9), ("of no known stage", 7)],
    "days_overdue": [("open", -23), ("unasked", None)],
    "days_silent": [("silent", 20), ("plain", None)],
    "days_since_activity": [("active", 1), ("plain", None), ("open", 4), ("unasked", 60)],
    "days_since_change": [("unasked", 9), ("open", 7)],
    "days_since_inbound": [("active", 3), ("plain", None)],
    "days_since_mql": [("dated", 5), ("plain", None)],
    "days_since_proactive": [("active", 5), ("met", None)],
    "days_to_close": [("open", 23), ("unasked", None)],
    "days_unreachable": [("told nothing of", 40), ("bounced", 35), ("bounced, with a phone", None), ("plain", None)],
    "purchase_days_ahead": [("dated", 30), ("plain", None)],
}  # fmt: skip


@cache
def world() -> Company:
    return company(PEOPLE, DEALS, account=ACCOUNTS, owner=OWNERS, stage=STAGES)


def value(name: str, whose: str) -> Any:
    row = world().deal(whose) if whose in DEALS else world().person(whose)
    assert row is not None, whose
    column = DERIVED[name].column if name in DERIVED else name
    return (
        pl.DataFrame({column: [row[column]]}, schema=schema_of((COLUMNS[column],)))
        .select(compile_facet(name, AS_OF))
        .item()
    )


@checks(SECTION, rows=tuple(MEANS), columns=("Means",))
def a_name_means_what_the_page_says(statement: Statement) -> None:
    cases = MEANS[statement.row]
    assert len({expected for _, expected in cases}) > 1
    assert [(whose, value(statement.row, whose)) for whose, _ in cases] == cases


@checks(SECTION, rows=("is_deleted",), columns=("Means",))
def what_the_source_deleted_is_held_no_more(statement: Statement) -> None:
    assert [world().person("deleted"), world().deal("deleted deal")] == [None, None]
    assert [value("is_deleted", whose) for whose in ("plain", "open")] == [False, False]


@checks(SECTION, rows=("industry", "employees"), columns=("Means",))
def these_are_of_the_account(statement: Statement) -> None:
    accounts = world().made.tables["dim_account"].sort("account_id")
    assert accounts[statement.row].to_list() == [{"industry": "Tools", "employees": 500}[statement.row], None]


@checks(SECTION, columns=("Means",), rows=tuple(DERIVED))
def a_counter_has_whole_days_between_its_two_days(statement: Statement) -> None:
    counter = DERIVED[statement.row]
    sides = ("the date of the report" if side == "as_of" else f"`{side}`" for side in (counter.earlier, counter.later))
    earlier, later = sides
    if statement.text.startswith("Whole days"):
        assert statement.text == f"Whole days from {earlier} to {later}."
    sign = 1 if counter.later == "as_of" else -1
    days = pl.DataFrame({counter.column: [AS_OF - timedelta(days=7), AS_OF, AS_OF + timedelta(days=7), None]})
    assert days.select(compile_facet(statement.row, AS_OF)).to_series().to_list() == [7 * sign, 0, -7 * sign, None]


VALUED = tuple(name for name in MEANS if name in COLUMNS and COLUMNS[name].values)


@checks(SECTION, columns=("Means",), rows=VALUED)
def a_name_has_one_of_its_words(statement: Statement) -> None:
    name = statement.row
    if not statement.text.startswith("One of "):
        return
    listed = statement.text.removeprefix("One of ").removesuffix(".").replace(" and ", ", ").split(", ")
    kind = "person" if name in facets_of("person") else "opportunity"
    for word in listed:
        if word == "unknown":
            with pytest.raises(ConfigurationError, match="read as null"):
                parse(f"{name} = 'unknown'", kind)
        else:
            assert parse(f"{name} = '{word}'", kind)
    with pytest.raises(ConfigurationError):
        parse(f"{name} = 'a word of no vocabulary'", kind)
    ladder = {"lifecycle_class": HANDOFF.people, "pipeline_class": HANDOFF.opportunities}.get(name)
    expected = [rule.name for rule in ladder] if ladder else list(COLUMNS[name].values)
    assert listed == expected
