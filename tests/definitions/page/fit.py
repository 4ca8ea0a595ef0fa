"""Who fits the ideal customer, and what earns points."""

from datetime import timedelta
from typing import Any

import polars as pl

from tests.definitions.handoff_records import AS_OF, HANDOFF
from tests.definitions.page.statements import Statement, checks
from transforms.facets.engagement import clocks
from transforms.facets.person import with_score

SECTION = "Who fits, and how that is scored"
IDEAL = {"employees": 50, "industry": "Tools", "country": "US"}
FITS: dict[str, list[tuple[dict[str, Any], str]]] = {
    "fail": [
        ({**IDEAL, "employees": 9}, "fail"),
        ({**IDEAL, "employees": 10}, "low_quality"),
        ({**IDEAL, "email_domain_type": "disposable"}, "fail"),
        ({**IDEAL, "email_domain_type": "personal"}, "pass"),
    ],
    "pass": [
        (IDEAL, "pass"),
        ({**IDEAL, "employees": 5000}, "pass"),
        ({**IDEAL, "employees": 5001}, "low_quality"),
        ({**IDEAL, "employees": 49}, "low_quality"),
        ({**IDEAL, "industry": None}, "low_quality"),
        ({**IDEAL, "country": None}, "low_quality"),
    ],
    "low_quality": [({"employees": 10}, "low_quality"), ({**IDEAL, "employees": None}, "unknown"), (IDEAL, "pass")],
}
TITLES = "title like '%Chief%' or title like '%CEO%' or title like '%CFO%' or title like 'VP%' or title like '%President%' or title like '%Director%' or title like 'Head of%' or title like 'Owner%'"  # noqa: E501  # as on the page
# By test: who earns the points, and who is just beside them.
EARNS: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "employees between 50 and 5000": (
        [{"employees": 50}, {"employees": 5000}],
        [{"employees": 9}, {"employees": 5001}, {}],
    ),
    "employees between 10 and 49": ([{"employees": 10}, {"employees": 49}], [{"employees": 9}, {"employees": 5001}]),
    TITLES: (
        [
            {"title": title}
            for title in (
                "Chief Revenue Officer", "CEO", "CFO and co-founder", "VP Sales", "Vice President", "Sales Director",
                "Head of Sales", "Owner",
            )
        ],
        [{"title": title} for title in ("Clerk", "Assistant to the VP", "Department Head", "Product Owner")],
    ),
    "title like '%Manager%'": ([{"title": "Sales Manager"}], [{"title": "Clerk"}]),
    "email_domain_type = 'business'": (
        [{"email_domain_type": "business"}],
        [{"email_domain_type": "personal"}, {"email_domain_type": "disposable"}, {}],
    ),
    "industry is not null": ([{"industry": "Tools"}], [{}]),
}  # fmt: skip


def fit_of(**told: Any) -> dict[str, Any]:
    known = {name: told.get(name) for name in ("title", "email_domain_type", "country")}
    people = pl.DataFrame(
        [{"person_id": "ada", "account_id": "acme", **known}], schema_overrides=dict.fromkeys(known, pl.String)
    )
    accounts = pl.DataFrame(
        {"account_id": ["acme"], "industry": [told.get("industry")], "employees": [told.get("employees")]},
        schema_overrides={"industry": pl.String, "employees": pl.Int64},
    )
    return with_score(people, accounts, HANDOFF, as_of=AS_OF).row(0, named=True)


@checks(SECTION, rows=("fail", "pass", "low_quality"), columns=("Test",))
def a_test_gives_its_fit_and_no_other(statement: Statement) -> None:
    cases = FITS[statement.row]
    assert {expected == statement.row for _, expected in cases} == {True, False}
    assert [(told, fit_of(**told)["icp_fit"]) for told, _ in cases] == cases


@checks(SECTION, "Fit with the ideal customer is the first of these whose test answers yes; otherwise it is unknown.")
def the_first_yes_is_the_fit(statement: Statement) -> None:
    assert fit_of(**IDEAL, email_domain_type="disposable")["icp_fit"] == "fail"
    assert fit_of(**IDEAL)["icp_fit"] == "pass"
    assert fit_of(industry="Tools", country="US")["icp_fit"] == "unknown"


@checks(
    SECTION,
    "S4 - industry, size and location; a company that lacks one of them is of low quality at best.",
    "A person who fits is a prospect, wherever else the person stands (S1).",
)
def who_lacks_one_of_the_three_does_not_fit(statement: Statement) -> None:
    assert (fit_of(**IDEAL)["icp_fit"], fit_of(**IDEAL)["is_prospect"]) == ("pass", True)
    for lacking in IDEAL:
        told = fit_of(**{**IDEAL, lacking: None})
        assert (told["icp_fit"] in ("low_quality", "unknown"), told["is_prospect"]) == (True, False)


@checks(SECTION, rows=tuple(EARNS), columns=("Test", "Points"))
@checks(
    SECTION,
    "S4 - the organisation must be known to be checked; a private mailbox tells nothing of it.",
    "S4 - industry is a key part of the profile; one that is known can be judged.",
    columns=("Why",),
)
def a_test_earns_its_points(statement: Statement) -> None:
    (rule,) = (rule for rule in HANDOFF.fit if rule.when.text == statement.row)
    earns, beside = EARNS[statement.row]
    assert [fit_of(**told)["fit_score"] for told in earns] == [rule.points] * len(earns)
    assert [fit_of(**told)["fit_score"] for told in beside] == [0] * len(beside)
    assert statement.column != "Points" or str(rule.points) == statement.text


@checks(SECTION, "Points for who a person is, added up, at most 100:")
def points_for_who_a_person_is_are_added_up(statement: Statement) -> None:
    best = {"employees": 50, "email_domain_type": "business", "industry": "Tools"}
    assert fit_of(employees=50, industry="Tools")["fit_score"] == 50
    assert fit_of(**best, title="VP Sales")["fit_score"] == 100
    assert fit_of(**best, title="VP and Sales Manager")["fit_score"] == 100


def score(*moves: tuple[str, int], direction: str = "inbound") -> int:
    """Points for activities, each a kind and how many days ago it was."""
    rows = [("ada", kind, HANDOFF.engagement.level_of(kind), AS_OF - timedelta(days=days)) for kind, days in moves]
    made = pl.DataFrame(rows, schema=["person_id", "activity_type", "engagement_level", "day"], orient="row")
    told = clocks(made.with_columns(direction=pl.lit(direction), is_inferred=False), HANDOFF, as_of=AS_OF)
    return told["engagement_score"].item()


KINDS = tuple(line.activity for line in HANDOFF.engagement_points)


@checks(SECTION, rows=KINDS, columns=("Points", "For so many days"))
def an_activity_earns_its_points_for_so_many_days(statement: Statement) -> None:
    (line,) = (line for line in HANDOFF.engagement_points if line.activity == statement.row)
    assert statement.text == str(line.points if statement.column == "Points" else line.within_days)
    assert (score((line.activity, line.within_days)), score((line.activity, line.within_days + 1))) == (line.points, 0)


@checks(
    SECTION,
    "Points for what a person did, added up, at most 100; only the buyer's own activities earn them, each kind once:",
)
def points_for_what_a_person_did_are_added_up(statement: Statement) -> None:
    assert score(("webinar", 9), ("newsletter", 9)) == 30
    assert score(("webinar", 9), ("webinar", 8)) == 20
    assert score(("demo_request", 9), ("trial", 9)) == 100
    assert score(("demo_request", 9), direction="outbound") == 0
