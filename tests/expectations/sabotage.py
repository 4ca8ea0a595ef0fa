"""What the sabotaged tables are held against: every suite, and a way to ask which checks fail."""

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal

from definitions.agreement.load import load_definitions
from definitions.schema.tables import CURATED
from expectations.audit import audit
from expectations.check import Suite
from expectations.suites.agreement import agreement_suite
from expectations.suites.consistency import consistency_suite
from expectations.suites.reconciliation import SourceTotal, reconciliation_suite, tallies_of
from expectations.suites.structure import TableFill, structure_suite
from expectations.suites.timeliness import timeliness_suite

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_AS_OF = date(2026, 11, 20)
_CONTACTS, _DEALS, _CALLS = (("hubspot", "contacts"),), (("hubspot", "deals"),), (("hubspot", "call"),)
_PREVIOUS = {
    "dim_account": TableFill(110, {"domain": 110, "industry": 110, "country": 3}),
    "dim_owner": TableFill(3, {"owner_name": 3}),
}
SUITES = {
    "structure": structure_suite(CURATED, _PREVIOUS),
    "agreement": agreement_suite(load_definitions("handoff"), as_of=_AS_OF),
    "timeliness": timeliness_suite(["hubspot"], as_of=_AS_OF, now=_NOW),
    "reconciliation": reconciliation_suite(
        tallies_of({"dim_person": _CONTACTS, "fct_opportunity": _DEALS, "fct_activity": _CALLS}),
        [
            SourceTotal(source_system="hubspot", currency_code="USD", state="open", rows=7, amount=Decimal(7000)),
            SourceTotal(source_system="hubspot", currency_code="USD", state="won", rows=1, amount=Decimal(1000)),
            SourceTotal(source_system="hubspot", currency_code="USD", state="lost", rows=3, amount=Decimal(3000)),
        ],
        streams=[*_CONTACTS, *_DEALS, *_CALLS],
    ),
    "consistency": consistency_suite(),
}


def failures(url: str, suite: Suite, *tables: str) -> dict[str, bool]:
    """Names of the checks that fail on the tables, each with whether it stops the publication."""
    chosen = tuple(check for check in suite.checks if check.table in tables or not tables)
    report = audit(url, [dataclasses.replace(suite, checks=chosen)], run_id="test")
    assert len(report.results) == len(chosen), "a check without a result is a check that hides"
    return {result.expectation: result.stops_publication for result in report.results if not result.is_success}
