"""What a test may say, and what a person is told who says something else."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.errors import ConfigurationError
from definitions.predicates.predicate import at_least, parse
from definitions.schema.column import Kind
from definitions.schema.columns import COLUMNS
from definitions.schema.facets import DERIVED, Derived, PredicateUse, facets_of
from transforms.classify.predicates import compile_facet, compile_predicate

AS_OF = date(2026, 1, 31)

REFUSED = [
    ("days_overdu > 7", "unknown name 'days_overdu'; did you mean days_overdue?"),
    ("Is_Open", "did you mean is_open?"),
    ("zebra = 1", "unknown name 'zebra'"),
    ("days_silent > 1", "unknown name 'days_silent'"),
    ("record_hash = 1", "unknown name 'record_hash'"),
    ("criteria is null", "unknown name 'criteria'"),
    ("stage_name = 3", "cannot compare stage_name (text) with 3 (whole number)"),
    ("close_date = '2026-01-01'", "cannot compare close_date (day) with '2026-01-01' (text)"),
    ("closed_at > date '2026-01-01'", "cannot compare closed_at (moment)"),
    ("is_open = 'true'", "cannot compare is_open (yes or no)"),
    ("need_status = 'acknoledged'", "did you mean 'acknowledged'?"),
    ("need_status in ('none', 'zebra')", "never 'zebra'"),
    ("coalesce(need_status, 'none') = 'acknoledged'", "did you mean 'acknowledged'?"),
    ("need_status = 'unknown'", "write need_status is null"),
    ("budget_status >= 'identified'", "words have no order"),
    ("is_open > is_won", "has no order"),
    ("close_date", "must be a test"),
    ("is_open and push_count", "each side of 'and' must be a test"),
    ("not amount", "what follows 'not' must be a test"),
    ("amount / 2 > 1", "is not allowed"),
    ("amount::integer = 1", "converts a type"),
    ("cast(amount as text) = '1'", "converts a type"),
    ("lower(stage_name) = 'a'", "is not allowed"),
    ("close_date < current_date", "is not allowed"),
    ("account_id in (select 1)", "not a query"),
    ("exists (select 1)", "is not allowed"),
    ("select 1", "is not allowed"),
    ("drop table dim_person", "is not allowed"),
    ("is_open; drop table dim_person", "expected one test"),
    ("is_open -- always", "comment"),
    ("is_open /* always */", "comment"),
    ('stage_name = "proposal"', "text takes single quotes"),
    ("stage_name = E'a\\n'", "is not allowed"),
    ("stage_name = 'a' 'b'", "is not allowed"),
    ("stage_name ilike 'a'", "is not allowed"),
    ("stage_name like next_step", "one pattern in single quotes"),
    ("stage_name like 'a\\'", "ends in a lone"),
    ("amount like '1%'", "`like` is for text"),
    ("amount = null", "write `is null`"),
    ("amount in (1, null)", "write `is null`"),
    ("amount is true", "`is` goes with null only"),
    ("deal.amount = 1", "names have no dots"),
    ("amount in ()", "empty list"),
    ("amount between symmetric 2 and 1", "write the lower end first"),
    ("amount > -push_count", "write 0 - push_count"),
    ("amount > 1e3", "not a plain number"),
    ("amount > 1234567890123456", "not a plain number"),
    ("close_date > date '2026-02-30'", "is not a day"),
    ("close_date + push_count > created_on", "only numbers are added"),
    ("coalesce(amount) > 1", "two or more"),
    ("coalesce(1, amount) > 1", "never gets past 1"),
    ("coalesce(stage_name, 1) = 'a'", "cannot compare"),
    ("*".join(["amount"] * 12) + " > 1", "more than 8 multiplications"),
    ("is_open and", "cannot be read as a test"),
    ("", "expected one test"),
    ("is_open\0", "NUL"),
    (" or ".join(["is_open"] * 400), "cannot be read aloud"),
    ("(" * 900 + "is_open" + ")" * 900, "nested too deeply"),
    ("amount > $1", "is not allowed"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[text[:40] for text, _ in REFUSED])
def test_what_may_not_be_said_is_refused_with_a_reason(text, said):
    with pytest.raises(ConfigurationError) as refusal:
        parse(text, "opportunity")
    assert said in str(refusal.value)
    assert "\x1b" not in str(refusal.value)


WRITTEN = [
    ("is_open AND days_overdue>7", "is_open and days_overdue > 7"),
    ("(is_open) and (is_won and is_closed)", "is_open and is_won and is_closed"),
    ("is_open or is_won and is_closed", "is_open or (is_won and is_closed)"),
    ("not (stage_name in ('a'))", "stage_name not in ('a')"),
    ("not close_date is null", "close_date is not null"),
    ("amount != - 1.50", "amount <> -1.50"),
    ("not (amount between 1 and 2)", "amount not between 1 and 2"),
    ("stage_name not like 'it''s%'", "stage_name not like 'it''s%'"),
    ("(amount - 1) * 2 > 3", "(amount - 1) * 2 > 3"),
    ("close_date > DATE '2026-01-01'", "close_date > date '2026-01-01'"),
]


@pytest.mark.parametrize(("text", "written"), WRITTEN, ids=[text for text, _ in WRITTEN])
def test_a_test_is_written_one_way_however_it_was_typed(text, written):
    predicate = parse(text, "opportunity")
    assert predicate.text == written
    assert parse(predicate.text, "opportunity") == predicate


def test_a_criterion_is_named_in_the_text_and_read_through_in_the_names():
    need = parse("need_status = 'acknowledged'", "both", use=PredicateUse.CRITERION)
    predicate = parse("need and days_overdue > 7", "opportunity", {"need": need})
    assert predicate.text == "need and days_overdue > 7"
    assert predicate.names == {"need_status", "days_overdue"}
    assert predicate.columns == {"need_status", "close_date"}
    assert "need_status" in predicate.to_postgres(AS_OF)


@pytest.mark.parametrize(
    ("name", "subject", "first"),
    [
        ("industry", "person", PredicateUse.FIT),
        ("icp_fit", "person", PredicateUse.CRITERION),
        ("criteria_met", "person", PredicateUse.CLASS),
        ("has_open_opportunity", "person", PredicateUse.CLASS),
        ("days_silent", "person", PredicateUse.CLASS),
        ("missing_criteria_count", "opportunity", PredicateUse.CLASS),
        ("lifecycle_class", "person", PredicateUse.HYGIENE),
        ("pipeline_class", "opportunity", PredicateUse.HYGIENE),
    ],
)
def test_a_test_names_only_what_is_known_before_it(name, subject, first):
    known = [use for use in PredicateUse if name in facets_of(subject, use)]
    assert known[0] == first


def test_text_is_compared_by_its_bytes_whatever_the_database_thinks_of_order():
    sql = parse("stage_name < 'b' and next_step like 'a%'", "opportunity").to_postgres(AS_OF)
    assert sql.count('COLLATE "C"') == 3


def test_a_name_in_sql_is_quoted_and_text_cannot_end_its_quotes():
    sql = parse("stage_name = '''); drop table deals; --'", "opportunity").to_postgres(AS_OF)
    assert "'''); drop table deals; --'" in sql
    assert '"stage_name"' in sql


@pytest.mark.parametrize("count", [0, 3])
def test_a_policy_asks_for_no_more_than_there_is(count):
    members = {name: parse(name, "opportunity") for name in ("is_open", "is_won")}
    with pytest.raises(ConfigurationError, match="choose between 1"):
        at_least(count, members)


def test_every_day_counter_is_worked_out_from_a_day_of_the_contract():
    for derived in DERIVED.values():
        assert {derived.later, derived.earlier} == {"as_of", derived.column}
        assert COLUMNS[derived.column].kind is Kind.DAY
        assert derived.name not in COLUMNS


@given(answers=st.lists(st.sampled_from([True, False, None]), min_size=4, max_size=4), count=st.integers(1, 4))
def test_a_policy_is_met_or_not_or_pending(answers, count):
    columns = dict(
        zip(("has_open_opportunity", "has_won_opportunity", "claims_customer", "is_deleted"), answers, strict=True)
    )
    criteria = {f"c{place}": parse(name, "person") for place, name in enumerate(columns)}
    policy = at_least(count, criteria, ("c0",))
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Boolean))
    met, open_ = answers.count(True), answers.count(None)
    if answers[0] is True and met >= count:
        expected = True
    elif answers[0] is False or met + open_ < count:
        expected = False
    else:
        expected = None
    assert frame.select(compile_predicate(policy, AS_OF)).item() is expected
    strict = at_least(count, criteria, ("c0",), unknown_is_not_met=True)
    assert frame.select(compile_predicate(strict, AS_OF)).item() is (expected is True)


@pytest.mark.parametrize("name", [name for name, facet in facets_of("person").items() if isinstance(facet, Derived)])
def test_every_day_counter_counts_whole_days_and_keeps_null(name):
    column = facets_of("person")[name].column
    frame = pl.DataFrame({column: [AS_OF, AS_OF - timedelta(days=400), None]}, schema={column: pl.Date})
    counted = frame.select(compile_facet(name, AS_OF))
    assert counted.columns == [name]
    assert [abs(days) if days is not None else None for days in counted[name].to_list()] == [0, 400, None]
    assert (counted[name][1] < 0) is (name == "purchase_days_ahead")
