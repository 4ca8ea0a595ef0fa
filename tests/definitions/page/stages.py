"""Stages: order, phase, probability, category, what each requires, and when a deal is slow in it."""

from functools import cache
from typing import Any

from tests.definitions.handoff_records import HANDOFF
from tests.definitions.page.company import STAGES, Company, ago, company
from tests.definitions.page.statements import POSITION, Statement, checks
from tests.transforms.small_company import record, version

SECTION = "Stages, and what each requires"
# The least that a stage asks for, and each with one answer less.
QUALIFIED = {"need_status": "acknowledged", "authority_status": "dm_aware", "budget_status": "identified"}
DECIDED = {"need_status": "acknowledged", "authority_status": "dm_involved", "budget_status": "allocated"}
REQUIRED = {
    "initial_contact": {},
    "qualification": QUALIFIED,
    "meeting_discovery": QUALIFIED,
    "proposal": DECIDED,
    "closing": DECIDED,
    "closed_won": {},
    "closed_lost": {},
}
LESS = {
    "need_status": ("suspected", "need"),
    "authority_status": {
        "dm_aware": ("influencer", "authority"),
        "dm_involved": ("dm_aware", "decision_maker_involved"),
    },
    "budget_status": {"identified": ("none", "budget"), "allocated": ("realistic", "budget_allocated")},
}
NOTHING = {"budget_status": None, "authority_status": None, "need_status": None, "purchase_date": None}
SOURCE_STAGE = {row["canonical_stage"]: row["source_stage"] for row in STAGES}


@cache
def held() -> Company:
    """A deal in each stage with what it asks for, one a day too long in it, and one for each answer that lacks."""
    deals = {}
    for name, answers in REQUIRED.items():
        usual = {**NOTHING, **answers, "source_stage": SOURCE_STAGE[name], "last_stage_change_at": ago(30)}
        deals[name] = usual
        deals[f"{name}, slow"] = {**usual, "last_stage_change_at": ago(31)}
        for field, answer in answers.items():
            less, criterion = _less(field, answer)
            deals[f"{name}, {criterion}"] = {**usual, field: less}
            deals[f"{name}, {criterion} unknown"] = {**usual, field: None}
    return company(deals=deals)


def _less(field: str, answer: str) -> tuple[str, str]:
    known: Any = LESS[field]
    return known[answer] if isinstance(known, dict) else known


def row_of(name: str) -> dict[str, Any]:
    row = held().deal(name)
    assert row is not None
    return row


@checks(SECTION, columns=(POSITION, "Phase", "Probability", "Forecast category"))
def a_deal_has_what_the_page_says_of_its_stage(statement: Statement) -> None:
    row = row_of(statement.row)
    told = {
        POSITION: str(row["stage_order"]),
        "Phase": row["stage_phase"],
        "Probability": f"{row['probability']:.0%}",
        "Forecast category": row["forecast_category"],
    }
    assert told[statement.column] == statement.text


@checks(SECTION, columns=("Required",))
@checks(
    SECTION,
    "S0, S1 - need, a decision-maker who is aware, and a budget that has been identified.",
    "S2, S4 - the conversation confirms the three and pins down what is still open.",
    "S0, S4 - a proposal goes to the one who decides, against money that is there.",
    "S4 - closing means a contract with the decision-maker.",
    "S1 - almost every new contact begins as a lead; S4 - a deal may be opened before budget and date are known.",
    columns=("Why",),
)
def what_a_stage_requires_is_missing_where_it_is_not_met(statement: Statement) -> None:
    name = statement.row
    assert row_of(name)["missing_criteria"] == ""
    for field, answer in REQUIRED[name].items():
        _, criterion = _less(field, answer)
        for lacking in (criterion, f"{criterion} unknown"):
            assert row_of(f"{name}, {lacking}")["missing_criteria"] == criterion
    asked = [_less(field, answer)[1] for field, answer in REQUIRED[name].items()]
    assert statement.column == "Why" or set(statement.text.replace(" and ", ", ").split(", ")) == set(
        asked or ["nothing"]
    )


