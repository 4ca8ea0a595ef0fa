"""Change detection between the published state and this run: classes, hygiene issues, deals, daily snapshots.

The ledger is append-only: read backwards, it gives every earlier class again.
"""

from datetime import date

import polars as pl

from definitions.schema.classified import GONE
from definitions.schema.tables import FCT_CLASSIFICATION_CHANGE, FCT_HYGIENE_ISSUE, FCT_OPPORTUNITY_DAILY_SNAPSHOT
from transforms.step import ALL, ROW, step

_ISSUE = ["record_kind", "record_id", "rule_id"]


@step(partition_by="record_id")
def class_changes(
    before: pl.LazyFrame, after: pl.LazyFrame, *, kind: str, as_of: date, profile: str, run_id: str
) -> pl.LazyFrame:
    """Return the rows to add to `fct_classification_change`: one for each record whose class is not the published one.

    `before` is (record_id, class) as published; `after` is (record_id, class, claimed_class, rule, reason, value). A
    record seen for the first time is compared with what its sources claim (`from_kind` "claim"); no claim, no row. A
    published record that no longer exists (deleted, absorbed by another, erased) becomes `merged_or_deleted`; `before`
    includes those that became it earlier, so that a restored record leaves that class again.
    """
    published = before.select("record_id", published=pl.col("class"))
    today = after.select("record_id", "claimed_class", "rule", "reason", to_class="class", value_at_risk="value")
    is_present = pl.col("to_class").is_not_null()
    return (
        today.join(published, on="record_id", how="full", coalesce=True)
        .with_columns(
            record_kind=pl.lit(kind),
            from_class=pl.coalesce("published", "claimed_class"),
            from_kind=pl.when(pl.col("published").is_null()).then(pl.lit("claim")).otherwise(pl.lit("class")),
            to_class=pl.col("to_class").fill_null(GONE),
            rule=pl.when(is_present).then("rule").otherwise(pl.lit(f"{profile}/{GONE}")),
            reason=pl.when(is_present)
            .then("reason")
            .otherwise(pl.lit("no longer held: deleted, absorbed by another record, or erased")),
            changed_on=pl.lit(as_of),
            # Two runs may share one as-of date, and a record may change in both.
            change_id=pl.format("{}|{}|{}|{}", pl.lit(kind), "record_id", pl.lit(as_of.isoformat()), pl.lit(run_id)),
        )
        .filter(pl.col("from_class") != pl.col("to_class"))
        .select(FCT_CLASSIFICATION_CHANGE.content)
        .sort("change_id")
    )


