"""Values as spreadsheets write them: day numbers, and decimal commas that a whole column shows."""

from datetime import date
from decimal import Decimal

import pytest

from definitions.errors import FileUnreadableError
from tests.transforms.declared_files import conform, stream


def test_the_remedy_for_day_numbers_reads_them():
    rows = [{"id": str(number), "x": "46418"} for number in range(3)]
    with pytest.raises(FileUnreadableError, match="declare `dates: excel`"):
        conform(rows, stream(columns={"source_close_date": "x"}))
    found = conform(rows, stream(columns={"source_close_date": "x"}, dates="excel"))
    assert found.records["source_close_date"].to_list() == [date(2027, 1, 31)] * 3


@pytest.mark.parametrize(
    ("amounts", "declared", "read"),
    [
        (["1.234,50", "12,90", "-7,5"], {}, ["1234.50", "12.90", "-7.50"]),
        (["1.234,50 €", "1.000", "3"], {}, ["1234.50", "1000.00", "3.00"]),
        (["1,234", "1.234", "12"], {}, ["1234.00", "1.23", "12.00"]),
        (["1,00,000", "1,234.50", "7"], {}, ["100000.00", "1234.50", "7.00"]),
        (["12,90", "12.90", "7"], {}, [None, "12.90", "7.00"]),
        (["12,90", "7", "8"], {"decimal": "."}, [None, "7.00", "8.00"]),
    ],
    ids=["commas", "with a currency", "ambiguous is as by default", "Indian groups", "both marks", "declared"],
)
def test_a_decimal_comma_counts_where_a_whole_column_shows_it(amounts, declared, read):
    rows = [{"id": str(number), "x": amount} for number, amount in enumerate(amounts)]
    records = conform(rows, stream(columns={"amount": "x"}, **declared)).records
    found = dict(records.select("source_id", "amount").rows())
    assert found == {str(number): None if one is None else Decimal(one) for number, one in enumerate(read)}
