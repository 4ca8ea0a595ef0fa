"""Every sentence of the page to sign that states a rule is run: records on both sides of it, through the transforms."""

import pytest

from definitions.agreement.page.page import render_markdown
from tests.definitions.handoff_records import HANDOFF
from tests.definitions.page import (  # noqa: F401  # each registers its checks
    criteria,
    deals,
    fit,
    hygiene,
    interest,
    lives,
    names,
    people,
    reading,
    stages,
    words,
)
from tests.definitions.page.statements import CHECKED, Statement, statements_of

pytestmark = pytest.mark.slow

PAGE = render_markdown(HANDOFF)
STATEMENTS = statements_of(PAGE)

# What states no rule: how the page is printed and signed, where a reason comes from, advice, questions to the buyer.
PROSE_COLUMNS = {("What makes an opportunity worth pursuing", "The question to ask")}
PROSE = {
    "A test is written in `this type`.",
    '"Practice" marks a number that others use and that you should calibrate from your own history.',
    *(f"{name} stands for: {source}" for name, source in HANDOFF.sources.items()),
    "By signing, we agree to run the pipeline by this page until the next version is signed.",
    "Add the domain of your own company, of partners and of competitors.",
    "The two thresholds are practice; calibrate them so that sales accepts most of what it is given.",
    "Regular follow-up begins.",
    "S3 - find the problems in the pipeline.",
    "S1, S4 - company size is part of the ideal customer.",
    "The range is a start; take it from the deals you won.",
    "Smaller companies buy, but less often (practice; calibrate from your own history).",
    "S1, S2 - the title tells whether the person may be near the decision.",
    "Managers evaluate and recommend (practice; calibrate from your own history).",
    "S4 - do not neglect customers.",
    "S3 - the buyer has agreed to next steps and is working on them.",
    "S2, S3 - authority cannot be known where nobody is named.",
    "S0, S1, S2, S4 - qualification by stage; see stages.",
    "S4 - find out why a deal was lost, so that the next one is not.",
    "S4 - the organisation is qualified first; without one the deal cannot be.",
    "S2 - sales evaluates what marketing hands over.",
    "S2 - nurture what is not ready.",
    "S4 - dead leads stop giving results whatever you do.",
    "One person counted twice makes every conversion rate wrong (practice).",
    "S2 - a salesperson's time is allocated to deals; a deal nobody has gets none.",
    "S2 - a salesperson's time is allocated to deals; one who left has none.",
}


def is_prose(statement: Statement) -> bool:
    return statement.text in PROSE or (statement.section, statement.column) in PROSE_COLUMNS


def unchecked(statements: list[Statement]) -> list[Statement]:
    """Statements that neither a check runs nor the list of prose names."""
    return [one for one in statements if not is_prose(one) and not any(checked.covers(one) for checked in CHECKED)]


@pytest.mark.parametrize("statement", [one for one in STATEMENTS if not is_prose(one)], ids=str)
def test_what_the_page_states_is_what_runs(statement):
    checks = [checked.check for checked in CHECKED if checked.covers(statement)]
    assert checks, f"nothing checks this: {statement}"
    for check in checks:
        check(statement)


def test_every_sentence_is_checked_or_states_no_rule():
    assert unchecked(STATEMENTS) == []


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("Where a person stands", "A person without an address is never called."),
        ("When a lead is silent", "A lead is silent after 90 days."),
        ("Words we read as the same", "- A reason that stands nowhere counts as other."),
        ("Signatures", "Fingerprint of what is agreed: `yaml1:0`."),
    ],
)
def test_a_sentence_that_nobody_checks_is_noticed(section, line):
    page = PAGE.replace(f"## {section}\n", f"## {section}\n\n{line}\n")
    assert [one.text for one in unchecked(statements_of(page))] == [line.removeprefix("- ")]


def test_a_row_that_nobody_checks_is_noticed():
    """A cell of a column that is checked for every row fails where no record is given for the row."""
    row = next(line for line in PAGE.splitlines() if line.startswith("| **OPP-10** |"))
    (test,) = (
        one
        for one in statements_of(PAGE.replace(row, f"{row}\n{row.replace('OPP-10', 'OPP-99')}"))
        if (one.row, one.column) == ("OPP-99 of opportunity", "Test")
    )
    with pytest.raises(KeyError, match="OPP-99"):
        test_what_the_page_states_is_what_runs(test)


def test_every_check_and_all_prose_is_of_a_sentence_on_the_page():
    texts = {statement.text for statement in STATEMENTS}
    assert {text for checked in CHECKED for text in checked.texts} | PROSE <= texts
    assert [checked for checked in CHECKED if not any(map(checked.covers, STATEMENTS))] == []
