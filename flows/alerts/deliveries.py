"""Pending deliveries: which issue still goes to which target, by the warehouse and the journal of sent messages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from flows.alerts.message_keys import finding_key


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """One message that a target accepted, as stored in the journal: keys and days, no name and no address.

    `told_for` is the as-of date of the run, or the day of an announcement. `findings` are those of a digest: the key of
    record and rule, and the day on which the issue was opened.
    """

    kind: str
    key: str
    target: str
    run_id: str
    told_for: date
    sent_at: datetime
    findings: tuple[tuple[str, date], ...] = ()


def due(issues: pl.DataFrame, deliveries: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """Return one row per issue and target that it still goes to: columns of `readers`, `target` and `repeats`.

    `deliveries` has issue_id, target, message_key, is_settled and may_have_arrived; `targets` has reader_id and target,
    several rows where RevOps has several. An issue without any delivery goes to all targets of its reader; one that was
    delivered to some target goes only to those that it was planned for and did not reach, so that a target added later
    gets no old issues. `repeats` is the key of the message that may have arrived already; null if there is none.
    `target` is null if the reader has none.
    """
    delivered = deliveries.filter("is_settled").select("issue_id").unique()
    rows = issues.join(targets, on="reader_id", how="left", maintain_order="left")
    rows = rows.join(deliveries, on=["issue_id", "target"], how="left", maintain_order="left")
    is_delivered_to_some = pl.col("issue_id").is_in(delivered["issue_id"].implode())
    is_settled = pl.col("is_settled").fill_null(value=False)
    is_owed = pl.col("is_settled").is_not_null()
    return rows.filter(~is_settled & (is_owed | ~is_delivered_to_some)).select(
        *issues.columns, "target", repeats=pl.when("may_have_arrived").then("message_key")
    )


def remembered(issues: pl.DataFrame, sent: Sequence[SentMessage], runs: pl.DataFrame) -> list[tuple[str, SentMessage]]:
    """Return the ids of undelivered `issues` that the journal has as delivered, each with its message.

    A message matches if it names the finding with the same opening day. It also matches if its run is not in the
    warehouse, which was restored to an older state, and the issue was opened after that state: a later run that found
    the issue again opened it again, on another day. `runs` has run_id and as_of of every run in the warehouse.
    """
    same_opening: dict[tuple[str, date], list[SentMessage]] = {}
    lost_runs: dict[str, list[SentMessage]] = {}
    run_ids = set(runs["run_id"])
    for message in sent:
        for finding, opened_on in message.findings:
            same_opening.setdefault((finding, opened_on), []).append(message)
            if message.run_id not in run_ids:
                lost_runs.setdefault(finding, []).append(message)
    if not same_opening:
        return []
    delivered = []
    for row in issues.select("issue_id", "record_kind", "record_id", "rule_id", "opened_on").iter_rows(named=True):
        finding = finding_key(row["record_kind"], row["record_id"], row["rule_id"])
        messages = same_opening.get((finding, row["opened_on"]), [])
        if not messages and finding in lost_runs:
            before = _run_before(runs, row["opened_on"])
            messages = [message for message in lost_runs[finding] if message.run_id > before]
        delivered += [(row["issue_id"], message) for message in messages]
    return delivered


def with_remembered(
    deliveries: pl.DataFrame, delivered: Sequence[tuple[str, SentMessage]], revops: Collection[str]
) -> pl.DataFrame:
    """Add to `deliveries` those that only the journal has (see `remembered`); they take precedence.

    An issue delivered to one target of RevOps is still owed to the others: a restored warehouse has lost that row.
    """
    settled = [(issue, message.target, message.key, True, False) for issue, message in delivered]
    owed = [
        (issue, target, None, False, False)
        for issue, message in delivered
        if message.target in revops
        for target in revops
    ]
    settled_rows, owed_rows = (pl.DataFrame(rows, schema=deliveries.schema, orient="row") for rows in (settled, owed))
    rows = pl.concat([settled_rows, deliveries, owed_rows])
    return rows.unique(["issue_id", "target"], keep="first", maintain_order=True)


def _run_before(runs: pl.DataFrame, day: date) -> str:
    """Return the last run with an as-of date before that day, or the first run if there is none."""
    earlier = runs.filter(pl.col("as_of") < day)["run_id"].max()
    return str(earlier if earlier is not None else runs["run_id"].min())
