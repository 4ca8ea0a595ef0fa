from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import strategies as st

from definitions.agreement.model import Definitions, Engagement, Reporting, StageAge
from definitions.schema.column import Column, Kind

AS_OF = date(2026, 3, 31)
DAYS = st.integers(-400, 400).map(lambda days: AS_OF + timedelta(days=days))
VALUES = {
    Kind.TEXT: st.sampled_from(["", "Ünal & Co", 'say "hi"\n', "call, then mail"]),
    Kind.INTEGER: st.integers(0, 100),
    Kind.COUNT: st.integers(0, 5000),
    Kind.REAL: st.sampled_from([0.0, 0.1, 0.25, 1.0]),
    Kind.MONEY: st.integers(-5, 10_000_000).map(lambda cents: Decimal(cents) / 100),
    Kind.BOOLEAN: st.booleans(),
    Kind.DAY: DAYS,
    Kind.MOMENT: DAYS.map(lambda day: datetime(day.year, day.month, day.day, 12, tzinfo=UTC)),
    Kind.JSON: st.just("{}"),
}


@pytest.fixture(scope="session")
def agreed():
    """Small definitions: everything that is not given is empty."""

    def build(**parts) -> Definitions:
        least = {
            "profile": "small",
            "version": "1",
            "status": "draft",
            "because": "a test",
            "reporting": Reporting(time_zone="UTC", currency="USD", fiscal_year_starts_in=1),
            "engagement": Engagement(),
            "criteria": {},
            "people": (),
            "opportunities": (),
            "stages": (),
            "stage_age": StageAge(multiple=2.0, minimum_exits=30),
            "text": "",
            "text_sha256": "",
        }
        return Definitions(**(least | parts))

    return build


@pytest.fixture(scope="session")
def rows_of():
    """Rows with any value the fields allow, null too unless required; the first field is a key that is never twice."""

    def strategy(fields: tuple[Column, ...], required: frozenset[str], max_size: int = 8):
        key, *others = fields
        values = {
            field.name: (st.sampled_from(field.values) if field.values else VALUES[field.kind])
            if field.name in required
            else st.none() | (st.sampled_from(field.values) if field.values else VALUES[field.kind])
            for field in others
        }
        rows = st.lists(st.fixed_dictionaries(values), max_size=max_size)
        return rows.map(lambda drawn: [{key.name: f"k{number}"} | row for number, row in enumerate(drawn)])

    return strategy
