"""The head and the foot of the page: draft or signed, how to read a test, days, amounts and years, the fingerprint."""

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl

from definitions.agreement.load import load_text
from definitions.agreement.model import Definitions
from definitions.agreement.page.page import render_markdown
from definitions.fingerprint import fingerprint_of_text
from definitions.predicates.predicate import parse
from flows.alerts.digests import body, digests, readers, subject
from flows.alerts.message_text import MessageContext
from tests.definitions.handoff_records import ACCEPTED, ASKED, HANDOFF, OPEN
from tests.definitions.page.classified import deal, deal_class, person, person_class
from tests.definitions.page.company import ago, company, did
from tests.definitions.page.criteria import NOBODY_ASKED
from tests.definitions.page.statements import OPENING, Statement, checks
from tests.transforms.issues import issues_of, owners_of
from tests.transforms.small_company import AS_OF
from transforms.classify.predicates import compile_predicate

SECTION, FOOT = "How to read this page", "Signatures"


def signed_by(*teams: str) -> Definitions:
    """The shipped profile with a status and signatures of these teams; none is a draft."""
    names = ", ".join(f"{{team: {team}, name: Ada, on: 2026-01-01}}" for team in teams)
    status = "approved" if len(teams) > 1 else "draft"
    signed = HANDOFF.text.replace("status: draft ", f"status: {status}").replace("by: [] ", f"by: [{names}]")
    return load_text(signed, "signed.yaml")


@checks(OPENING, "**This is a draft.** Until marketing and sales have signed it, every report made from it says so.")
def reports_say_draft_until_both_have_signed(statement: Statement) -> None:
    due = readers(issues_of({"rule_id": "OPP-01"}), owners_of()).with_columns(
        target=pl.lit(None, pl.String), repeats=pl.lit(None, pl.String)
    )
    (digest,) = digests(due, limit=5)
    for teams, is_draft in (((), True), (("marketing",), True), (("marketing", "sales"), False)):
        agreed = signed_by(*teams)
        edition = MessageContext(as_of=AS_OF, currency="USD", definitions=agreed.profile, is_draft=agreed.is_draft)
        said = (subject(digest, edition).startswith("[draft definitions] "), "DRAFT: " in body(digest, edition))
        assert said == (is_draft, is_draft)
        assert (statement.text in render_markdown(agreed)) is is_draft


@checks(
    OPENING,
    "Marketing vets a lead (MQL), sales accepts it and talks to the buyer (SQL), the conversation confirms need, "
    "budget and authority, and only then an opportunity counts.",
)
def a_lead_goes_this_way(statement: Statement) -> None:
    accepted = {**ASKED, **ACCEPTED}
    steps = [ASKED, accepted, {**accepted, "has_discovery": True}]
    assert [person_class(told) for told in steps] == ["mql", "sal", "sql"]
    for told, counts in ((NOBODY_ASKED, False), ({}, True)):
        assert (deal(told)["is_forecast_eligible"], deal(told)["pipeline_class"] == "active") == (counts, counts)


@checks(OPENING, "A name on a list is not a lead, and a deal without a date is not in the forecast.")
def names_and_undated_deals_do_not_count(statement: Statement) -> None:
    assert (person_class({}), person_class({**ACCEPTED, "sales_accepted_on": None})) == ("list_record", "lead")
    assert [deal(told)["is_forecast_eligible"] for told in ({}, {"close_date": None})] == [True, False]


def answers(test: str, **columns: list[object]) -> list[bool | None]:
    frame = pl.DataFrame(columns, schema_overrides={"amount": pl.Decimal(18, 2), "is_won": pl.Boolean})
    return frame.select(compile_predicate(parse(test, "opportunity"), AS_OF)).to_series().to_list()


@checks(SECTION, "The last section but one says what each name in it means.")
def every_name_is_explained_in_the_last_section_but_one(statement: Statement) -> None:
    titles = [line for line in render_markdown(HANDOFF).splitlines() if line.startswith("## ")]
    assert titles[-2] == "## What the names in the tests mean"
    explained = {
        row.split("`")[1] for row in render_markdown(HANDOFF).split(titles[-2])[1].splitlines() if row.startswith("| `")
    }
    tests = [
        rule.when for rule in (*HANDOFF.people, *HANDOFF.opportunities, *HANDOFF.hygiene, *HANDOFF.fit) if rule.when
    ]
    tests += [rule.critical_when for rule in HANDOFF.hygiene if rule.critical_when]
    tests += [criterion.met for criterion in HANDOFF.criteria.values()]
    tests += [test for test in (HANDOFF.icp.fails, HANDOFF.icp.passes, HANDOFF.icp.low_quality) if test]
    assert explained == {name for test in tests for name in test.names}


