"""Declared expectations, evaluated on staged tables: what is told of each, and what nobody may see."""

import logging
from datetime import UTC, datetime

import pytest

from expectations.audit import audit
from expectations.declared import DeclaredExpectation
from expectations.pages import write_page
from expectations.report import CheckResult

pytestmark = pytest.mark.slow

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_CANARY = "Canary Zebrafinch 4711"


_NOBODY = {"type": "comparison", "column": {"name": "owner_id"}, "operator": "==", "parameter": "nobody"}


def _declared(
    expectation: str, table: str = "dim_owner", severity: str = "critical", **arguments
) -> DeclaredExpectation:
    return DeclaredExpectation(table=table, expectation=expectation, severity=severity, arguments=arguments)


def _evaluated(url: str, *declared: DeclaredExpectation) -> list[CheckResult]:
    results = audit(url, [], declared, run_id="test").results
    assert len(results) == len(declared)
    return list(results)


def _query(where: str, table: str = "dim_owner") -> DeclaredExpectation:
    return _declared("UnexpectedRowsExpectation", table, unexpected_rows_query=f"SELECT * FROM {{batch}} WHERE {where}")


@pytest.mark.parametrize(
    ("declared", "is_success", "unexpected", "observed"),
    [
        (_declared("ExpectColumnValuesToNotBeNull", column="owner_id"), True, 0, "0 of 2 rows unexpected"),
        (_declared("ExpectColumnValuesToNotBeNull", column="owner_name", mostly=0.5), False, 2,
         "2 of 2 rows unexpected"),
        (_declared("ExpectColumnValuesToMatchLikePattern", column="owner_id", like_pattern="%:1"), False, 1,
         "1 of 2 rows unexpected"),
        (_declared("ExpectColumnValuesToBeInSet", "fct_opportunity", column="authority_status", value_set=["x"]),
         False, 1, "1 of 12 rows unexpected, 11 null"),
        (_declared("ExpectColumnMaxToBeBetween", "fct_opportunity", column="amount", max_value=1), False, None,
         "not met"),
        (_declared("ExpectTableRowCountToBeBetween", min_value=3), False, None, "not met: 2"),
        (_declared("ExpectTableRowCountToEqualOtherTable", other_table_name="dim_stage"), False, None, "not met"),
        (_declared("ExpectColumnPairValuesToBeEqual", column_A="owner_id", column_B="owner_email"), False, 2,
         "2 of 2 rows unexpected"),
        (_query("owner_id NOT IN (SELECT owner_id FROM dim_person WHERE owner_id LIKE '%owner_1')"), False, 1,
         "1 rows unexpected"),
        (_query("owner_id = 'nobody'"), True, 0, "0 rows unexpected"),
        (_query("owner_id LIKE '%:1'"), False, None, "not evaluated (Great Expectations raised an error)"),
        (_query("no_such_column"), False, None, "not evaluated (UndefinedColumn)"),
    ],
    ids=[
        "met", "mostly", "per cent sign", "nulls", "aggregate", "rows", "two tables", "pair", "query over two tables",
        "query", "what it takes for a parameter", "query that fails",
    ],
)  # fmt: skip
def test_what_is_told(url, staged, declared, is_success, unexpected, observed):
    (result,) = _evaluated(url, declared)
    assert (result.is_success, result.unexpected_count, result.observed) == (is_success, unexpected, observed)
    assert (result.suite, result.table, result.stops_publication) == ("declared", declared.table, True)


