"""What the rows of the ladders say of whole records: deleted and restored, on deals, out of reach, named by nothing."""

from datetime import date, timedelta
from functools import cache
from typing import Any

import polars as pl

from tests.definitions.page.company import Company, ago, company, did
from tests.definitions.page.statements import Statement, checks
from tests.transforms.small_company import nothing_before, record

PEOPLE, DEALS = "Where a person stands", "Where an opportunity stands"
BEFORE = date(2026, 11, 1)
DROPPED = {"source_created_at": ago(300), "last_stage_change_at": ago(200), "source_close_date": date(2026, 12, 15)}


@cache
def living() -> Company:
    """People and deals, some of them deleted since the last run, one of each restored."""
    accounts = [
        record("account", "sf:account:1", name="Acme", same_as_keys=[]),
        record("account", "sf:account:2", name="Bought", same_as_keys=[]),
    ]
    return company(
        {
            "stays": {},
            "gone": {"is_deleted": True},
            "merged": {"is_deleted": True, "merged_into_key": "sf:contact:1"},
            "back": {},
            "buyer": {},
            "of an account that bought": {"account_key": "sf:account:2"},
            "of an account that did not": {"account_key": "sf:account:1"},
            "on an open deal": {},
            "on a lost deal": {},
            "on an abandoned deal": {},
            "converted": {"converted_opportunity_key": "sf:opportunity:3", "is_converted": True},
            "by e-mail": _unnamed(email="eve@firm.co"),
            "by a wrong e-mail": _unnamed(email="eve at firm"),
            "by phone": _unnamed(phone="+1 202 555 0100"),
            "by a wrong phone": _unnamed(phone="call me"),
            "by name and company": _unnamed(last_name="Lovelace", company_name="Firm"),
            "by name and account": _unnamed(last_name="Lovelace", account_key="sf:account:1"),
            "by name": _unnamed(last_name="Lovelace"),
            "by company": _unnamed(company_name="Firm"),
        },
        {
            "won": {"source_stage": "Won", "account_key": None, "roles": {"buyer": None}},
            "won by an account": {"source_stage": "Won", "account_key": "sf:account:2"},
            "open": {"account_key": None, "roles": {"on an open deal": None}},
            "lost": {"source_stage": "Lost", "account_key": None, "roles": {"on a lost deal": None}},
            "abandoned": {**DROPPED, "account_key": None, "roles": {"on an abandoned deal": None}},
            "deleted": {"is_deleted": True},
            "restored": {"account_key": None},
        },
        account=accounts,
        before=nothing_before(
            people=[
                ("sf:contact:2", "list_record", BEFORE),
                ("sf:contact:3", "list_record", BEFORE),
                ("sf:contact:4", "merged_or_deleted", BEFORE),
            ],
            deals=[("sf:opportunity:6", "active", BEFORE), ("sf:opportunity:7", "merged_or_deleted", BEFORE)],
        ),
        run_id="000002",
    )


def _unnamed(**told: Any) -> dict[str, Any]:
    """Recorded ten days ago, with no more to know a person by than is told."""
    return {"email": None, "source_created_at": ago(10), **told}


def class_of(name: str) -> str | None:
    row = living().person(name)
    return row["lifecycle_class"] if row else None


def changes(record_id: str) -> list[tuple[str, str]]:
    ledger = living().made.tables["fct_classification_change"].filter(pl.col("record_id") == record_id)
    return ledger.select("from_class", "to_class").rows()


GONE = ("merged_or_deleted",)


@checks(PEOPLE, "A record that its system merged away or deleted.", rows=GONE, columns=("Means",))
@checks(PEOPLE, "It is kept for the history and counted nowhere else.", rows=GONE, columns=("Why",))
def a_deleted_person_is_in_the_ledger_alone(statement: Statement) -> None:
    assert [class_of(name) for name in ("stays", "gone", "merged")] == ["list_record", None, None]
    assert changes("sf:contact:2") == [("list_record", "merged_or_deleted")]
    tables = living().made.tables
    mentions = {
        name: frame.filter(pl.col("person_id") == "sf:contact:2").height
        for name, frame in tables.items()
        if "person_id" in frame.columns
    }
    assert set(mentions.values()) == {0}
    assert tables["fct_hygiene_issue"].filter(record_id="sf:contact:2").is_empty()


@checks(PEOPLE, "The record is restored.", rows=GONE, columns=("Leaves it when",))
def a_restored_person_leaves_the_class(statement: Statement) -> None:
    assert (class_of("back"), changes("sf:contact:4")) == ("list_record", [("merged_or_deleted", "list_record")])


@checks(DEALS, "It is kept for the history and counted nowhere else.", rows=GONE, columns=("Why",))
def a_deleted_deal_is_in_the_ledger_alone(statement: Statement) -> None:
    assert (living().deal("deleted"), changes("sf:opportunity:6")) == (None, [("active", "merged_or_deleted")])
    snapshots = living().made.tables["fct_opportunity_daily_snapshot"]["opportunity_id"].to_list()
    assert ("sf:opportunity:6" in snapshots, "sf:opportunity:7" in snapshots) == (False, True)


@checks(PEOPLE, "Bought, or belongs to an account that bought.", rows=("customer",), columns=("Means",))
def a_customer_bought_or_is_of_an_account_that_did(statement: Statement) -> None:
    names = ("buyer", "of an account that bought", "of an account that did not", "on a lost deal")
    assert [class_of(name) for name in names] == ["customer", "customer", "list_record", "list_record"]


