"""Which issue still goes to which target, from what the warehouse and the journal of sent messages know."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from flows.alerts.message_keys import finding_key


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """One message that a target took, as the journal keeps it: keys and days, no name and no address.

    `told_for` is the as-of date of the run, or the day of an announcement. `findings` are those of a digest: the key of
    record and rule, and the day the issue was opened.
    """

    kind: str
    key: str
    target: str
    run_id: str
    told_for: date
    sent_at: datetime
    findings: tuple[tuple[str, date], ...] = ()


def due(issues: pl.DataFrame, deliveries: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """Give each issue (columns of `readers`) once for every target it still goes to, with `target` and `repeats`.

    `deliveries` has issue_id, target, message_key, is_settled and may_have_arrived; `targets` has reader_id and target,
    several rows where RevOps has several. An issue that nobody was told goes to all targets of its reader, one that
    somebody was told only to those that it was meant for and did not reach: a target that was added later does not get
    what is old. `repeats` is the key of the message that may have told of it, null where none may have. `target` is
    null where its reader has none.
    """
    told = deliveries.filter("is_settled").select("issue_id").unique()
    rows = issues.join(targets, on="reader_id", how="left", maintain_order="left")
    rows = rows.join(deliveries, on=["issue_id", "target"], how="left", maintain_order="left")
    told_to_some = pl.col("issue_id").is_in(told["issue_id"].implode())
    is_settled = pl.col("is_settled").fill_null(value=False)
    is_owed = pl.col("is_settled").is_not_null()
    return rows.filter(~is_settled & (is_owed | ~told_to_some)).select(
        *issues.columns, "target", repeats=pl.when("may_have_arrived").then("message_key")
    )


def remembered(issues: pl.DataFrame, sent: Sequence[SentMessage], runs: pl.DataFrame) -> list[tuple[str, SentMessage]]:
    """Issues (their ids, with the message) that were told according to the journal; `issues` are those still to tell.

    Either that very life of the issue was told. Or a run that the warehouse does not know, since it went back to an
    older state, told a life that began after the state it went back to: the run that found the issue anew opened it
    anew. `runs` has run_id and as_of of every run that the warehouse knows.
    """
    lives: dict[tuple[str, date], list[SentMessage]] = {}
    lost: dict[str, list[SentMessage]] = {}
    known = set(runs["run_id"])
    for message in sent:
        for finding, opened_on in message.findings:
            lives.setdefault((finding, opened_on), []).append(message)
            if message.run_id not in known:
                lost.setdefault(finding, []).append(message)
    if not lives:
        return []
    told = []
    for row in issues.select("issue_id", "record_kind", "record_id", "rule_id", "opened_on").iter_rows(named=True):
        finding = finding_key(row["record_kind"], row["record_id"], row["rule_id"])
        messages = lives.get((finding, row["opened_on"]), [])
        if not messages and finding in lost:
            before = _run_before(runs, row["opened_on"])
            messages = [message for message in lost[finding] if message.run_id > before]
        told += [(row["issue_id"], message) for message in messages]
    return told


def with_remembered(
    deliveries: pl.DataFrame, told: Sequence[tuple[str, SentMessage]], revops: Collection[str]
) -> pl.DataFrame:
    """Add to `deliveries` what only the journal knows (see `remembered`), which says more than they do.

    An issue that one target of RevOps was told is owed to the others: a warehouse that went back no longer knows it.
    """
    settled = [(issue, message.target, message.key, True, False) for issue, message in told]
    owed = [
        (issue, target, None, False, False) for issue, message in told if message.target in revops for target in revops
    ]
    told_first, owed_last = (pl.DataFrame(rows, schema=deliveries.schema, orient="row") for rows in (settled, owed))
    rows = pl.concat([told_first, deliveries, owed_last])
    return rows.unique(["issue_id", "target"], keep="first", maintain_order=True)


def _run_before(runs: pl.DataFrame, day: date) -> str:
    """Last run that did not know of an issue opened on that day: of an earlier day, else the first of all."""
    earlier = runs.filter(pl.col("as_of") < day)["run_id"].max()
    return str(earlier if earlier is not None else runs["run_id"].min())