@checks(SECTION, "`null` means nobody knows.", "A test answers yes, no or unknown, and only yes counts.")
def only_yes_counts(statement: Statement) -> None:
    assert answers("amount > 5", amount=[Decimal(6), Decimal(5), None]) == [True, False, None]
    days = {"last_meaningful_change_on": None, "close_date": None}
    assert [deal_class({**OPEN, **days}), deal(days)["class_reasons"].split("; ")[5]] == [
        "no_close_date",
        "abandoned=unknown",
    ]


@checks(SECTION, "The word `unknown` in a field is read as `null`.")
def the_word_unknown_is_null(statement: Statement) -> None:
    told = {"loss_family": ["unknown", "other", None]}
    assert answers("loss_family = 'other'", **told) == [None, True, None]
    assert answers("loss_family is null", **told) == [True, False, True]


@checks(SECTION, "`and` needs both sides, `or` one of them.")
def and_needs_both_and_or_needs_one(statement: Statement) -> None:
    sides = {"is_open": [True, True, False, True], "is_won": [True, False, False, None]}
    assert answers("is_open and is_won", **sides) == [True, False, False, None]
    assert answers("is_open or is_won", **sides) == [True, True, False, True]


@checks(SECTION, "`coalesce(a, b)` is the first of the two that is known.")
def coalesce_is_the_first_that_is_known(statement: Statement) -> None:
    told = {"is_won": [True, False, None, None], "is_open": [False, True, True, None]}
    assert answers("coalesce(is_won, is_open)", **told) == [True, False, True, None]


@checks(SECTION, "`like` compares text with a pattern, in which `%` stands for any text.")
def like_compares_with_a_pattern(statement: Statement) -> None:
    assert answers("name like 'VP%'", name=["VP Sales", "VP", "EVP", "vp", None]) == [True, True, False, False, None]
    assert answers("name like '%CEO%'", name=["CEO", "the CEO here", "CO"]) == [True, True, False]


@checks(SECTION, "Where the words beside a test say more or less than it does, the test decides.")
def the_test_decides(statement: Statement) -> None:
    reworded = HANDOFF.text.replace("means: Real, but a year or more away.", "means: Never mind the date.")
    assert reworded != HANDOFF.text
    assert load_text(reworded, "reworded.yaml").opportunities[8].when == HANDOFF.opportunities[8].when
    assert person({"has_won_opportunity": True})["reason"].startswith("has_won_opportunity or claims_customer: ")


@checks(
    SECTION,
    "A day is a day in America/New_York, amounts are reported in USD, and the fiscal year starts in month 2.",
)
def days_amounts_and_years_are_those_of_the_page(statement: Statement) -> None:
    acts = {
        "before midnight": datetime(2026, 11, 2, 4, 30, tzinfo=UTC),
        "after": datetime(2026, 11, 2, 5, 30, tzinfo=UTC),
    }
    amounts = {"dollars": "USD", "euros": "EUR", "pounds": "GBP"}
    made = company(
        {name: {"acts": [did("reply", 0, occurred_at=at)]} for name, at in acts.items()},
        {name: {"amount": Decimal(100), "currency_code": code} for name, code in amounts.items()},
        rates={"EUR": 1.5},
    )
    days = [row["last_inbound_on"] for row in map(made.person, acts) if row]
    assert days == [date(2026, 11, 1), date(2026, 11, 2)]
    corporate = [row["amount_corporate"] for row in map(made.deal, amounts) if row]
    assert corporate == [Decimal(100), Decimal(150), None]
    calendar = {row["calendar_date"]: row for row in made.made.tables["dim_date"].to_dicts()}
    january, february = (calendar[date(2027, month, 1)] for month in (1, 2))
    assert (january["fiscal_year"], february["fiscal_year"], february["fiscal_quarter"]) == (2027, 2028, 1)
    assert ago(0).date() == AS_OF


@checks(FOOT, f"Fingerprint of what is agreed: `{HANDOFF.text_sha256}`.")
def the_fingerprint_is_that_of_the_file(statement: Statement) -> None:
    edited = HANDOFF.text.replace("lead_days: 180", "lead_days: 90")
    assert f"`{fingerprint_of_text(HANDOFF.text, 'handoff')}`" in statement.text
    assert statement.text in render_markdown(signed_by("marketing", "sales"))
    assert statement.text not in render_markdown(load_text(edited, "edited.yaml"))
