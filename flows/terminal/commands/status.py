"""`bantam status`: cursors, freshness and sweeps of every stream, the last runs, failed checks, quarantine."""

from datetime import UTC, datetime

import polars as pl
from rich.console import Console

from flows.erasure.erased_keys import pending, read_erasures
from flows.home.folders import Home
from flows.run.failures import failed_since
from flows.run.run_report import Report
from flows.run.warehouse_access import home_from_environment, unmigrated_warehouse, why_unreadable
from flows.terminal.tables import filled, table
from warehouse.read import lookups

_STREAM = pl.concat_str("source_system", pl.lit("."), "stream").alias("stream")
_SWEEP = pl.Struct(
    {
        "swept_at": pl.String,
        "sweep": pl.Struct({"pages": pl.Int64}),
        "swept_late": pl.Int64,
        "swept_deleted": pl.Int64,
    }
)
_ENDS = {
    "failed": "failed with exit code {}, nothing was published",
    "interrupted": "was ended by a signal (exit code {}), nothing was published",
    "unknown": "ended with exit code {} while COMMIT was not answered; it is not among the published runs",
}


def status() -> None:
    """Show sources and cursors, the last runs, failed checks, and what is in quarantine; nothing is changed."""
    console = Console()
    for erasure in pending(read_erasures(Home(home_from_environment()))):
        console.print(
            f"The erasure of {erasure.at:%Y-%m-%d %H:%M} UTC is not complete: run `bantam erase`.", markup=False
        )
    with unmigrated_warehouse() as engine:
        unreadable = why_unreadable(engine)
        found = None if engine is None or unreadable else lookups.status(engine)
    if found is None:
        _show_failed(None, console)
        console.print(unreadable)
        return
    if found.refused.height:
        made = table(
            f"Run {found.refused['run_id'][0]} was refused, nothing was published; what stopped it", "check", "found"
        )
        console.print(filled(made, found.refused.select("expectation", "observed").rows()))
    else:
        _show_failed(None if found.runs.is_empty() else found.runs["run_id"][0], console)
    if found.runs.is_empty():
        console.print("Nothing was published yet. Run `bantam run` or `bantam demo`.")
        return
    now = datetime.now(UTC)
    made = table("Streams", "stream", "#pulled, hours ago", "complete to (UTC)")
    console.print(filled(made, _stream_ages(found.cursors, now).rows()))
    sweeps = _sweeps(found.cursors, now)
    if sweeps.height:
        made = table("Listed whole", "stream", "#complete, hours ago", "sweep under way", "#late", "#gone")
        console.print(filled(made, sweeps.rows()))
    runs = found.runs.select("run_id", "as_of", "run_status", "definitions_version", "is_draft", "rows_written")
    made = table("Last runs", "run", "as of", "status", "definitions", "draft", "#rows written")
    console.print(filled(made, runs.rows()))
    made = table("Checks of the last run that deserve a look", "blocks", "check")
    console.print(filled(made, found.failed_checks.select("is_blocking", "expectation").rows()))
    if found.quarantined.height:
        made = table("Set aside", *found.quarantined.columns)
        console.print(filled(made, found.quarantined.rows()))
    else:
        console.print("Nothing is in quarantine.")
    if found.value_faults.height:
        made = table("Set to null", *found.value_faults.columns[:-1], "#values")
        console.print(filled(made, found.value_faults.rows()))
    rows = sorted(found.rows.items())
    console.print(filled(table("Published tables", "table", "#rows"), rows))


def _stream_ages(cursors: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """One row per stream: its name, the hours since it was pulled, and up to when every change is in."""
    return cursors.sort("source_system", "stream").select(
        _STREAM, age=_hours_since(pl.col("pulled_at"), now), high_water_at="high_water_at"
    )


def _sweeps(cursors: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """One row per stream that is listed whole: hours since the last such listing began, and what sweeps found.

    `late` are records that no listing of changes had shown, `gone` those that are no longer listed; both are of the
    sweep under way, else of the last one. Links are left out: they are read again with the records they start from.
    """
    cursor = pl.col("cursor").str.json_decode(_SWEEP).struct
    swept_at = cursor.field("swept_at").str.to_datetime(time_zone="UTC")
    return (
        cursors.sort("source_system", "stream")
        .filter(cursor.field("swept_at").is_not_null() | cursor.field("sweep").is_not_null())
        .select(
            _STREAM,
            age=_hours_since(swept_at, now),
            pages=pl.format("{} pages", cursor.field("sweep").struct.field("pages")),
            late=cursor.field("swept_late").fill_null(0),
            gone=cursor.field("swept_deleted").fill_null(0),
        )
    )


def _hours_since(moment: pl.Expr, now: datetime) -> pl.Expr:
    return ((pl.lit(now) - moment).dt.total_minutes() / 60).round(1)


def _show_failed(published: str | None, console: Console) -> None:
    """Print why the newest run failed, if it came after the last published one (null: none)."""
    failed = failed_since(published, home_from_environment() / "reports")
    if failed is not None:
        console.print(_in_words(failed), markup=False)


def _in_words(ended: Report) -> str:
    """Describe how a run ended that published nothing; a run without a number is named by its start."""
    number, _, rest = str(ended["run_id"]).partition("-")
    run = f"The run of {ended['started_at']:.19} UTC" if rest.endswith("unnumbered") else f"Run {number}-{rest}"
    return f"{run} {_ENDS[ended['status']].format(ended['exit_code'])}: {ended['error']}"
