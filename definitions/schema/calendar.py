"""Calendar: every day with its fiscal year and quarter."""

from definitions.schema.column import BOOLEAN, DAY, INTEGER, TEXT, Column

CALENDAR = (
    Column("calendar_date", DAY, "The day."),
    Column("calendar_year", INTEGER, "Calendar year.", required=True),
    Column("calendar_quarter", INTEGER, "Calendar quarter.", low=1, high=4, required=True),
    Column("calendar_month", INTEGER, "Month.", low=1, high=12, required=True),
    Column("day_of_week", INTEGER, "Day of the week, Monday 1.", low=1, high=7, required=True),
    Column("is_business_day", BOOLEAN, "Monday to Friday.", required=True),
    Column("fiscal_year", INTEGER, "Fiscal year, named by the calendar year it ends in.", required=True),
    Column("fiscal_quarter", INTEGER, "Fiscal quarter.", low=1, high=4, required=True),
    Column("fiscal_quarter_name", TEXT, "Fiscal quarter as people write it: FY26-Q3.", required=True),
    Column("first_day_of_fiscal_quarter", DAY, "First day of the fiscal quarter.", required=True),
    Column("last_day_of_fiscal_quarter", DAY, "Last day of the fiscal quarter.", required=True),
    Column("day_of_fiscal_quarter", INTEGER, "Day within the fiscal quarter, 1 first.", low=1, high=92, required=True),
)
