"""Whatever the contracts and definitions promise is checked: who adds a promise and no check hears of it here."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from definitions.agreement.load import load_definitions, profiles
from definitions.agreement.model import Definitions
from definitions.schema.column import Kind
from definitions.schema.tables import CURATED, OPS_CONSERVATION, Table
from expectations.check import Check
from expectations.suites.agreement import agreement_suite
from expectations.suites.reconciliation import RowCount, SourceTotal, reconciliation_suite
from expectations.suites.structure import HISTORY, TableFill, structure_suite
from expectations.suites.timeliness import timeliness_suite
from transforms.pipeline.records import KIND_OF_TABLE

_AS_OF = date(2026, 11, 20)
_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_DATES = (Kind.DAY, Kind.MOMENT)
_FULL = {table.name: TableFill(1000, dict.fromkeys(table.names, 1000)) for table in CURATED}
_STRUCTURE = {check.name: check for check in structure_suite(CURATED, _FULL).checks}
_TIMES = timeliness_suite(["crm", "marketing"], as_of=_AS_OF, now=_NOW)

# Classes that a person may wear for more than one reason, or by one fact alone: the ladder is all there is to check.
_NO_CONSEQUENCE = {
    "merged_or_deleted", "excluded", "disqualified", "recycled", "dormant", "mql", "lead", "suspect",
}  # fmt: skip
# The calendar, plans and appointments, which may lie ahead; the moment of staging.
_MAY_LIE_AHEAD = {
    "calendar_date", "first_day_of_fiscal_quarter", "last_day_of_fiscal_quarter", "close_date", "source_close_date",
    "original_close_date", "purchase_date", "next_activity_on", "due_at", "loaded_at",
}  # fmt: skip
# Told by a source, or by its activities, in no order with any other: a history need not begin with the first step.
_IN_NO_ORDER = {
    "email_bounced_at", "unreachable_since_on", "last_inbound_on", "last_outbound_on", "last_proactive_on",
    "last_activity_on", "last_activity_at", "silent_since_on", "disqualified_on", "recycled_on", "source_created_at",
    "last_stage_change_at", "occurred_at",
}  # fmt: skip
# Reference data changes rarely, and a link is as old as its record: neither tells whether a source is silent.
_NOT_DATED = {
    "dim_owner", "dim_stage", "dim_product", "bridge_person_source", "bridge_account_source",
    "bridge_opportunity_source", "bridge_opportunity_person",
}  # fmt: skip


@pytest.fixture(scope="module", params=profiles())
def agreed(request) -> tuple[Definitions, dict[str, Check]]:
    """A profile, and its checks by name."""
    definitions = load_definitions(request.param)
    return definitions, {check.name: check for check in agreement_suite(definitions, as_of=_AS_OF).checks}


def _promised(table: Table) -> set[str]:
    """Names of the checks that a contract makes necessary, read from the contract alone."""
    one = len(table.key) == 1
    names = {f"{' and '.join(table.key)} {'is' if one else 'are'} unique"}
    names |= {f"{name} is known" for name in table.required}
    names |= {f"{field.name} holds only words of its vocabulary" for field in table.columns if field.values}
    for name, target in table.references.items():
        names |= {f"every {name} is found in {target.split('.')[0]}"}
        names |= {f"{name} is missing from {target.split('.')[0]} in at most 0.5% of references"}
    if not table.may_be_empty:
        return names | {"has rows"}
    if table.name in HISTORY:
        return names
    return names | {
        "rows are within -20% and +50% of the last run",
        *({"every column that held values in the last run still does"} if set(table.names) - table.required else ()),
    }


@pytest.mark.parametrize("table", CURATED, ids=lambda table: table.name)
def test_every_promise_of_a_contract_has_a_check(table):
    assert {f"{table.name}: {said}" for said in _promised(table)} <= _STRUCTURE.keys()
    for field in table.columns:
        limits = [check for name, check in _STRUCTURE.items() if name.startswith(f"{table.name}: {field.name} is ")]
        for limit, sign in ((field.low, "<"), (field.high, ">")):
            if limit is not None:
                assert [check for check in limits if f'"{field.name}" {sign} {limit!r}' in check.sql]


def test_every_class_has_a_check_that_whoever_wears_it_satisfies_it(agreed):
    definitions, checks = agreed
    for table, ladder in (("dim_person", definitions.people), ("fct_opportunity", definitions.opportunities)):
        one = checks[f"{table}: every row has exactly one class of the definitions"]
        for rule in ladder:
            worn = checks[f"{table}: who is {rule.name} satisfies it, and no class asked before it"]
            assert (worn.stops_publication, worn.tolerance) == (True, 0)
            assert f"'{rule.name}'" in one.sql
            if rule.when is not None:
                assert rule.when.to_postgres(_AS_OF) in worn.sql
                assert [name for name in checks if name.startswith(f"{table}: who is claimed to be {rule.name} ")]


def test_every_class_has_a_consequence_or_is_known_to_have_none(agreed):
    definitions, checks = agreed
    for table, ladder, exempt in (
        ("dim_person", definitions.people, _NO_CONSEQUENCE),
        ("fct_opportunity", definitions.opportunities, set()),
    ):
        of_ladder = (" satisfies it, and no class asked before it", " satisfies it, but for 20%")
        for rule in ladder:
            told = [name for name in checks if name.startswith(f"{table}: who is {rule.name} ")]
            stated_again = [name for name in told if not name.endswith(of_ladder)]
            assert bool(stated_again) is (rule.name not in exempt), f"{table}: {rule.name}"


def test_every_criterion_is_counted_and_every_stage_asks_for_what_it_requires(agreed):
    definitions, checks = agreed
    for criterion in definitions.criteria.values():
        test = criterion.met.to_postgres(_AS_OF)
        for table in ("dim_person", "fct_opportunity"):
            counts = [name for name in checks if name.startswith(f"{table}: criteria_")]
            assert len(counts) == 3
            assert all(test in checks[name].sql for name in counts)
    (missing,) = [check for name, check in checks.items() if "missing_criteria_count counts" in name]
    for stage in definitions.stages:
        for name in stage.requires:
            assert f"WHEN '{stage.stage}' THEN" in missing.sql
            assert definitions.criteria[name].met.to_postgres(_AS_OF) in missing.sql


def test_every_hygiene_rule_has_a_check_of_its_issues(agreed):
    definitions, checks = agreed
    many = {"person": ("persons", "dim_person"), "opportunity": ("opportunities", "fct_opportunity")}
    for rule in definitions.hygiene:
        records, table = many[rule.on]
        said = f"as many issues of {rule.rule} are open as {records} fail it, each with its severity"
        check = checks[f"fct_hygiene_issue: {said}"]
        assert check.stops_publication
        asked = [sql for where, sql in check.across.aggregates if where == table]
        assert all(rule.when.to_postgres(_AS_OF) in sql for sql in asked)
        assert len(asked) == (2 if rule.critical_when and rule.severity != "critical" else 1)
        if rule.critical_when:
            assert all(rule.critical_when.to_postgres(_AS_OF) in sql for sql in asked)


def test_every_source_is_asked_for_the_last_change():
    asked = {check.name: check for check in _TIMES.checks if check.table == "all_records"}
    for source in ("crm", "marketing"):
        for hours in (26, 50):
            latest = asked[f"{source}: something changed in the last {hours} hours"].across.aggregates
            assert all(f"= '{source}'" in sql for _, sql in latest), "each source is asked for by itself"
            dated = {table for table, _ in latest}
    told = {table.name for table in CURATED if {"source_system", "source_updated_at"} <= {*table.names}}
    assert dated == told - _NOT_DATED
    assert {f"{table}: no record was changed in the future" for table in dated} <= {c.name for c in _TIMES.checks}


def test_every_day_and_moment_is_held_against_another_or_is_known_not_to_be():
    asked = {(check.table, part) for check in _TIMES.checks for part in check.sql.split('"')[1::2]}
    days = {(table.name, field.name) for table in CURATED for field in table.columns if field.kind in _DATES}
    unasked = {name for table, name in days - asked if table not in _NOT_DATED}
    # Of persons it is asked whether they were seen before they changed; an account tells no more than that.
    assert unasked - {"first_seen_at"} == _MAY_LIE_AHEAD | _IN_NO_ORDER


def test_every_count_of_the_conservation_sheet_is_held_against_the_others():
    checks = {check.name.removeprefix("conservation: "): check.sql for check in reconciliation_suite().checks}
    counts = {field.name for field in OPS_CONSERVATION.columns if field.kind is Kind.COUNT}
    known, added = checks["every count is known"], next(sql for name, sql in checks.items() if "fetched is" in name)
    for name in counts:
        assert f'"{name}" IS NULL' in known
        assert f'"{name}" < 0' in checks["no count is negative"] or name == "difference"
        assert f'"{name}"' in added or name in {"difference", "pulled"}
    assert checks["every stream is accounted for: the difference is 0"] == '"difference" IS DISTINCT FROM 0'


def test_every_table_made_of_several_records_is_held_against_the_sheet():
    """What streams feed is told by the computation; the audit counts against the sheet whatever it is told of."""
    golden = {table.name for table in CURATED if "record_count" in table.names}
    assert golden == set(KIND_OF_TABLE) - {"fct_activity"}
    told = [RowCount(table=table, streams=(("crm", "a"), ("crm", "b"))) for table in sorted(golden)]
    checks = {check.name: check for check in reconciliation_suite(told).checks}
    for table in golden:
        check = checks[f"{table}: live rows match the conservation sheet"]
        assert check.stops_publication
        assert "('crm', 'a'), ('crm', 'b')" in check.sql


def test_every_total_of_a_source_is_held_against_the_deals():
    totals = [
        SourceTotal(source_system=source, currency_code=currency, state=state, rows=1, amount=Decimal(1))
        for source in ("crm", "marketing")
        for currency in ("EUR", None)
        for state in ("open", "won", "lost")
    ]
    checks = reconciliation_suite((), totals).checks
    told = {check.name for check in checks if check.table == "fct_opportunity" and check.stops_publication}
    assert told == {
        "fct_opportunity: no live deal is outside the source's totals",
        *(
            f"fct_opportunity: {what} of {one.state} deals of {one.source_system} in "
            f"{one.currency_code or 'no currency'} is the source's"
            for one in totals
            for what in ("number", "amount")
        ),
    }