@step(partition_by="record_id", delivers=("record_id", "class_since"))
def class_since(before: pl.LazyFrame, after: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """Date each record's class: (record_id, class_since); the published day while the class stays, else `as_of`.

    `before` is (record_id, class, class_since) as published; `after` is (record_id, class), each of which gets one row.
    """
    published = before.select("record_id", "class_since", published=pl.col("class"))
    stays = pl.col("published") == pl.col("class")
    return (
        after.select("record_id", "class")
        .join(published, on="record_id", how="left")
        .select("record_id", class_since=pl.when(stays).then("class_since").fill_null(pl.lit(as_of)))
    )


@step(partition_by="record_id")
def issue_lives(before: pl.LazyFrame, findings: pl.LazyFrame, *, as_of: date, is_baseline: bool) -> pl.LazyFrame:
    """Return the rows of `fct_hygiene_issue` to write: issues opened, still open and resolved on `as_of`.

    `before` is the published issues, at least the open ones and those resolved on `as_of`; `findings` has one row for
    each failing (record, rule). A rule that fails again after the day it was resolved opens a new issue; on that same
    day the old issue is reopened, since issues are dated by the day. What was true at the opening (`opened_on`,
    `amount_at_open`, `is_baseline`) stays; the other columns have today's values.
    The same findings on the same day again give the same rows.
    """
    live = before.filter((pl.col("state") == "open") | (pl.col("resolved_on") == as_of))
    opening = ["issue_id", "opened_on", "amount_at_open", "is_baseline"]
    is_new = pl.col("issue_id").is_null()
    new_id = pl.format("{}|{}|{}", "record_id", "rule_id", pl.lit(as_of.isoformat()))
    failing = findings.join(live.select(*_ISSUE, *opening), on=_ISSUE, how="left").with_columns(
        issue_id=pl.col("issue_id").fill_null(new_id),
        opened_on=pl.col("opened_on").fill_null(pl.lit(as_of)),
        amount_at_open=pl.when(is_new).then("amount").otherwise("amount_at_open"),
        is_baseline=pl.col("is_baseline").fill_null(pl.lit(is_baseline)),
        state=pl.lit("open"),
        last_seen_on=pl.lit(as_of),
        resolved_on=pl.lit(None, dtype=pl.Date),
    )
    resolved = (
        live.filter(pl.col("state") == "open")
        .join(findings, on=_ISSUE, how="anti")
        .with_columns(state=pl.lit("resolved"), resolved_on=pl.lit(as_of))
    )
    columns = FCT_HYGIENE_ISSUE.content
    return pl.concat([failing.select(columns), resolved.select(columns)]).sort("issue_id")


@step(
    partition_by="record_key", delivers=("record_key", "push_count", "original_close_date", "last_meaningful_change_at")
)
def tracked_changes(versions: pl.LazyFrame) -> pl.LazyFrame:
    """Derive pushes and changes of each deal from its landed versions.

    Returns (record_key, push_count, original_close_date, last_meaningful_change_at), one row for each deal. `versions`
    has one row for each landed version, in any order, repeats allowed: record_key, version_at (null where the source
    keeps no change time: then its landing run dates it), location (which sorts by run), is_deleted, source_stage,
    close_date (null where a placeholder), amount, is_closed. A push is a move of an open deal's close date to a later
    calendar month than the latest non-null date; vendors overwrite the date on closing, so a move that comes with the
    closing is none.
    `original_close_date` is the first date seen. `last_meaningful_change_at` is the latest version whose stage, close
    date or amount differs from the version before; null where none does.
    """
    compared = ["source_stage", "close_date", "amount"]
    # Rows are sorted by deal, so a plain shift looks at the version before; the first of a deal has none.
    is_first = pl.col("record_key").ne_missing(pl.col("record_key").shift(1))
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in compared)
    last_date = pl.col("close_date").forward_fill().shift(1).over("record_key")
    is_later = _month_number(pl.col("close_date")) > _month_number(last_date)
    return (
        # A tombstone has no values of the deal.
        versions.filter(~pl.col("is_deleted"))
        .sort("record_key", "version_at", "location", *compared, "is_closed")
        .with_columns(is_push=is_later & ~pl.col("is_closed").fill_null(value=False), is_change=differs & ~is_first)
        .group_by("record_key", maintain_order=True)
        .agg(
            push_count=pl.col("is_push").sum().cast(pl.Int32),
            original_close_date=pl.col("close_date").drop_nulls().first(),
            last_meaningful_change_at=pl.coalesce("version_at", _landed_at()).filter(pl.col("is_change")).max(),
        )
    )


def _landed_at() -> pl.Expr:
    """Parse the start of the landing run, with which a location begins: 000007-20261122T190544Z/..."""
    began = pl.col("location").str.extract(r"^[0-9]+-([0-9]{8}T[0-9]{6})Z/")
    return began.str.to_datetime("%Y%m%dT%H%M%S", time_unit="us", strict=False).dt.replace_time_zone("UTC")


@step(partition_by=ROW, needs=("due_snapshots",))
def snapshot(opportunities: pl.LazyFrame, due_snapshots: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """Make the rows of `fct_opportunity_daily_snapshot` for `as_of`: every open deal, and each in `due_snapshots`.

    A deal that closed since the last snapshot is recorded once more; a deleted one is in the ledger only.
    """
    closing = opportunities.join(due_snapshots, on="opportunity_id", how="semi").filter(~_counts_as_open())
    return (
        pl.concat([opportunities.filter(_counts_as_open()), closing])
        .with_columns(snapshot_date=pl.lit(as_of))
        .select(FCT_OPPORTUNITY_DAILY_SNAPSHOT.content)
        .sort("opportunity_id")
    )


@step(partition_by=ALL, delivers=("opportunity_id",))
def due_snapshots(snapshots: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """Find the deals (opportunity_id) that the snapshot of `as_of` must hold whether open or not.

    Those open in the latest snapshot before `as_of`, and all in an earlier snapshot of `as_of` itself, so that a second
    run on one day rewrites its rows and loses none. `snapshots` is the published table, or its last two days.
    """
    earlier = pl.col("snapshot_date").filter(pl.col("snapshot_date") < as_of).max()
    was_open = (pl.col("snapshot_date") == earlier) & _counts_as_open()
    return snapshots.filter(was_open | (pl.col("snapshot_date") == as_of)).select("opportunity_id").unique()


def _counts_as_open() -> pl.Expr:
    return pl.col("is_open") & (pl.col("pipeline_class") != GONE)


def _month_number(day: pl.Expr) -> pl.Expr:
    return day.dt.year() * 12 + day.dt.month()