@pytest.mark.parametrize(
    ("empty", "declared", "is_success", "observed"),
    [
        ("dim_owner", _declared("ExpectColumnValuesToBeUnique", column="owner_id"), False, "the table is empty"),
        ("dim_owner", _query("true"), False, "the table is empty"),
        ("dim_owner", _declared("ExpectColumnValuesToNotBeNull", column="owner_name", row_condition=_NOBODY), False,
         "the table is empty"),
        ("fct_classification_change", _query("true", "fct_classification_change"), True, "the table is empty"),
        ("dim_stage", _declared("ExpectColumnValuesToBeInSet", column="owner_name", value_set=["a"]), False,
         "every value is null"),
        ("dim_stage", _declared("ExpectColumnValuesToNotBeNull", column="owner_name",
                                row_condition=_NOBODY), True, "no row meets row_condition"),
    ],
    ids=[
        "empty table", "query on an empty table", "condition on an empty table", "history without news", "nulls only",
        "condition that no row meets",
    ],
)  # fmt: skip
def test_what_had_nothing_to_judge_says_so(url, staged, empty, declared, is_success, observed):
    """Great Expectations calls each of these a success."""
    staged.execute(f"DELETE FROM {empty}")
    (result,) = _evaluated(url, declared)
    assert (result.is_success, result.observed) == (is_success, f"nothing to judge: {observed}")


def test_the_number_of_rows_of_an_empty_table_is_judged(url, staged):
    staged.execute("DELETE FROM dim_owner")
    (result,) = _evaluated(url, _declared("ExpectTableRowCountToEqual", value=0))
    assert (result.is_success, result.observed) == (True, "met: 0")


def test_each_has_a_name_of_its_own_and_keeps_its_place(url, staged):
    declared = [
        _declared("ExpectColumnValuesToMatchRegex", column="owner_id", regex="a"),
        _declared("ExpectTableRowCountToEqual", "dim_stage", value=1, description="one stage"),
        _declared("ExpectColumnValuesToMatchRegex", severity="warning", column="owner_id", regex="."),
    ]
    assert [(one.expectation, one.is_success, one.severity) for one in _evaluated(url, *declared)] == [
        ("dim_owner: ExpectColumnValuesToMatchRegex, column owner_id", False, "critical"),
        ("dim_stage: one stage", True, "critical"),
        ("dim_owner: ExpectColumnValuesToMatchRegex, column owner_id (2)", True, "warning"),
    ]


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM dim_owner RETURNING *) SELECT gone.* FROM gone, {batch}",
        "SELECT setval('numbers', 7) FROM {batch}",
    ],
    ids=["delete", "sequence"],
)
def test_a_query_cannot_write(url, staged, query):
    staged.execute("CREATE SEQUENCE numbers")
    (result,) = _evaluated(url, _declared("UnexpectedRowsExpectation", unexpected_rows_query=query))
    assert not result.is_success
    assert "not evaluated" in result.observed
    assert staged.execute("SELECT count(*), (SELECT last_value FROM numbers) FROM dim_owner").fetchone() == (2, 1)


def test_no_personal_value_is_told(url, staged, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    staged.execute("UPDATE dim_owner SET owner_id = %(canary)s, owner_email = %(canary)s", {"canary": _CANARY})
    declared = [
        _declared("ExpectColumnValuesToBeInSet", column="owner_email", value_set=["x"]),
        _declared("ExpectColumnValuesToBeUnique", column="owner_email"),
        _declared("ExpectColumnDistinctValuesToBeInSet", column="owner_email", value_set=["x"]),
        _declared("ExpectColumnMostCommonValueToBeInSet", column="owner_email", value_set=[_CANARY, "y"]),
        _declared("ExpectColumnMostCommonValueToBeInSet", column="owner_email", value_set=["y"]),
        _declared("ExpectCompoundColumnsToBeUnique", column_list=["owner_email", "owner_id"]),
        _query("owner_email = owner_id"),
        # The server quotes the value in its message when it cannot read it as a number.
        _query("owner_email::integer > 0"),
        _declared("ExpectColumnMeanToBeBetween", column="owner_email", min_value=0),
    ]
    results = audit(url, [], declared, run_id="test")
    assert len(results.critical_failures) == len(declared) - 1
    assert write_page(tmp_path, results, run_id="test", now=_NOW) is None
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    for seen in (repr(results), str(results.frame("r").rows()), page, caplog.text, *capfd.readouterr()):
        assert _CANARY not in seen
        assert "Traceback" not in seen
