"""Words we read as the same: loss reasons, roles that decide, and what stands where a value should be."""

from datetime import date

import polars as pl

from tests.definitions.handoff_records import HANDOFF
from tests.definitions.page.company import company
from tests.definitions.page.statements import Statement, checks
from tests.transforms.small_company import AS_OF
from transforms.facets.opportunity import with_loss_family

SECTION = "Words we read as the same"


def families(*reasons: str | None) -> list[str | None]:
    frame = pl.DataFrame({"loss_reason": reasons}, schema={"loss_reason": pl.String})
    return with_loss_family(frame, HANDOFF)["loss_family"].to_list()


@checks(SECTION, columns=("Reasons as people write them",))
def these_reasons_are_of_this_family(statement: Statement) -> None:
    reasons = statement.text.replace(" and ", ", ").split(", ")
    assert families(*reasons) == [statement.row] * len(reasons)
    assert families(*(f" {reason.title()} " for reason in reasons)) == [statement.row] * len(reasons)
    assert families(*(f"{reason} of another kind" for reason in reasons)) == ["unknown"] * len(reasons)


@checks(
    SECTION,
    "A deal was lost for one of these families of reasons; a reason that stands nowhere is of unknown family.",
)
def a_reason_that_stands_nowhere_is_of_unknown_family(statement: Statement) -> None:
    cases = {
        "listed": ("Too expensive", "price", "closed_lost", False),
        "other": ("Other", "other", "closed_lost", True),
        "nowhere": ("The rats ate it", "unknown", "closed_lost", False),
        "no reason": (None, None, "closed_lost", True),
        "blank": ("  ", None, "closed_lost", True),
        "no deal": ("Not qualified", "unqualified", "closed_unqualified", False),
    }
    made = company(
        deals={name: {"source_stage": "Lost", "loss_reason": reason} for name, (reason, *_) in cases.items()}
    )
    for name, (_, family, pipeline_class, is_found) in cases.items():
        row = made.deal(name)
        assert row is not None
        assert (row["loss_family"], row["pipeline_class"]) == (family, pipeline_class), name
        assert ("OPP-21" in made.rules(row, "opportunity_id")) is is_found, name


@checks(
    SECTION,
    "These contact roles are decision-makers: decision maker, decision_maker, economic buyer, economic_buyer, economic "
    "decision maker, executive sponsor, executive_sponsor, budget holder and budget_holder.",
)
def these_roles_decide(statement: Statement) -> None:
    listed = statement.text.removesuffix(".").partition(": ")[2].replace(" and ", ", ").split(", ")
    spelled = [*listed, "Economic Buyer", "influencer", "decision maker's assistant"]
    made = company({"ada": {}}, {role: {"roles": {"ada": role}} for role in spelled})
    rows = {role: made.deal(role) for role in spelled}
    decides = {role for role, row in rows.items() if row and row["has_decision_maker"]}
    assert decides == {*listed, "Economic Buyer"}


@checks(
    SECTION,
    "A close date is a placeholder when its year is 10 or more ahead, when it is on or before 1970-01-02.",
    "A placeholder is no date.",
)
def these_close_dates_are_none(statement: Statement) -> None:
    days = {
        date(AS_OF.year + 9, 12, 31): True,
        date(AS_OF.year + 10, 1, 1): False,
        date(1970, 1, 2): False,
        date(1970, 1, 3): True,
    }
    made = company(deals={str(day): {"source_close_date": day} for day in days})
    for day, is_date in days.items():
        row = made.deal(str(day))
        assert row is not None
        told = (row["close_date"], row["has_placeholder_close_date"], "OPP-02" in made.rules(row, "opportunity_id"))
        assert told == ((day, False, False) if is_date else (None, True, True)), day


@checks(
    SECTION,
    "These say nothing as a next step: `n/a`, `na`, `none`, `tbd`, `tba`, `tbc`, `todo`, `to do`, `.`, `-`, `--`, `?`, "
    "`x`, `follow up`, `follow-up`, `followup`, `later`.",
)
def these_next_steps_are_none(statement: Statement) -> None:
    listed = statement.text.split("`")[1::2]
    spelled = {
        **dict.fromkeys([*listed, " TBD ", "Follow Up", "  "], None),
        "Follow up on Friday": "Follow up on Friday",
    }
    made = company(deals={f"deal {step!r}": {"next_step": step} for step in spelled})
    for step, expected in spelled.items():
        row = made.deal(f"deal {step!r}")
        assert row is not None
        assert (row["next_step"], "OPP-10" in made.rules(row, "opportunity_id")) == (expected, expected is None), step
