"""Which way every derived day counter counts."""

from datetime import date

import polars as pl
import pytest

from definitions.schema.facets import DERIVED
from transforms.classify.predicates import compile_facet

AS_OF = date(2026, 3, 31)
TEN_DAYS_AGO = date(2026, 3, 21)
COUNTERS = {
    "days_since_activity": ("last_activity_on", 10),
    "purchase_days_ahead": ("purchase_date", -10),
    "days_in_lead_phase": ("lead_since_on", 10),
    "days_since_inbound": ("last_inbound_on", 10),
    "days_since_outbound": ("last_outbound_on", 10),
    "days_since_proactive": ("last_proactive_on", 10),
    "days_silent": ("silent_since_on", 10),
    "days_unreachable": ("unreachable_since_on", 10),
    "days_since_mql": ("mql_latest_on", 10),
    "days_since_accepted": ("sales_accepted_on", 10),
    "days_since_recycled": ("recycled_on", 10),
    "days_overdue": ("close_date", 10),
    "days_to_close": ("close_date", -10),
    "days_in_stage": ("stage_entered_on", 10),
    "age_days": ("created_on", 10),
    "days_since_change": ("last_meaningful_change_on", 10),
    "days_to_next_activity": ("next_activity_on", -10),
}


@pytest.mark.parametrize(("name", "column", "days"), [(name, *told) for name, told in COUNTERS.items()])
def test_days_since_grow_as_a_day_goes_by_and_days_until_shrink(name, column, days):
    frame = pl.DataFrame({column: [TEN_DAYS_AGO, None]}, schema_overrides={column: pl.Date})
    assert frame.select(compile_facet(name, AS_OF)).to_series().to_list() == [days, None]


def test_every_counter_is_tried_above():
    assert set(COUNTERS) == set(DERIVED)
