"""What makes an opportunity worth pursuing: which answers meet a criterion, and how many criteria are enough."""

import json
from typing import Any

from definitions.schema import vocabulary as words
from definitions.schema.tables import DIM_PERSON, FCT_OPPORTUNITY
from tests.definitions.handoff_records import ACCEPTED, AS_OF, HANDOFF, OPEN, PERSON, ago, frame
from tests.definitions.page.classified import Told, deal_class, found, person, person_class
from tests.definitions.page.statements import Statement, checks
from transforms.classify.criteria import with_criteria

SECTION = "What makes an opportunity worth pursuing"
NOBODY_ASKED = {
    "budget_status": None, "authority_status": None, "need_status": None, "timeline_status": None,
    "purchase_date": None,
}  # fmt: skip
# By criterion: the field that tells, the words it may have, and those that meet the criterion.
MET = {
    "budget": ("budget_status", words.BUDGET_STATUS.names, {"identified", "realistic", "allocated", "confirmed"}),
    "budget_allocated": ("budget_status", words.BUDGET_STATUS.names, {"allocated", "confirmed"}),
    "authority": ("authority_status", words.AUTHORITY_STATUS.names, {"dm_aware", "dm_involved", "dm_direct"}),
    "decision_maker_involved": ("authority_status", words.AUTHORITY_STATUS.names, {"dm_involved", "dm_direct"}),
    "need": ("need_status", words.NEED_STATUS.names, {"acknowledged"}),
    "timeline": ("timeline_status", words.TIMELINE_STATUS.names, {"near", "agreed"}),
}
DATES = [
    ({"purchase_date": AS_OF}, "met"),
    ({"purchase_date": ago(1)}, "not_met"),
    ({"purchase_date": ago(-365)}, "met"),
    ({"purchase_date": ago(-366)}, "not_met"),
    ({"purchase_date": ago(-366), "timeline_status": "near"}, "not_met"),
    ({"purchase_date": ago(-9), "timeline_status": "far"}, "met"),
]
ALL = {
    "budget_status": "confirmed",
    "authority_status": "dm_direct",
    "need_status": "acknowledged",
    "timeline_status": "near",
}


def assessed(told: Told, kind: str = "opportunity") -> dict[str, Any]:
    """The row of a record of which nothing is known but what is told, with its criteria."""
    if kind == "opportunity":
        rows = with_criteria(
            frame(FCT_OPPORTUNITY, {**OPEN, **NOBODY_ASKED, **told}).lazy(), HANDOFF, "opportunity", AS_OF
        )
    else:
        rows = with_criteria(frame(DIM_PERSON, {**PERSON, **told}).lazy(), HANDOFF, "person", AS_OF)
    (row,) = rows.collect().to_dicts()
    return row | {"criteria": json.loads(row["criteria"])}


def state(criterion: str, told: Told, kind: str = "opportunity") -> str:
    return assessed(told, kind)["criteria"][criterion]["state"]


def answers(criterion: str) -> dict[str, str]:
    status, vocabulary, _ = MET[criterion]
    return {word: state(criterion, {status: word}) for word in vocabulary}


@checks(SECTION, columns=("Met when",))
@checks(SECTION, "S3 - budget is available or has been identified.", rows=("budget",), columns=("Why",))
@checks(
    SECTION, "S0, S2 - before a proposal the money must be set aside.", rows=("budget_allocated",), columns=("Why",)
)
@checks(SECTION, "S3 - a decision-maker is involved, or at least aware.", rows=("authority",), columns=("Why",))
@checks(
    SECTION,
    "S0, S4 - a proposal goes to the person who takes the decision.",
    rows=("decision_maker_involved",),
    columns=("Why",),
)
@checks(SECTION, "S2 - without an acknowledged need there is no reason to buy.", rows=("need",), columns=("Why",))
def these_answers_meet_the_criterion_and_no_other(statement: Statement) -> None:
    _, vocabulary, enough = MET[statement.row]
    told = answers(statement.row)
    assert {word for word in vocabulary if told[word] == "met"} == enough
    assert {word for word in vocabulary if told[word] == "unknown"} == {"unknown"}
    if statement.row == "timeline":
        assert [(given, state("timeline", given)) for given, _ in DATES] == DATES


