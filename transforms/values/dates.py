"""Dates and timestamps parsed from text, in the declared order of day and month; the order is never inferred.

`03/04/2017` is ambiguous and parsed only under a declared order; ISO days, year-first days and named months are not
ambiguous. Under `excel`, a number below 2,958,466 is a day of Excel's 1900 system, its fraction the time; 60 is null,
the 29th of February 1900, which there was not. Two-digit years follow POSIX: 69 to 99 are 1969 to 1999, the rest 2000
to 2068. A timestamp without an offset is local time in a zone; where clocks are set back, it is the earlier of two
moments.
"""

from datetime import date

import polars as pl

from definitions.mapping.file_columns import DateOrder
from definitions.polars_types import MOMENT
from transforms.values.steps import Step, read_in_steps

_ISO_MOMENT = "%Y-%m-%dT%H:%M:%S%.f%#z"
_EPOCH = r"^(-?[0-9]{11,14})$"
_NUMERIC = r"^([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{4}|[0-9]{2})$"
_FIGURES = r"^([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-](?:[0-9]{4}|[0-9]{2})(?:[^0-9].*)?$"
_DAY = (
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{8}|[0-9]{1,2}[/.\-][0-9]{1,2}[/.\-](?:[0-9]{4}|[0-9]{2})"
    r"|[0-9]{1,2}(?:st|nd|rd|th)?[., -]{1,2}[A-Za-z]{3,9}[., -]{1,2}(?:[0-9]{4}|[0-9]{2})"
    r"|[A-Za-z]{3,9}\.? [0-9]{1,2}(?:st|nd|rd|th)?,? [0-9]{4}"
)
_TIME = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r" ?(?P<half>[AaPp]\.?[Mm]\.?)? ?(?P<offset>Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_WRITTEN = rf"^(?P<day>{_DAY})(?:(?:T|,? +){_TIME})?$"
_SERIAL = r"^\s*([0-9]{1,7})(?:[.,]([0-9]+))?\s*$"
# Excel takes 1900 for a leap year: day 60 is none, and those after it are counted one too high.
_NO_SUCH_DAY = 60
_LAST_SERIAL = 2_958_465
_DAY_MS = 86_400_000
# POSIX strptime: a two-digit year below this is in the twenty-first century.
_PIVOT = 69
_FIRST_FOUR_FIGURES = 1000


def day(text: pl.Expr, zone: str = "UTC", *, order: DateOrder = "iso") -> pl.Expr:
    """Parse a day (Date), years 1 to 9999; null where the text is no day in the declared order.

    A day, and a timestamp without an offset, gives the day as written; a timestamp with an offset, and one in epoch
    milliseconds, gives its day in `zone`; the first or last day of those years where `zone` is beyond them.

    >>> dates = pl.lit(pl.Series(["3/1/2017", "2017-03-01T23:30:00-0500", "13/13/2017"]))
    >>> pl.select(day(dates, "UTC", order="month_first")).to_series().to_list()
    [datetime.date(2017, 3, 1), datetime.date(2017, 3, 2), None]
    """

    def in_zone(step: Step) -> Step:
        return lambda values: pl.select(_known_day_in_zone(pl.lit(step(values)), zone)).to_series()

    def in_words(values: pl.Series) -> pl.Series:
        written = _written(values, order)
        no_offset = pl.col("offset").is_null() & pl.col("spent").is_not_null()
        moment_there = _known_day_in_zone(_moment_of(zone), zone)
        return written.select(pl.when(no_offset).then("start").otherwise(moment_there)).to_series()

    def in_serial(values: pl.Series) -> pl.Series:
        return _serial(values).select(pl.col("local").dt.date()).to_series()

    steps: tuple[Step, ...] = (_iso_day, in_zone(_iso_moment), in_zone(_from_epoch), in_words)
    return _known_years(read_in_steps(text, (in_serial, *steps) if order == "excel" else steps, pl.Date()))


def moment(text: pl.Expr, zone: str = "UTC", *, order: DateOrder = "iso", days_in: str | None = None) -> pl.Expr:
    """Parse a timestamp (Datetime, microseconds, UTC); null where the text is none in the declared order.

    Offsets are `Z`, `+02`, `+0200`, `+02:00`; epoch milliseconds have 11 to 14 digits. Without an offset the time is
    local in `zone`; a day alone is its first moment in `days_in`, default `zone`.

    >>> pl.select(moment(pl.lit("2024-07-24T14:05:58.000+0000"))).item()
    datetime.datetime(2024, 7, 24, 14, 5, 58, tzinfo=zoneinfo.ZoneInfo(key='UTC'))
    """

    def in_words(values: pl.Series) -> pl.Series:
        is_day = pl.lit(values.str.strip_chars().str.contains(f"^(?:{_DAY})$"))
        begun = pl.when(is_day).then(start_of_day(pl.col("start"), days_in or zone)).otherwise(_moment_of(zone))
        return _written(values, order).select(begun).to_series()

    def in_serial(values: pl.Series) -> pl.Series:
        day_alone = start_of_day(pl.col("local").dt.date(), days_in or zone)
        begun = pl.when("is_day").then(day_alone).otherwise(_on_the_wall(pl.col("local"), zone))
        return _serial(values).select(begun).to_series()

    steps: tuple[Step, ...] = (_iso_moment, _from_epoch, in_words)
    return _known_years(read_in_steps(text, (in_serial, *steps) if order == "excel" else steps, MOMENT))


