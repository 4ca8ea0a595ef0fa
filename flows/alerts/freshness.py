"""Freshness of the published data: alerts are held back while it is stale, because they would be false (F1.9)."""

from datetime import datetime, timedelta

import polars as pl

from definitions.counting import counted

HELD_BACK = "Alerts are held back: the data is stale"


def stale_reasons(cursors: pl.DataFrame, *, published_at: datetime, now: datetime, limit: timedelta) -> tuple[str, ...]:
    """Return one sentence for the last run and each source that is older than the limit; empty if all is fresh.

    `cursors` has source_system, stream, pulled_at and high_water_at (up to when the stream is complete): a run that
    pulled only some sources leaves the others as old as they were.
    """
    reasons = []
    if now - published_at > limit:
        reasons.append(f"The last run was published at {moment(published_at)}.")
    complete = pl.min_horizontal("pulled_at", "high_water_at")
    stale = (
        cursors.select("source_system", "stream", complete=complete)
        .filter((pl.lit(now) - pl.col("complete") > limit).fill_null(value=True))
        .group_by("source_system")
        .agg(pl.col("stream").sort(), pl.col("complete").min())
        .sort("source_system")
    )
    for source, streams, since in stale.rows():
        reasons.append(f"{source} is complete {up_to(since)} ({', '.join(streams)}).")
    return tuple(reasons)


def held_back(reasons: tuple[str, ...], *, hours: int) -> str:
    """Return the text of the announcement that alerts are held back: the rule, the reasons, and what to do."""
    rule = (
        f"Owners are told nothing while anything published is older than {counted(hours, 'hour')}: what was mended in "
        "the meantime would be told as wrong."
    )
    step = "`bantam status` shows every stream, `bantam run` refreshes them; then alerts go on by themselves."
    return "\n\n".join([rule, "\n".join(f"- {reason}" for reason in reasons), step])


def up_to(at: datetime | None) -> str:
    """Return the time up to which something is complete, in words; null reads as not known."""
    return "up to a time that is not known" if at is None else f"up to {moment(at)}"


def moment(at: datetime) -> str:
    """Format a moment to the minute, in UTC.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 11, 22, 4, 10, 59, tzinfo=UTC))
    '2026-11-22 04:10 UTC'
    """
    return f"{at:%Y-%m-%d %H:%M} UTC"
