"""Who is told what: one message an owner, worst first, each line with one number, one action, one link, one question.

The law of the field (semantics F1): a recomputation is no news, so an issue is told once; what the baseline run found is
counted and told to nobody; an owner who left is no reader, so the manager is, and RevOps where there is none.
"""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

REVOPS = "revops"
# Between these marks chat programs and mail readers see a mention, a tag or a link; a zero-width space stops them.
_MARKS = ("<", "@", "[", "://", "`")
_BREAK = "\u200b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record: the worst of its issues in full, the others by their rule."""

    record: str
    says: str
    also: tuple[str, ...]
    value_at_risk: Decimal | None
    action: str
    question: str | None
    link: str | None
    issue_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One message. `address` null: RevOps. `more` records, worth `more_value`, did not fit and are told next time."""

    reader_id: str
    address: str | None
    on_behalf_of: tuple[str, ...]
    lines: tuple[Line, ...]
    more: int
    more_value: Decimal

    @property
    def issue_ids(self) -> tuple[str, ...]:
        """Issues this message tells of."""
        return tuple(issue for line in self.lines for issue in line.issue_ids)


def readers(issues: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """Add `reader_id` and `address` to issues: the owner, else the manager, else RevOps (semantics F1.7). Row by row.

    A reader is somebody active with an address; `owners` has owner_id, owner_email, is_active, manager_id.
    """
    reachable = owners.filter("is_active", pl.col("owner_email").is_not_null())
    direct = reachable.select("owner_id", own_address="owner_email")
    boss = owners.select("owner_id", "manager_id").join(
        reachable.select(manager_id="owner_id", boss_address="owner_email"), on="manager_id", how="left"
    )
    told = issues.join(direct, on="owner_id", how="left", maintain_order="left").join(
        boss, on="owner_id", how="left", maintain_order="left"
    )
    return told.with_columns(
        reader_id=pl.when(pl.col("own_address").is_not_null())
        .then("owner_id")
        .when(pl.col("boss_address").is_not_null())
        .then("manager_id")
        .otherwise(pl.lit(REVOPS)),
        address=pl.coalesce("own_address", "boss_address"),
    ).drop("own_address", "boss_address", "manager_id")


def digests(issues: pl.DataFrame, owners: pl.DataFrame, *, limit: int) -> list[Digest]:
    """One digest per reader of issues nobody was told about yet, in the order of the readers' ids.

    `issues` are open, not of the baseline and not told before, in the columns of `fct_hygiene_issue`. At most `limit`
    lines each, ranked by value at risk, then severity, then the record's name and id.
    """
    if issues.is_empty():
        return []
    severity = pl.col("severity").replace_strict({"critical": 0, "warning": 1, "info": 2}, return_dtype=pl.Int8)
    ranked = readers(issues, owners).with_columns(rank=severity).sort(
        "reader_id", "record_id", "rank", "rule_id"
    )
    records = ranked.group_by("reader_id", "address", "record_kind", "record_id", maintain_order=True).agg(
        pl.col("rank").min(),
        pl.col("value_at_risk").max(),
        pl.col("record_name", "says", "suggested_action", "question", "source_url").first(),
        also=pl.col("says").slice(1),
        issue_ids=pl.col("issue_id"),
        owners=pl.col("owner_id").drop_nulls().unique().sort(),
    )
    ordered = records.sort(
        ["reader_id", "value_at_risk", "rank", "record_name", "record_id"],
        descending=[False, True, False, False, False],
        nulls_last=True,
    )
    return [_digest(part, limit) for part in ordered.partition_by("reader_id", maintain_order=True)]


def _digest(records: pl.DataFrame, limit: int) -> Digest:
    told, untold = records.head(limit), records.slice(limit)
    first = records.row(0, named=True)
    behalf = {owner for owners in told["owners"].to_list() for owner in owners} - {first["reader_id"]}
    return Digest(
        reader_id=first["reader_id"],
        address=first["address"],
        on_behalf_of=tuple(sorted(behalf)),
        lines=tuple(_line(row) for row in told.to_dicts()),
        more=untold.height,
        more_value=Decimal(untold["value_at_risk"].sum() or 0),
    )


def _line(row: dict[str, object]) -> Line:
    also, issue_ids = row["also"], row["issue_ids"]
    value, question, link = row["value_at_risk"], row["question"], row["source_url"]
    return Line(
        record=str(row["record_name"] or row["record_id"]),
        says=str(row["says"]),
        also=tuple(map(str, also)) if isinstance(also, list) else (),
        value_at_risk=value if isinstance(value, Decimal) else None,
        action=str(row["suggested_action"]),
        question=None if question is None else str(question),
        link=None if link is None else str(link),
        issue_ids=tuple(map(str, issue_ids)) if isinstance(issue_ids, list) else (),
    )


def subject(digest: Digest, *, is_draft: bool) -> str:
    """Subject line: how many records, and that the definitions are not agreed yet where they are not."""
    count = len(digest.lines) + digest.more
    draft = "[draft definitions] " if is_draft else ""
    noun = "record needs" if count == 1 else "records need"
    return f"{draft}{count} {noun} your attention"


def body(digest: Digest, *, currency: str, as_of: str) -> str:
    """Make the message as plain text: every record in five short lines at most."""
    parts = [f"As of {as_of}, worst first."]
    if digest.reader_id == REVOPS:
        parts = [f"As of {as_of}: records whose owner is missing or has left, and has no manager to ask. Worst first."]
    elif digest.on_behalf_of:
        parts.append("Some belong to people of yours who have left or cannot be reached.")
    for place, line in enumerate(digest.lines, start=1):
        value = "" if line.value_at_risk is None else f" ({money(line.value_at_risk, currency)} at risk)"
        rows = [f"{place}. {literal(line.record)}{value}", f"   {literal(line.says)}"]
        rows += [f"   Also: {literal(' '.join(line.also))}"] if line.also else []
        rows.append(f"   Do: {line.action}")
        rows += [f"   Ask: {literal(line.question)}"] if line.question else []
        rows += [f"   {line.link}"] if line.link else []
        parts.append("\n".join(rows))
    if digest.more:
        worth = f", worth {money(digest.more_value, currency)}" if digest.more_value else ""
        parts.append(f"And {digest.more:,} more{worth}; they come in the next digest.")
    return "\n\n".join(parts)


def money(amount: Decimal, currency: str) -> str:
    """Write an amount as people read it: no cents, thousands apart.

    >>> money(Decimal("1234567.50"), "USD")
    'USD 1,234,568'
    """
    return f"{currency} {amount:,.0f}"


def literal(text: str) -> str:
    """Show text of a source as it is: on one line, and never as a mention, a tag, a formula or a link (F37, F38).

    >>> literal("<!channel> now").replace("\\u200b", "|")
    '<|!channel> now'
    """
    plain = " ".join(text.split())
    for mark in _MARKS:
        plain = plain.replace(mark, mark[0] + _BREAK + mark[1:])
    return plain