def day_in_zone(moments: pl.Expr, zone: str) -> pl.Expr:
    """Compile the day (Date) of aware timestamps in an IANA zone; null for null."""
    return moments.dt.convert_time_zone(zone).dt.date()


def start_of_day(days: pl.Expr, zone: str) -> pl.Expr:
    """Compile the first moment (UTC) of a day in an IANA zone; null for null."""
    return _on_the_wall(days.cast(pl.Datetime("us")), zone)


def is_ambiguous(text: pl.Expr) -> pl.Expr:
    """Return whether day and month could be swapped: both in digits, neither above 12; null for null.

    >>> pl.select(is_ambiguous(pl.lit(pl.Series(["3/1/2017", "3/13/2017", "2017-03-01"])))).to_series().to_list()
    [True, False, False]
    """
    written = text.str.strip_chars().str.extract_groups(_FIGURES).struct
    first, second = (written.field(part).cast(pl.Int8, strict=False) for part in ("1", "2"))
    both = first.is_between(1, 12) & second.is_between(1, 12)
    return pl.when(text.is_not_null()).then(both.fill_null(value=False))


def is_in_figures(text: pl.Expr) -> pl.Expr:
    """Return whether a day is in digits whose order must be declared, such as 13/03/2017; null for null."""
    return text.str.strip_chars().str.contains(_FIGURES)


def _known_years(read: pl.Expr) -> pl.Expr:
    """Replace years outside 1 to 9999 by null: other tools do not accept them."""
    return pl.when(read.dt.year().is_between(1, 9999)).then(read)


def _known_day_in_zone(moments: pl.Expr, zone: str) -> pl.Expr:
    """Day in a zone; of a moment in the years 1 to 9999 a day in them: 0001-01-01T00:00Z is in no year of New York."""
    days = day_in_zone(moments, zone)
    clipped = days.clip(pl.lit(date.min), pl.lit(date.max))
    return pl.when(moments.dt.year().is_between(1, 9999)).then(clipped).otherwise(days)


def _iso_day(values: pl.Series) -> pl.Series:
    return _four_figure_years(values.str.to_date("%Y-%m-%d", strict=False))


def _iso_moment(values: pl.Series) -> pl.Series:
    return _four_figure_years(values.str.to_datetime(_ISO_MOMENT, strict=False, time_unit="us").cast(MOMENT))


def _four_figure_years(read: pl.Series) -> pl.Series:
    """Replace years below 1000 by null: the parser takes 3-1-17 for the year 3. A later step parses real ones."""
    return (
        read.to_frame("read").select(pl.when(pl.col("read").dt.year() >= _FIRST_FOUR_FIGURES).then("read")).to_series()
    )


def _from_epoch(values: pl.Series) -> pl.Series:
    milliseconds = values.str.extract(_EPOCH).cast(pl.Int64)
    return pl.from_epoch(milliseconds, "ms").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _serial(values: pl.Series) -> pl.DataFrame:
    """One row a text: `local` (the time a day number names, to the millisecond) and `is_day` (it has no fraction)."""
    parts = values.str.extract_groups(_SERIAL).struct.unnest()
    parts.columns = ["whole", "fraction"]
    number = pl.col("whole").cast(pl.Int32)
    first = pl.when(number < _NO_SUCH_DAY).then(pl.date(1899, 12, 31)).otherwise(pl.date(1899, 12, 30))
    is_known = number.is_between(1, _LAST_SERIAL) & (number != _NO_SUCH_DAY)
    spent = pl.concat_str(pl.lit("0."), "fraction").cast(pl.Float64).fill_null(0) * _DAY_MS
    local = first.cast(pl.Datetime("us")) + pl.duration(days=number, milliseconds=spent.round(0).cast(pl.Int64))
    return parts.select(
        local=pl.when(is_known).then(local), is_day=pl.col("fraction").fill_null("").str.strip_chars("0") == ""
    )