@checks(PEOPLE, "On an open deal.", rows=("in_opportunity",), columns=("Means",))
@checks(PEOPLE, "The deal is closed or abandoned.", rows=("in_opportunity",), columns=("Leaves it when",))
def only_who_is_on_an_open_deal_is_in_opportunity(statement: Statement) -> None:
    deals = [living().deal(name) for name in ("open", "lost", "abandoned")]
    assert [row and row["pipeline_class"] for row in deals] == ["active", "closed_lost", "abandoned"]
    names = ("on an open deal", "converted", "on a lost deal", "on an abandoned deal", "stays")
    assert [class_of(name) == "in_opportunity" for name in names] == [True, True, False, False, False]


UNKNOWN = ("unclassifiable",)


@checks(
    PEOPLE,
    "Nothing to recognise a person by - no e-mail, no phone, no name with a company.",
    rows=UNKNOWN,
    columns=("Means",),
)
@checks(PEOPLE, "What cannot be recognised can be neither counted nor called.", rows=UNKNOWN, columns=("Why",))
def who_can_be_recognised_is_classified(statement: Statement) -> None:
    known = ("by e-mail", "by phone", "by name and company", "by name and account")
    nobody = ("by a wrong e-mail", "by a wrong phone", "by name", "by company")
    assert [class_of(name) for name in known] == ["list_record"] * len(known)
    assert [class_of(name) for name in nobody] == ["unclassifiable"] * len(nobody)


@checks(
    PEOPLE,
    "S2 - acceptance and qualification are two steps, and each has its own clock.",
    rows=("sal",),
    columns=("Why",),
)
def acceptance_and_qualification_have_days_of_their_own(statement: Statement) -> None:
    made = company(
        {"both": {"sales_accepted_at": ago(9), "sales_qualified_at": ago(4)}, "one": {"sales_accepted_at": ago(9)}}
    )
    rows = [made.person(name) for name in ("both", "one")]
    days = [(row["sales_accepted_on"], row["sales_qualified_on"]) for row in rows if row]
    assert days == [(ago(9).date(), ago(4).date()), (ago(9).date(), None)]


@checks(DEALS, "S1, S4 - as the stage table says, never the name of the stage.", rows=("closed_won",), columns=("Why",))
def a_deal_is_won_as_the_stage_table_says(statement: Statement) -> None:
    table = [
        record("stage", f"sf:stage:{name}", source_stage=name, stage_name=name, canonical_stage=canonical,
               is_closed=canonical == "closed_won", is_won=canonical == "closed_won")
        for name, canonical in (("Closed Won", "proposal"), ("Signed", "closed_won"))
    ]  # fmt: skip
    made = company(deals={name: {"source_stage": name} for name in ("Closed Won", "Signed")}, stage=table)
    rows = [made.deal(name) for name in ("Closed Won", "Signed")]
    assert [row and row["pipeline_class"] for row in rows] == ["active", "closed_won"]


@checks(PEOPLE, "S4 - silence is defined in its own section.", rows=("dead",), columns=("Why",))
def silence_counts_by_its_own_limits(statement: Statement) -> None:
    made = company({"silent": {"source_created_at": ago(180)}, "not yet": {"source_created_at": ago(179)}})
    rows = [made.person(name) for name in ("silent", "not yet")]
    assert [row and row["lifecycle_class"] for row in rows] == ["dead", "list_record"]


SILENT = {"source_created_at": ago(400)}
BOUNCED = {"email_bounced_at": ago(40), "source_created_at": ago(90)}


@checks(
    PEOPLE,
    "The person asks for something, sales takes the person up (accepts, qualifies or converts), or a valid new channel "
    "is found; where a source tells the latest move only, any move.",
    "Our own mails do not wake the dead.",
    rows=("dead",),
    columns=("Leaves it when",),
)
def what_wakes_the_dead(statement: Statement) -> None:
    cases = {
        "silent": (SILENT, True),
        "asked": ({**SILENT, "acts": [did("demo_request", 3)]}, False),
        "accepted": ({**SILENT, "sales_accepted_at": ago(3)}, False),
        "qualified": ({**SILENT, "sales_qualified_at": ago(3)}, False),
        "converted": ({**SILENT, "converted_at": ago(3)}, False),
        "clicked": ({**SILENT, "acts": [did("email_click", 3)]}, True),
        "clicked, as the latest move": ({**SILENT, "acts": [did("email_click", 3, is_inferred=True)]}, False),
        "mailed": ({**SILENT, "acts": [did("email", 3, "outbound")]}, True),
        "opened our mail": ({**SILENT, "acts": [did("email_open", 3)]}, True),
        "bounced": (BOUNCED, True),
        "bounced, with a phone": ({**BOUNCED, "phone": "+1 202 555 0100"}, False),
    }
    made = company({name: told for name, (told, _) in cases.items()})
    rows = {name: made.person(name) for name in cases}
    dead = {name: row["lifecycle_class"] == "dead" for name, row in rows.items() if row}
    assert dead == {name: is_dead for name, (_, is_dead) in cases.items()}


@checks(DEALS, "A placeholder is no date.", rows=("no_close_date",), columns=("Why",))
def a_placeholder_leaves_a_deal_undated(statement: Statement) -> None:
    days = {"placeholder": date(1970, 1, 2), "real": date(2026, 11, 22) + timedelta(days=9)}
    made = company(deals={name: {"source_close_date": day} for name, day in days.items()})
    rows = [made.deal(name) for name in days]
    assert [row and row["pipeline_class"] for row in rows] == ["no_close_date", "active"]
