"""What the profile that comes with the package gives points for, whom it fits, and which answers meet a criterion."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from definitions.schema import vocabulary as words
from definitions.schema.tables import FCT_OPPORTUNITY
from tests.definitions.handoff_records import AS_OF, HANDOFF, frame
from transforms.classify.predicates import compile_predicate
from transforms.facets.engagement import clocks
from transforms.facets.person import scored


def fit_of(**told: Any) -> tuple[int, str]:
    known = {name: told.get(name) for name in ("title", "email_domain_type", "country")}
    people = pl.DataFrame(
        [{"person_id": "ada", "account_id": "acme", **known}], schema_overrides=dict.fromkeys(known, pl.String)
    )
    accounts = pl.DataFrame(
        {"account_id": ["acme"], "industry": [told.get("industry")], "employees": [told.get("employees")]},
        schema_overrides={"industry": pl.String, "employees": pl.Int64},
    )
    row = scored(people, accounts, HANDOFF, as_of=AS_OF).row(0, named=True)
    return row["fit_score"], row["icp_fit"]


@pytest.mark.parametrize(
    ("told", "points"),
    [
        ({}, 0),
        ({"employees": 9}, 0),
        ({"employees": 10}, 20),
        ({"employees": 49}, 20),
        ({"employees": 50}, 40),
        ({"employees": 5000}, 40),
        ({"employees": 5001}, 0),
        ({"title": "Chief Revenue Officer"}, 30),
        ({"title": "CEO"}, 30),
        ({"title": "CFO and co-founder"}, 30),
        ({"title": "VP Sales"}, 30),
        ({"title": "Vice President"}, 30),
        ({"title": "Sales Director"}, 30),
        ({"title": "Head of Sales"}, 30),
        ({"title": "Owner"}, 30),
        ({"title": "Sales Manager"}, 15),
        ({"title": "Clerk"}, 0),
        ({"email_domain_type": "business"}, 20),
        ({"email_domain_type": "free"}, 0),
        ({"industry": "Tools"}, 10),
        ({"employees": 50, "title": "VP Sales", "email_domain_type": "business", "industry": "Tools"}, 100),
        ({"employees": 50, "title": "VP and Sales Manager", "email_domain_type": "business", "industry": "Tools"}, 100),
    ],
)
def test_who_a_person_is_earns_points(told: dict[str, Any], points: int):
    assert fit_of(**told)[0] == points


IDEAL = {"employees": 50, "industry": "Tools", "country": "US"}


@pytest.mark.parametrize(
    ("told", "fit"),
    [
        (IDEAL, "pass"),
        ({**IDEAL, "employees": 5000}, "pass"),
        ({**IDEAL, "employees": 5001}, "low_quality"),
        ({**IDEAL, "employees": 49}, "low_quality"),
        ({**IDEAL, "employees": 10}, "low_quality"),
        ({**IDEAL, "employees": 9}, "fail"),
        ({**IDEAL, "employees": None}, "unknown"),
        ({**IDEAL, "industry": None}, "low_quality"),
        ({**IDEAL, "country": None}, "low_quality"),
        ({**IDEAL, "email_domain_type": "disposable"}, "fail"),
    ],
)
def test_who_fits_the_ideal_customer(told: dict[str, Any], fit: str):
    assert fit_of(**told)[1] == fit


ENGAGEMENT = {
    "demo_request": (60, 30),
    "trial": (60, 30),
    "contact_form": (50, 30),
    "inbound_call": (50, 30),
    "reply": (40, 30),
    "pricing_page": (30, 30),
    "webinar": (20, 60),
    "content_download": (15, 60),
    "form_submission": (15, 60),
    "newsletter": (10, 90),
    "email_click": (5, 30),
    "web_visit": (5, 30),
}


def test_what_a_person_did_earns_points_for_so_many_days():
    moves = [
        (f"{kind} {late}", kind, HANDOFF.engagement.level_of(kind), AS_OF - timedelta(days=days + late))
        for kind, (_, days) in ENGAGEMENT.items()
        for late in (0, 1)
    ]
    made = pl.DataFrame(moves, schema=["person_id", "activity_type", "engagement_level", "day"], orient="row")
    told = clocks(made.with_columns(direction=pl.lit("inbound"), is_inferred=False), HANDOFF, as_of=AS_OF)
    earned = {f"{kind} 0": points for kind, (points, _) in ENGAGEMENT.items()}
    assert dict(told.select("person_id", "engagement_score").iter_rows()) == earned | {
        f"{kind} 1": 0 for kind in ENGAGEMENT
    }


def test_every_kind_of_activity_that_earns_points_is_tried_above():
    assert {line.activity for line in HANDOFF.engagement_points} == set(ENGAGEMENT)


CRITERIA = [
    ("budget", "budget_status", words.BUDGET_STATUS, {"identified", "realistic", "allocated", "confirmed"}),
    ("budget_allocated", "budget_status", words.BUDGET_STATUS, {"allocated", "confirmed"}),
    ("authority", "authority_status", words.AUTHORITY_STATUS, {"dm_aware", "dm_involved", "dm_direct"}),
    ("decision_maker_involved", "authority_status", words.AUTHORITY_STATUS, {"dm_involved", "dm_direct"}),
    ("need", "need_status", words.NEED_STATUS, {"acknowledged"}),
    ("timeline", "timeline_status", words.TIMELINE_STATUS, {"near", "agreed"}),
]


@pytest.mark.parametrize(("criterion", "status", "vocabulary", "enough"), CRITERIA, ids=[case[0] for case in CRITERIA])
def test_which_answers_meet_a_criterion(criterion: str, status: str, vocabulary: tuple[str, ...], enough: set[str]):
    met = compile_predicate(HANDOFF.criteria[criterion].met, AS_OF)
    answers = {word: frame(FCT_OPPORTUNITY, {status: word}).select(answer=met).item() for word in vocabulary}
    assert {word for word, answer in answers.items() if answer} == enough


def test_every_criterion_is_tried_above():
    assert set(HANDOFF.criteria) == {case[0] for case in CRITERIA}
