import json
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.agreement.model import Criterion, Policy, Stage
from definitions.polars_types import schema_of
from definitions.predicates.predicate import at_least, parse
from definitions.schema.columns import columns_named
from transforms.classify.criteria import with_criteria
from transforms.classify.predicates import compile_predicate

AS_OF = date(2026, 3, 31)
READ = columns_named(
    "opportunity_id budget_status need_status purchase_date compelling_event owner_name canonical_stage"
)


def criterion(met: str, evidence: str) -> Criterion:
    return Criterion(question="?", met=parse(met, "opportunity"), evidence=evidence)


def stage(name: str, *requires: str) -> Stage:
    return Stage(
        stage=name, order=1, phase="opportunity", probability=0.5, forecast_category="pipeline", requires=requires
    )


@pytest.fixture(scope="module")
def bant(agreed):
    criteria = {
        "need": criterion("need_status = 'acknowledged'", "need_status"),
        "budget": criterion("budget_status in ('allocated', 'confirmed')", "budget_status"),
        "timeline": criterion("purchase_days_ahead between 0 and 365", "purchase_days_ahead"),
    }
    policies = {
        "qualified": Policy(at_least=2, of=("need", "budget", "timeline"), including=("need",)),
        "strict": Policy(at_least=3, of=("need", "budget", "timeline"), unknown_as="not_met"),
    }
    stages = (stage("qualification", "need"), stage("proposal", "timeline", "budget", "need"), stage("closed_won"))
    return agreed(criteria=criteria, policies=policies, stages=stages)


def deals(*rows: dict[str, object]) -> pl.LazyFrame:
    return pl.LazyFrame(list(rows), schema=schema_of(READ))


def only(frame: pl.LazyFrame) -> dict[str, object]:
    return frame.collect().row(0, named=True)


MET = {"need_status": "acknowledged", "budget_status": "confirmed", "purchase_date": date(2026, 6, 30)}


@pytest.mark.parametrize(
    ("told", "counts", "states"),
    [
        (MET, (3, 0, 0), ["met", "met", "met"]),
        ({}, (0, 0, 3), ["unknown", "unknown", "unknown"]),
        (MET | {"budget_status": "unknown"}, (2, 0, 1), ["met", "unknown", "met"]),
        (MET | {"budget_status": "none"}, (2, 1, 0), ["met", "not_met", "met"]),
        (MET | {"purchase_date": date(2026, 3, 30)}, (2, 1, 0), ["met", "met", "not_met"]),
    ],
    ids=["all met", "nobody asked", "the word unknown", "known not to be", "a date gone by"],
)
def test_a_criterion_is_met_not_met_or_unknown(bant, told, counts, states):
    row = only(with_criteria(deals({"opportunity_id": "d"} | told), bant, "opportunity", AS_OF))
    assert (row["criteria_met"], row["criteria_unmet"], row["criteria_unknown"]) == counts
    assert [one["state"] for one in json.loads(row["criteria"]).values()] == states


def test_the_json_has_the_order_of_the_definitions_and_the_value_that_proves_it(bant):
    row = only(with_criteria(deals({"opportunity_id": "d"} | MET), bant, "opportunity", AS_OF))
    assert row["criteria"] == (
        '{"need":{"state":"met","evidence":"need_status","value":"acknowledged"},'
        '"budget":{"state":"met","evidence":"budget_status","value":"confirmed"},'
        '"timeline":{"state":"met","evidence":"purchase_days_ahead","value":91}}'
    )


def test_a_personal_value_is_no_evidence_and_odd_text_is_still_json(agreed):
    criteria = {
        "champion": criterion("compelling_event", "owner_name"),
        "plan": criterion("next_step is not null", "next_step"),
    }
    frame = deals({"opportunity_id": "d", "owner_name": "Ada Lovelace"})
    odd = frame.with_columns(next_step=pl.lit('a "b" \\ \n\u0001 é'))
    row = only(with_criteria(odd, agreed(criteria=criteria), "opportunity", AS_OF))
    assert json.loads(row["criteria"]) == {
        "champion": {"state": "unknown", "evidence": "owner_name"},
        "plan": {"state": "met", "evidence": "next_step", "value": 'a "b" \\ \n\u0001 é'},
    }


@pytest.mark.parametrize(
    ("told", "missing", "count"),
    [
        ({"canonical_stage": "qualification"} | MET, "", 0),
        ({"canonical_stage": "qualification"}, "need", 1),
        ({"canonical_stage": "proposal"}, "need, budget, timeline", 3),
        ({"canonical_stage": "proposal"} | MET | {"need_status": "none"}, "need", 1),
        ({"canonical_stage": "closed_won"}, "", 0),
        ({"canonical_stage": None}, "", 0),
    ],
    ids=["all there", "unknown is missing", "in the order of the definitions", "not met", "asks nothing", "no stage"],
)
def test_missing_is_what_the_stage_requires_and_is_not_met(bant, told, missing, count):
    row = only(with_criteria(deals({"opportunity_id": "d"} | told), bant, "opportunity", AS_OF))
    assert (row["missing_criteria"], row["missing_criteria_count"]) == (missing, count)


def test_a_person_has_no_stage_and_so_nothing_missing(bant):
    people = deals({"opportunity_id": "p"}).drop("canonical_stage")
    added = with_criteria(people, bant, "person", AS_OF).collect().columns
    assert added[-4:] == ["criteria_met", "criteria_unmet", "criteria_unknown", "criteria"]


@pytest.mark.parametrize(
    ("told", "qualified", "strict"),
    [
        (MET, True, True),
        ({"need_status": "acknowledged"}, None, False),
        (MET | {"need_status": "none"}, False, False),
        (MET | {"budget_status": None}, True, False),
        ({"budget_status": "confirmed", "purchase_date": date(2026, 6, 30)}, None, False),
    ],
    ids=["all", "not enough is known", "without the one that must be", "enough without the third", "need unknown"],
)
def test_a_policy_waits_for_answers_unless_it_takes_unknown_as_no(bant, told, qualified, strict):
    tests = {
        name: at_least(
            policy.at_least,
            {criterion: bant.criteria[criterion].met for criterion in policy.of},
            policy.including,
            unknown_is_not_met=policy.unknown_as == "not_met",
        )
        for name, policy in bant.policies.items()
    }
    answers = {name: compile_predicate(test, AS_OF) for name, test in tests.items()}
    row = only(deals({"opportunity_id": "d"} | told).select(**answers))
    assert (row["qualified"], row["strict"]) == (qualified, strict)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_criterion_is_counted_once_and_the_counts_agree_with_the_json(bant, rows_of, data):
    rows = data.draw(rows_of(READ, frozenset()))
    added = with_criteria(deals(*rows), bant, "opportunity", AS_OF).collect()
    assert added.height == len(rows)
    for row in added.to_dicts():
        states = [one["state"] for one in json.loads(row["criteria"]).values()]
        assert row["criteria_met"] == states.count("met")
        assert row["criteria_unmet"] == states.count("not_met")
        assert row["criteria_unknown"] == states.count("unknown")
        missing = [name for name in row["missing_criteria"].split(", ") if name]
        assert row["missing_criteria_count"] == len(missing)
        assert all(json.loads(row["criteria"])[name]["state"] != "met" for name in missing)
