"""What is noted of a delivery, sending by sending."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.warehouse.conftest import AS_OF, run_of
from warehouse.publishing.deliveries import Delivery, begin, finish, reserve
from warehouse.read.notifications import announced, doubtful, last_announced

pytestmark = pytest.mark.slow
NOON = run_of("1").started_at
DIGEST = Delivery(target="t1", key="k1", run_id="1", owner_id="ann", issue_ids=("i1", "i2"))
ROLL_UP = Delivery(target="t1", key="k2", run_id="1", announcement=("roll_up", AS_OF))


def rows(engine: sa.Engine, columns: str = "issue_id, delivery_status, notified_count, is_repeated") -> list[tuple]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(f"SELECT {columns} FROM ops.notification ORDER BY 1"))]


def status(engine: sa.Engine) -> tuple:
    (row, _same) = rows(engine)
    return row[1:]


@pytest.mark.parametrize(
    ("sendings", "expected", "is_settled"),
    [
        (["accepted"], ("accepted", 1, False), True),
        (["refused"], ("pending", 0, False), False),
        (["refused", "accepted"], ("accepted", 1, False), True),
        (["unconfirmed"], ("unconfirmed", 1, False), False),
        (["unconfirmed", "accepted"], ("accepted", 2, True), True),
        (["unconfirmed", "unconfirmed"], ("unconfirmed", 2, True), True),
        (["unconfirmed", "refused"], ("unconfirmed", 1, True), False),
        (["unconfirmed", "refused", "unconfirmed"], ("unconfirmed", 2, True), True),
        (["died"], ("in_flight", 0, False), False),
        (["died", "accepted"], ("accepted", 1, True), True),
        (["died", "refused"], ("in_flight", 0, True), False),
        (["died", "died", "unconfirmed"], ("unconfirmed", 1, True), False),
    ],
    ids=str,
)
def test_a_delivery_is_what_its_sendings_made_of_it(engine, sendings, expected, is_settled):
    reserve(engine, [DIGEST])
    assert status(engine) == ("pending", 0, False)
    settled = False
    for outcome in sendings:
        begin(engine, DIGEST)
        assert status(engine)[0] == "in_flight"
        if outcome != "died":
            settled = finish(engine, DIGEST, outcome, NOON)
    assert (status(engine), settled) == (expected, is_settled)


def test_what_is_reserved_again_stays_as_it_is_and_targets_are_kept_apart(engine):
    finish(engine, DIGEST, "accepted", NOON)
    other = Delivery(target="t2", key="k3", run_id="2", issue_ids=("i1",))
    reserve(engine, [DIGEST, other, ROLL_UP])
    assert rows(engine, "issue_id, target, owner_id, message_key, delivery_status, notified_at, run_id") == [
        ("i1", "t1", "ann", "k1", "accepted", NOON, "1"),
        ("i1", "t2", None, "k3", "pending", None, "2"),
        ("i2", "t1", "ann", "k1", "accepted", NOON, "1"),
    ]
    (of_day,) = announced(engine, "roll_up", AS_OF).values()
    assert (of_day.is_settled, of_day.may_have_arrived, of_day.key) == (False, False, "k2")


def test_what_may_have_arrived_twice_is_counted_by_message_since_a_day(engine):
    for delivery in (DIGEST, ROLL_UP):
        finish(engine, delivery, "unconfirmed", NOON)
    assert (doubtful(engine, AS_OF).repeated, doubtful(engine, AS_OF).unconfirmed) == (0, 2)
    begin(engine, DIGEST)
    finish(engine, DIGEST, "accepted", NOON)
    assert (doubtful(engine, AS_OF).repeated, doubtful(engine, AS_OF).unconfirmed) == (1, 1)
    later = doubtful(engine, AS_OF + timedelta(days=1))
    assert (later.repeated, later.unconfirmed) == (0, 0)
    day_after = AS_OF + timedelta(days=1)
    assert last_announced(engine, "roll_up", before=day_after) == AS_OF
    reserve(engine, [Delivery(target="t", key="k", run_id="1", announcement=("roll_up", day_after))])
    assert last_announced(engine, "roll_up", before=day_after + timedelta(days=1)) == AS_OF
