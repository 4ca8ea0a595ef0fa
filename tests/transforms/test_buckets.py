"""Buckets: every row is in the one bucket of its entity, and read again from there, null columns and types included."""

from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.home.spill import spilling
from transforms.pipeline.buckets import Buckets, bucket_of

IDS = st.lists(st.text("abz:19", max_size=3), max_size=12)


@given(IDS, IDS, st.integers(1, 5))
def test_all_rows_of_an_entity_lie_in_one_bucket_whatever_the_table(tmp_path_factory, ids, others, count):
    one = pl.LazyFrame({"entity_id": ids, "n": range(len(ids))}, schema={"entity_id": pl.String, "n": pl.Int64})
    other = pl.LazyFrame({"person_id": others, "word": None}, schema={"person_id": pl.String, "word": pl.String})
    with spilling(tmp_path_factory.mktemp("spill")) as spill:
        buckets = Buckets(spill, count)
        buckets.split("one", one, pl.col("entity_id"))
        buckets.split("other", other, pl.col("person_id"))
        read = [[buckets.read(name, number).collect() for name in ("one", "other")] for number in range(count)]
    assert Counter(row for rows, _ in read for row in rows.rows()) == Counter(one.collect().rows())
    assert Counter(row for _, rows in read for row in rows.rows()) == Counter(other.collect().rows())
    held = [{*rows["entity_id"], *more["person_id"]} for rows, more in read]
    assert sum(map(len, held)) == len({*ids, *others})
    assert all(rows.schema == one.collect_schema() for rows, _ in read)


def test_buckets_are_about_equally_full_and_the_same_in_every_process():
    ids = pl.Series("id", [f"salesforce:lead:{number}" for number in range(10_000)])
    filled = ids.to_frame().select(bucket=bucket_of(pl.col("id"), 7)).to_series().value_counts(sort=True)
    assert filled["bucket"].sort().to_list() == list(range(7))
    assert filled["count"].min() > 0.9 * 10_000 / 7
    assert pl.select(bucket_of(pl.lit("salesforce:lead:00Q1"), 60_000)).item() == 56_230


def test_a_row_without_an_entity_is_refused(tmp_path):
    with spilling(tmp_path) as spill, pytest.raises(ValueError, match="people: a row has no bucket"):
        Buckets(spill, 2).split("people", pl.LazyFrame({"id": ["a", None]}), pl.col("id"))
