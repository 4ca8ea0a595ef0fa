"""What landed versions and daily snapshots tell of a deal."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from definitions.polars_types import MOMENT, MONEY
from definitions.schema.tables import FCT_OPPORTUNITY_DAILY_SNAPSHOT
from transforms.frames import conformed, empty
from transforms.history.changes import due_snapshots, snapshot, tracked_changes

DAY = date(2026, 3, 2)


START = datetime(2026, 3, 2, tzinfo=UTC)


FEW = settings(max_examples=60, deadline=None)


def days(count: int) -> timedelta:
    return timedelta(days=count)


def versions(*told: tuple[int, str, date | None, int | None, bool]) -> pl.LazyFrame:
    """(day of the version, stage, close date, amount, closed) of one deal."""
    return pl.LazyFrame(
        [
            ("d", START + days(at), f"run{at}", False, stage, close, amount, closed)
            for at, stage, close, amount, closed in told
        ],
        schema={
            "record_key": pl.String, "version_at": MOMENT, "location": pl.String, "is_deleted": pl.Boolean,
            "source_stage": pl.String, "close_date": pl.Date, "amount": MONEY, "is_closed": pl.Boolean,
        },
        orient="row",
    )  # fmt: skip


MARCH, APRIL, JUNE = date(2026, 3, 31), date(2026, 4, 1), date(2026, 6, 15)


@pytest.mark.parametrize(
    ("told", "pushes", "original", "changed"),
    [
        ([(0, "s1", MARCH, 5, False)], 0, MARCH, None),
        ([(0, "s1", MARCH, 5, False), (4, "s1", MARCH, 5, False)], 0, MARCH, None),
        ([(0, "s1", MARCH, 5, False), (1, "s1", APRIL, 5, False)], 1, MARCH, 1),
        ([(0, "s1", APRIL, 5, False), (1, "s1", APRIL + days(20), 5, False)], 0, APRIL, 1),
        ([(0, "s1", JUNE, 5, False), (1, "s1", MARCH, 5, False)], 0, JUNE, 1),
        ([(0, "s1", MARCH, 5, False), (1, "s1", None, 5, False), (2, "s1", JUNE, 5, False)], 1, MARCH, 2),
        ([(0, "s1", None, 5, False), (1, "s1", JUNE, 5, False)], 0, JUNE, 1),
        ([(0, "s1", MARCH, 5, False), (3, "won", JUNE, 5, True)], 0, MARCH, 3),
        ([(0, "s1", MARCH, None, False), (2, "s1", MARCH, 5, False), (3, "s1", MARCH, 5, False)], 0, MARCH, 2),
        ([(0, "s1", date(2026, 12, 31), 5, False), (1, "s1", date(2027, 1, 1), 5, False)], 1, date(2026, 12, 31), 1),
        ([(0, "s1", None, None, False)], 0, None, None),
    ],
    ids=[
        "one version",
        "touched, not changed",
        "into the next month",
        "within a month",
        "pulled in",
        "a blank in between hides no push",
        "first date is no push",
        "the vendor's date on closing is no push",
        "an amount found is a change",
        "over the year's end",
        "nothing told",
    ],
)
def test_moves_of_a_deal(told, pushes, original, changed):
    moment = None if changed is None else START + days(changed)
    assert tracked_changes(versions(*told)).collect().rows() == [("d", pushes, original, moment)]


def test_a_tombstone_is_no_change():
    gone = versions((9, "", None, None, False)).with_columns(is_deleted=pl.lit(value=True))
    told = pl.concat([versions((0, "s1", MARCH, 5, False)), gone])
    assert tracked_changes(told).collect().rows() == [("d", 0, MARCH, None)]


VERSION = st.tuples(
    st.integers(0, 5),
    st.sampled_from(["s1", "s2"]),
    st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 30)),
    st.none() | st.integers(0, 3),
    st.booleans(),
)


@FEW
@given(st.lists(VERSION, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_order_and_repeats_of_versions_do_not_matter(told, random):
    shuffled = [*told, random.choice(told)]
    random.shuffle(shuffled)
    assert_frame_equal(tracked_changes(versions(*shuffled)), tracked_changes(versions(*told)))


def test_a_source_without_change_times_is_read_in_the_order_of_the_runs():
    told = versions((0, "s1", MARCH, 5, False), (1, "s1", JUNE, 5, False), (2, "s1", APRIL, 5, False))
    untimed = told.with_columns(version_at=pl.lit(None, dtype=MOMENT)).reverse()
    assert tracked_changes(untimed).collect().rows() == [("d", 1, MARCH, None)]


def test_a_deal_does_not_see_another_deals_versions():
    one = versions((0, "s1", MARCH, 5, False), (1, "s1", JUNE, 5, False))
    two = one.with_columns(record_key=pl.lit("e"))
    together = tracked_changes(pl.concat([two, one]))
    assert_frame_equal(together, pl.concat([tracked_changes(one), tracked_changes(two)]))


def deals(states: dict[str, tuple[bool, str]]) -> pl.LazyFrame:
    rows = [
        {"opportunity_id": key, "is_open": is_open, "is_closed": not is_open, "is_won": False, "pipeline_class": name}
        for key, (is_open, name) in states.items()
    ]
    schema = {"opportunity_id": pl.String, "pipeline_class": pl.String} | dict.fromkeys(
        ["is_open", "is_closed", "is_won"], pl.Boolean
    )
    return conformed(pl.LazyFrame(rows, schema=schema), FCT_OPPORTUNITY_DAILY_SNAPSHOT).drop("snapshot_date")


DEAL = st.sampled_from([(True, "active"), (False, "closed_lost"), (True, "merged_or_deleted")])


NO_SNAPSHOTS = empty(FCT_OPPORTUNITY_DAILY_SNAPSHOT.columns).select(FCT_OPPORTUNITY_DAILY_SNAPSHOT.content).collect()


@FEW
@given(st.lists(st.tuples(st.integers(0, 2), st.dictionaries(st.sampled_from("ab"), DEAL)), min_size=1, max_size=7))
def test_every_open_day_is_recorded_and_each_closing_once(runs):
    table, as_of, previous, open_before = NO_SNAPSHOTS, DAY, {}, set()
    for step, changed in runs:
        if step:
            open_before = {deal for deal, state in previous.items() if state == (True, "active")}
        as_of += days(step)
        state = previous | changed
        rows = snapshot(deals(state), due_snapshots(table.lazy(), as_of), as_of).collect()
        had_today = set(table.filter(pl.col("snapshot_date") == as_of)["opportunity_id"])
        open_now = {deal for deal, (is_open, name) in state.items() if is_open and name == "active"}
        assert set(rows["opportunity_id"]) == open_now | (open_before & set(state)) | had_today
        assert rows.select("snapshot_date", "opportunity_id").is_unique().all()
        table = pl.concat([table.filter(pl.col("snapshot_date") != as_of), rows])
        previous = state


def test_a_snapshot_fits_its_table():
    rows = snapshot(deals({"a": (True, "active")}), due_snapshots(NO_SNAPSHOTS.lazy(), DAY), DAY)
    assert conformed(rows, FCT_OPPORTUNITY_DAILY_SNAPSHOT).collect()["snapshot_date"].to_list() == [DAY]