def _written(values: pl.Series, order: DateOrder) -> pl.DataFrame:
    """Parse each text to `start` (the day), `spent` (since midnight; null for an invalid time) and `offset`."""
    parts = values.str.strip_chars().str.extract_groups(_WRITTEN).struct.unnest()
    return parts.select(_calendar_day(order).alias("start"), _time_of_day().alias("spent"), "offset")


def _calendar_day(order: DateOrder) -> pl.Expr:
    """Parse the day in column `day`."""
    written = pl.col("day")
    numeric = written.str.contains(_NUMERIC)
    named = _with_century(written.str.replace(r"([0-9])(?:st|nd|rd|th)\b", "${1}").str.replace_all(r"[., -]+", " "))
    forms = [
        written.str.replace_all("[/.]", "-").str.to_date("%Y-%m-%d", strict=False),
        # Exactly eight digits: `%Y%m%d` alone would also accept 2017111.
        pl.when(written.str.contains("^[0-9]{8}$")).then(written).str.to_date("%Y%m%d", strict=False),
        *(named.str.to_date(form, strict=False) for form in ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y")),
    ]
    in_order = pl.when(numeric).then(_year_first(written, order)).str.to_date("%Y-%m-%d", strict=False)
    # A numeric day must not be parsed as ISO, which would take 10/11/12 for the year 10.
    return pl.when(numeric).then(in_order).otherwise(pl.coalesce(forms))


def _year_first(written: pl.Expr, order: DateOrder) -> pl.Expr:
    """Rewrite a numeric day as `year-month-day`; null where no order is declared."""
    if order not in {"day_first", "month_first"}:
        return pl.lit(None, pl.String)
    parts = written.str.extract_groups(_NUMERIC).struct
    month, day_of_month = ("2", "1") if order == "day_first" else ("1", "2")
    year = _four_figures(parts.field("3"))
    return pl.concat_str(year, parts.field(month), parts.field(day_of_month), separator="-")


def _with_century(named: pl.Expr) -> pl.Expr:
    """Expand a two-digit year, `3 Aug 26` to `3 Aug 2026`; leave any other text unchanged."""
    short = named.str.extract_groups(r"^([0-9]{1,2} [A-Za-z]+) ([0-9]{2})$").struct
    return pl.coalesce(pl.concat_str(short.field("1"), _four_figures(short.field("2")), separator=" "), named)


def _four_figures(year: pl.Expr) -> pl.Expr:
    """Convert a year of two or four digits to text of four."""
    number = year.cast(pl.Int32)
    long = pl.when(year.str.contains("^[0-9]{4}$")).then(number)
    century = pl.when(number < _PIVOT).then(2000).otherwise(1900)
    return pl.coalesce(long, number + century).cast(pl.String).str.zfill(4)


def _time_of_day() -> pl.Expr:
    """Compile the duration since midnight; zero without a time, null for an invalid one."""
    hour, minute, second = (pl.col(name).cast(pl.Int64) for name in ("hour", "minute", "second"))
    half = pl.col("half").str.to_lowercase().str.slice(0, 1)
    afternoon = pl.when(half == "p").then(hour % 12 + 12).otherwise(hour % 12)
    hours = pl.when(half.is_null()).then(hour).when(hour.is_between(1, 12)).then(afternoon)
    fraction = pl.col("fraction").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64).fill_null(0)
    seconds = second.fill_null(0)
    spent = pl.duration(hours=hours, minutes=minute, seconds=seconds, microseconds=fraction)
    is_valid = hours.is_between(0, 23) & minute.is_between(0, 59) & seconds.is_between(0, 59)
    return pl.when(hour.is_null()).then(pl.duration(hours=0)).when(is_valid).then(spent)


def _moment_of(zone: str) -> pl.Expr:
    """Compile the timestamp (UTC) of the columns `start`, `spent` and `offset`."""
    local = pl.col("start").cast(pl.Datetime("us")) + pl.col("spent")
    aware = (local - _offset()).dt.replace_time_zone("UTC")
    return pl.when(pl.col("offset").is_not_null()).then(aware).otherwise(_on_the_wall(local, zone))


def _offset() -> pl.Expr:
    """Parse column `offset` to a duration east of UTC; zero for `Z`, `UTC` and `GMT`."""
    parts = pl.col("offset").str.extract_groups(r"^([+-])([0-9]{2}):?([0-9]{2})?$").struct
    hours, minutes = (parts.field(part).cast(pl.Int64).fill_null(0) for part in ("2", "3"))
    distance = hours * 60 + minutes
    return pl.duration(minutes=pl.when(parts.field("1") == "-").then(-distance).otherwise(distance))


def _on_the_wall(local: pl.Expr, zone: str) -> pl.Expr:
    """Convert local time to UTC; a time that daylight saving skips is moved one hour later."""
    plain = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    jumped = (local + pl.duration(hours=1)).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(plain, jumped).dt.convert_time_zone("UTC")
