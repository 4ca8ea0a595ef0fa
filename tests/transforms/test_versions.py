"""The fold from landed pages to state: order, page size and the number of runs must not matter."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.versions import Envelope, folded, opened

CONTACT = Envelope(id="id", version="updatedAt", deleted="archived")


def line(number, minute, run=1, *, archived=False, name="x"):
    record = {"id": str(number), "updatedAt": f"2026-01-01T00:{minute:02}:00.000Z", "archived": archived, "name": name}
    return {"raw": json.dumps(record), "location": f"run{run}/000001.jsonl.zst:{number}"}


def state(lines, **how):
    frame = pl.LazyFrame(lines, schema={"raw": pl.String, "location": pl.String})
    return folded([opened(frame, CONTACT)], keeps_versions=how.get("keeps_versions", False), revives=True)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line(1, 5, name="new"), line(1, 3, name="old")], ("new", False)),
        ([line(1, 3, run=2, name="again"), line(1, 3, run=1, name="before")], ("again", False)),
        ([line(1, 3, archived=True), line(1, 3)], ("x", True)),
        ([line(1, 3, run=1, archived=True), line(1, 3, run=2)], ("x", False)),
        ([line(1, 9, run=1, archived=True), line(1, 3, run=2)], ("x", False)),
        ([line(1, 3, run=1), line(1, 9, run=2, archived=True)], ("x", True)),
    ],
    ids=[
        "newest first",
        "same moment, later run",
        "same moment and run: deleted",
        "undeleted in a later run",
        "undeleted with its old change time",
        "deleted in a later run",
    ],
)
def test_the_latest_version_wins(lines, expected):
    kept = state(lines)
    assert [(json.loads(row["raw"])["name"], row["is_deleted"]) for row in kept.to_dicts()] == [expected]


def test_an_id_may_lie_a_level_down():
    frame = pl.LazyFrame({"raw": ['{"from":{"id":7},"to":[]}'], "location": ["run1/a:1"]})
    kept = folded([opened(frame, Envelope(id="from.id"))], keeps_versions=False)
    assert kept.select("source_id", "version_at", "is_deleted").rows() == [("7", None, False)]


def test_every_version_of_a_deal_is_kept_and_one_is_the_latest():
    kept = state([line(1, 5), line(1, 3), line(1, 5), line(2, 1)], keeps_versions=True)
    assert kept.select("source_id", "is_latest").rows() == [("1", False), ("1", True), ("2", True)]


LINES = st.lists(
    st.builds(
        line,
        st.integers(1, 5),
        st.integers(0, 3),
        st.integers(1, 2),
        archived=st.booleans(),
        name=st.sampled_from("ab"),
    ),
    min_size=1,
    max_size=20,
)


@given(LINES, st.randoms(use_true_random=False), st.integers(0, 20))
def test_order_and_pages_do_not_matter(lines, chance, cut):
    shuffled = list(lines)
    chance.shuffle(shuffled)
    schema = {"raw": pl.String, "location": pl.String}
    parts = [part for part in (shuffled[:cut], shuffled[cut:]) if part]
    pages = [opened(pl.LazyFrame(part, schema=schema), CONTACT) for part in parts]
    whole, paged = state(lines), folded(pages, keeps_versions=False, revives=True)
    assert whole.drop("location").equals(paged.drop("location"))


@given(LINES)
def test_folding_in_two_runs_is_folding_once(lines):
    first = [one for one in lines if one["location"].startswith("run1/")]
    second = [one for one in lines if one["location"].startswith("run2/")]
    if first and second:
        frame = pl.LazyFrame(second, schema={"raw": pl.String, "location": pl.String})
        twice = folded([state(first).lazy(), opened(frame, CONTACT)], keeps_versions=False, revives=True)
        assert twice.drop("location").equals(state(lines).drop("location"))
