"""Batches of tables: each is computed when it is taken, and holds its table's contract."""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from definitions.errors import TransformError
from definitions.run_context import RunContext
from definitions.schema.tables import COMPUTED, DIM_PERSON, DIM_WORD
from flows.home.spill import Spill
from tests.transforms.small_company import AS_OF, COMPANY, HANDOFF, NOW, nothing_before, records_of
from transforms.pipeline.compute import compute
from transforms.pipeline.table_batches import table_batch

RUN = RunContext(
    definitions=HANDOFF, as_of=AS_OF, run_id="000001", started_at=NOW, roles={"sf": "crm", "hs": "marketing"}
)


class WatchedSpill(Spill):
    """Room on disk that remembers which buckets were read."""

    read: set[int]

    def bucket(self, name, number):
        self.read.add(number)
        return super().bucket(name, number)


@pytest.fixture
def store():
    with TemporaryDirectory() as folder:
        spill = WatchedSpill(Path(folder))
        spill.read = set()
        yield spill


@pytest.fixture
def batches(store):
    """Two persons, each in a bucket of its own but for what the hash says."""
    return compute(records_of(COMPANY), nothing_before(), RUN, store, bucket_persons=1).batches


def test_a_bucket_of_persons_is_read_when_its_first_batch_is_taken(store, batches):
    read = [len(store.read) for batch in batches if batch.table is DIM_PERSON]
    assert read == [1, 2, 3]


def test_every_computed_table_is_yielded_and_the_balance_last(batches):
    tables = [batch.table for batch in batches]
    assert {table.name for table in tables} == {table.name for table in COMPUTED}
    assert [tables[0].name, tables[-1].name] == ["dim_date", "conservation"]


def test_a_frame_is_sorted_by_key_and_a_column_that_is_missing_is_named():
    rows = pl.DataFrame({"vocabulary": ["b", "a"], "word": ["x", "y"], "meaning": ["", ""], "word_rank": [1, 2]})
    assert table_batch(DIM_WORD, rows).rows["vocabulary"].to_list() == ["a", "b"]
    with pytest.raises(TransformError, match="dim_word: declared, and delivered by no step: meaning"):
        table_batch(DIM_WORD, rows.drop("meaning"))