@checks(
    SECTION,
    "S2 - a buyer who needs another year is not an opportunity now.",
    "The date the buyer named wins over the status.",
    rows=("timeline",),
    columns=("Why",),
)
def a_date_within_a_year_meets_the_timeline(statement: Statement) -> None:
    for kind in ("person", "opportunity"):
        assert [(given, state("timeline", given, kind)) for given, _ in DATES] == DATES


@checks(SECTION, columns=("Proved by",))
def the_evidence_is_the_field_of_the_page(statement: Statement) -> None:
    proved = assessed({**ALL, "purchase_date": ago(-9)})["criteria"][statement.row]
    assert f"`{proved['evidence']}`" == statement.text
    assert proved["value"] == {**ALL, "purchase_date": str(ago(-9))}[proved["evidence"]]


@checks(SECTION, "Each criterion is met, not met or unknown.")
def a_criterion_has_three_answers(statement: Statement) -> None:
    for criterion in HANDOFF.criteria:
        assert set(answers(criterion).values()) == {"met", "not_met", "unknown"}
    row = assessed({"budget_status": "none", "need_status": "acknowledged"})
    assert (row["criteria_met"], row["criteria_unmet"], row["criteria_unknown"]) == (1, 2, 3)


@checks(SECTION, "Unknown means: ask the question.")
def what_is_unknown_is_asked(statement: Statement) -> None:
    told = {**ALL, "canonical_stage": "qualification", "stage_name": "Talking"}
    for lacking, missing in (({}, ""), ({"need_status": "unknown"}, "need"), ({"need_status": "none"}, "need")):
        row = assessed({**told, **lacking})
        assert (row["missing_criteria"], row["missing_criteria_count"]) == (missing, 1 if missing else 0)
        finding = found(
            "opportunity", {key: row[key] for key in ("missing_criteria", "missing_criteria_count", "stage_name")}
        ).get("OPP-17")
        assert (finding is not None) is bool(missing)
        assert finding is None or finding["says"] == "Stage Talking requires answers that are missing - need."


def is_qualified(told: Told) -> bool:
    return deal_class({**NOBODY_ASKED, **told}) == "active"


def is_half_qualified(told: Told) -> bool:
    return person_class({**ACCEPTED, **told}) == "sql"


def some(*fields: str) -> dict[str, str]:
    return {f"{name}_status": ALL[f"{name}_status"] for name in fields}


@checks(
    SECTION,
    "**qualified**: at least 3 of budget, authority, need and timeline are met, need among them.",
    "S2 - several of the four; S3 and S4 open a deal before all are known.",
)
def three_of_four_qualify_a_deal_if_need_is_among_them(statement: Statement) -> None:
    assert is_qualified(ALL)
    for lacking in ("budget", "authority", "timeline"):
        assert is_qualified({**ALL, f"{lacking}_status": None})
    assert not is_qualified({**ALL, "need_status": None})
    assert not is_qualified(some("need", "budget"))


@checks(SECTION, "**half_qualified**: at least 2 of budget, authority, need and timeline are met.")
@checks(SECTION, "Two of four make a direct follow-up worth while (practice; calibrate from your own history).")
def two_of_four_qualify_a_lead(statement: Statement) -> None:
    for first, second in (("budget", "authority"), ("need", "timeline"), ("budget", "timeline")):
        assert is_half_qualified(some(first, second))
        assert not is_half_qualified(some(first))


@checks(SECTION, "What is unknown leaves it pending.", "What nobody asked is pending, not a no.")
def what_is_unknown_decides_neither_way(statement: Statement) -> None:
    refused = {"budget_status": "none", "authority_status": "influencer", "timeline_status": "none"}
    cases = [
        (some("need"), "sql=unknown"),
        ({**some("need"), **refused}, "sql=false"),
        (some("need", "budget"), "sql=true"),
    ]
    for told, expected in cases:
        assert expected in person({**ACCEPTED, **told})["class_reasons"].split("; ")
