"""Staging of a run: computed batches are copied to the warehouse one by one; columns for the report are kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from connectors.extract import PullResult
from definitions.runtime.crash_points import crash_point
from definitions.schema.tables import (
    BRIDGE_PERSON_SOURCE,
    DIM_PERSON,
    FCT_CLASSIFICATION_CHANGE,
    FCT_HYGIENE_ISSUE,
    FCT_OPPORTUNITY,
    OPS_CONSERVATION,
    Table,
)
from flows.home.library_answers import keep_answers, read_answers
from flows.home.state_files import StreamState
from flows.run.open_run import OpenRun
from transforms.pipeline.compute import compute
from transforms.pipeline.records import Records
from transforms.pipeline.table_batches import TableBatch
from transforms.reconcile.references import reference_faults
from transforms.values.library_answers import LibraryAnswers
from transforms.values.phone import LIBRARY, NO_ANSWERS
from warehouse.load.staging import staging

# Only these columns are held until the run ends; all columns of a million people take too much memory.
_COUNTED: Mapping[str, Sequence[str]] = {
    DIM_PERSON.name: ("claimed_class", "lifecycle_class", "record_count", "source_count"),
    BRIDGE_PERSON_SOURCE.name: ("is_deleted",),
    FCT_OPPORTUNITY.name: (
        "claimed_class", "pipeline_class", "is_open", "is_forecast_eligible", "amount_corporate", "probability",
    ),
    FCT_CLASSIFICATION_CHANGE.name: ("record_kind", "rule", "from_class", "to_class", "value_at_risk"),
    FCT_HYGIENE_ISSUE.name: ("state", "severity", "rule_id", "record_kind", "record_id", "value_at_risk"),
    OPS_CONSERVATION.name: OPS_CONSERVATION.names,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRun:
    """A run with staged tables, and the values that its audit, its rows of `ops` and its report read.

    `pulls` has source and result of each pulled stream, `states` the state of every stream, `counted` the columns that
    the report counts, by table. `totals` and `untied` as in `Computation`, `references` as from `reference_faults`.
    """

    records: Records
    states: Sequence[StreamState]
    pulls: Sequence[tuple[str, PullResult]]
    totals: pl.DataFrame
    untied: pl.DataFrame
    references: pl.DataFrame
    counted: Mapping[str, pl.DataFrame]

    def rows(self, table: Table) -> pl.LazyFrame:
        """Return the staged rows of a table in `counted`, with the columns that the report counts by."""
        return self.counted[table.name].lazy()

    @property
    def pulled(self) -> dict[tuple[str, str], PullResult]:
        """Results of the pulls, by source and stream."""
        return {(source, pulled.stream): pulled for source, pulled in self.pulls}


def stage(
    run: OpenRun, records: Records, states: Sequence[StreamState], pulls: Sequence[tuple[str, PullResult]]
) -> StagedRun:
    """Compute the next tables and stage each batch as it is computed.

    Raises `TransformError`, `PublishError` and `AnotherRunActiveError`; nothing is published yet.
    """
    answers = LibraryAnswers(read_answers(run.request.home.answers, LIBRARY, NO_ANSWERS))
    computation = compute(records, run.published, run.context, run.spill, phone_answers=answers)
    staged = StagedRun(
        records=records,
        states=states,
        pulls=pulls,
        totals=computation.totals,
        untied=computation.unmatched,
        references=reference_faults(records),
        counted=_load(run, computation.batches),
    )
    keep_answers(run.request.home.answers, LIBRARY, answers.used())
    return staged


def _load(run: OpenRun, batches: Iterator[TableBatch]) -> dict[str, pl.DataFrame]:
    """Copy all batches into `staging`; return the columns of `_COUNTED`, by table."""
    counted: dict[str, list[pl.DataFrame]] = {name: [] for name in _COUNTED}
    with staging(run.engine, run.context) as load:
        for batch in batches:
            load(batch.table.name, batch.rows)
            if (columns := _COUNTED.get(batch.table.name)) is not None:
                counted[batch.table.name].append(batch.rows.lazy().select(*columns).collect())
            # Frees the batch before the next one is computed.
            del batch
        crash_point("transform.mid")
    return {name: pl.concat(parts) for name, parts in counted.items()}
