"""How the computation gives its tables away: in their contract, in order, with the hash that tells of changes.

What happened to classes and issues is told beside them, and a little of it is kept for the report.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import polars as pl

from definitions.polars_types import MONEY
from definitions.run_context import RunContext
from definitions.schema.classified import CLASS_COLUMN, Classified
from definitions.schema.column import Step
from definitions.schema.tables import FCT_CLASSIFICATION_CHANGE, FCT_HYGIENE_ISSUE, Table
from transforms.classify.hygiene import findings
from transforms.frames import conformed, require_columns, with_record_hash
from transforms.history.changes import class_changes, issue_lives

Give = Callable[[str, pl.DataFrame | pl.LazyFrame], None]
"""Takes rows of a curated table: its name, and rows in its contract but for the columns only the publisher knows."""

_CHANGE = ["record_kind", "rule", "from_class", "to_class", "value_at_risk"]
_ISSUE = ["state", "severity", "rule_id", "record_kind", "record_id", "value_at_risk"]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where finished rows are handed over."""

    take: Give
    run: RunContext
    _changes: list[pl.DataFrame] = field(default_factory=list)
    _issues: list[pl.DataFrame] = field(default_factory=list)

    def give(self, table: Table, rows: pl.DataFrame | pl.LazyFrame) -> None:
        """Give rows in the table's contract with `record_hash`; a frame sorted by key, a lazy one as it comes.

        Raises `TransformError` naming the columns that the rows lack.
        """
        require_columns(rows, table, Step.HISTORY)
        if isinstance(rows, pl.LazyFrame):
            self.take(table.name, with_record_hash(conformed(rows, table), table))
        else:
            whole = conformed(_in_order(rows, table.key).lazy(), table)
            self.take(table.name, with_record_hash(whole, table).collect())

    def give_history(self, kind: Classified, live: pl.DataFrame, classes: pl.DataFrame, issues: pl.LazyFrame) -> None:
        """Give what changed for persons or deals: their classes, and the issues opened, still open and resolved.

        `classes` and `issues` are what was published of these records. Needs all rows of one record together.
        """
        changes = self._class_changes(kind, live, classes)
        self.give(FCT_CLASSIFICATION_CHANGE, changes)
        self._changes.append(changes.select(_CHANGE))
        as_of = self.run.as_of
        lives = issue_lives(
            issues,
            findings(live.lazy(), self.run.definitions, kind, as_of),
            as_of=as_of,
            is_baseline=self.run.is_baseline,
        ).collect()
        self.give(FCT_HYGIENE_ISSUE, lives)
        self._issues.append(lives.select(_ISSUE))

    def all_changes(self) -> pl.DataFrame:
        """What is counted of all changes of class given away."""
        return pl.concat(self._changes)

    def all_issues(self) -> pl.DataFrame:
        """What is counted of all issues given away."""
        return pl.concat(self._issues)

    def _class_changes(self, kind: Classified, live: pl.DataFrame, classes: pl.DataFrame) -> pl.DataFrame:
        value = pl.col("amount_corporate") if kind == "opportunity" else pl.lit(None, MONEY)
        after = live.lazy().select(
            "claimed_class",
            "rule",
            "reason",
            **{"record_id": f"{kind}_id", "class": CLASS_COLUMN[kind]},
            value=value,
        )
        run = self.run
        return class_changes(
            classes.lazy(),
            after,
            kind=kind,
            as_of=run.as_of,
            profile=run.definitions.profile,
            run_id=run.run_id,
        ).collect()


def _in_order(frame: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Rows sorted by key; a frame that is so already, as most are, is not copied."""
    first, *others = key
    return frame if not others and frame[first].is_sorted() else frame.sort(key)
