"""What a refused run had found is kept, and is never taken for what was published."""

import pytest

from definitions.schema.tables import DIM_OWNER, OPS_AUDIT_RESULT
from warehouse.publishing.refused_runs import keep_audit
from warehouse.read.lookups import status
from warehouse.read.published import last_run

pytestmark = pytest.mark.slow

KEPT = "SELECT run_id, expectation, is_success FROM ops.audit_result ORDER BY 1, 2"


@pytest.fixture
def checks(frame):
    """Checks of one suite, by what they expect and whether they passed."""
    return lambda **results: frame(
        OPS_AUDIT_RESULT,
        [
            {"suite": "structure", "expectation": name, "is_blocking": True, "is_success": passed}
            for name, passed in results.items()
        ],
    )


def test_a_refused_run_leaves_its_checks_and_no_run(warehouse_of, run, checks):
    warehouse = warehouse_of(DIM_OWNER)
    keep_audit(warehouse.engine, run("r1"), checks(unique=False, filled=True))
    assert warehouse.all(KEPT) == [("r1", "filled", True), ("r1", "unique", False)]
    assert last_run(warehouse.engine) is None
    assert status(warehouse.engine).runs.is_empty()


def test_the_checks_of_a_refused_run_are_not_those_of_the_last_published_one(warehouse_of, run, checks):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.publish(warehouse.stage("r1"), {"audit_result": checks(unique=True, fresh=False)})
    keep_audit(warehouse.engine, run("r2"), checks(unique=False))
    assert last_run(warehouse.engine).run_id == "r1"
    assert status(warehouse.engine).failed_checks["expectation"].to_list() == ["fresh"]

    warehouse.publish(warehouse.stage("r3"), {"audit_result": checks(unique=True)})
    assert status(warehouse.engine).failed_checks.is_empty()
    assert warehouse.all(KEPT) == [
        ("r1", "fresh", False),
        ("r1", "unique", True),
        ("r2", "unique", False),
        ("r3", "unique", True),
    ]


def test_a_run_that_is_refused_again_or_published_after_all_has_its_last_checks(warehouse_of, run, checks):
    warehouse = warehouse_of(DIM_OWNER)
    keep_audit(warehouse.engine, run("r1"), checks(unique=False, filled=False))
    keep_audit(warehouse.engine, run("r1"), checks(unique=False, rows=False))
    assert warehouse.all(KEPT) == [("r1", "rows", False), ("r1", "unique", False)]

    warehouse.publish(warehouse.stage("r1"), {"audit_result": checks(unique=True, filled=True)})
    assert warehouse.all(KEPT) == [("r1", "filled", True), ("r1", "unique", True)]
    assert status(warehouse.engine).failed_checks.is_empty()


def test_an_audit_that_checked_nothing_is_kept_as_nothing(warehouse_of, run, checks):
    warehouse = warehouse_of(DIM_OWNER)
    keep_audit(warehouse.engine, run("r1"), checks())
    assert warehouse.all(KEPT) == []