@checks(SECTION, columns=("Slow after (days)",))
def a_deal_is_slow_after_the_days_of_its_stage(statement: Statement) -> None:
    assert row_of(statement.row)["stage_age_limit_days"] == int(statement.text)
    rules = [held().rules(row_of(name), "opportunity_id") for name in (statement.row, f"{statement.row}, slow")]
    assert ["OPP-07" in failed for failed in rules] == [False, True]


@checks(
    SECTION,
    "S1, S4 - won deals move out of the pipeline.",
    "S1, S4 - lost deals move out of the pipeline.",
    columns=("Why",),
)
def a_closed_deal_is_not_in_the_pipeline(statement: Statement) -> None:
    row = row_of(statement.row)
    assert (row["is_open"], row["is_forecast_eligible"], row["stage_age_limit_days"]) == (False, False, None)


@checks(SECTION, "Probability and forecast category hold where neither the deal nor its stage has one in the source.")
def what_the_source_says_of_chance_and_category_wins(statement: Statement) -> None:
    usual = {"is_closed": False, "is_won": False, "canonical_stage": "qualification"}
    table = [
        record("stage", f"sf:stage:{name}", source_stage=name, stage_name=name, **usual, **given)
        for name, given in (("silent", {}), ("telling", {"probability": 0.3, "forecast_category": "best_case"}))
    ]
    own = {"probability": 0.9, "forecast_category": "commit"}
    deals = {
        "of the page": {"source_stage": "silent"},
        "of the stage": {"source_stage": "telling"},
        "of the deal": {"source_stage": "telling", **own},
    }
    made = company(deals=deals, stage=table)
    rows = [made.deal(name) for name in deals]
    assert [(row["probability"], row["forecast_category"]) for row in rows if row] == [
        (0.1, "pipeline"),
        (0.3, "best_case"),
        (0.9, "commit"),
    ]


def limit_learnt(exits: int, days: int) -> tuple[int, list[bool]]:
    """The limit of the stage Offer after so many stays of so many days, and whether deals at it and above are slow."""
    gone = {f"gone {place}": {"source_stage": "Won"} for place in range(exits)}
    left = {"source_stage": "Won", "last_stage_change_at": ago(90 - days), "is_closed": True}
    landed = []
    for place in range(1, exits + 1):
        landed.append(version(f"sf:opportunity:{place}", 90, last_stage_change_at=ago(90)))
        landed.append(version(f"sf:opportunity:{place}", 90 - days, **left))
    first = company(deals={**gone, "held": {}}, versions=landed)
    (limit,) = {row["stage_age_limit_days"] for row in [first.deal("held")] if row}
    held = {f"held {days}": {"last_stage_change_at": ago(days)} for days in (limit, limit + 1)}
    made = company(deals={**gone, **held}, versions=landed)
    return limit, ["OPP-07" in made.rules(made.deal(name), "opportunity_id") for name in held]


@checks(
    SECTION, "Once a stage was left 30 times, a deal is slow in it after 1.75 times the median stay, one day at least."
)
def a_limit_is_learnt_from_thirty_stays(statement: Statement) -> None:
    # 17.5 days: a deal is slow on the eighteenth.
    assert limit_learnt(30, 10) == (17, [False, True])
    assert limit_learnt(30, 0) == (1, [False, True])
    assert limit_learnt(29, 10) == (30, [False, True])


@checks(SECTION, "The multiple, and the 30 days until enough deals have left a stage, are practice; calibrate them.")
def until_then_the_limit_of_the_table_holds(statement: Statement) -> None:
    assert limit_learnt(29, 4)[0] == 30
    assert limit_learnt(30, 4)[0] == 7
    assert {stage.max_age_days for stage in HANDOFF.stages if stage.phase != "closed"} == {30}
