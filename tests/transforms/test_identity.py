from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from definitions.errors import TransformError
from tests.transforms.matched_addresses import person_edges, unmatched
from transforms.identity.matching import (
    RULES,
    account_edges,
    opportunity_edges,
    owner_edges,
    resolve,
)
from transforms.values.email import normalise_email

DATA = Path(__file__).parents[2].parent / "shared" / "data"
START = datetime(2024, 1, 1, tzinfo=UTC)
RECORD = {"record_key": pl.String, "source_created_at": pl.Datetime("us", "UTC")}
EDGE = {"from_key": pl.String, "to_key": pl.String, "match_rule": pl.String}
PERSON = {
    "record_key": pl.String,
    "source_created_at": pl.Datetime("us", "UTC"),
    "is_deleted": pl.Boolean,
    "first_name": pl.String,
    "last_name": pl.String,
    "email_normalised": pl.String,
    "further_addresses": pl.List(pl.String),
    "merged_into_key": pl.String,
    "converted_person_key": pl.String,
    "same_as_keys": pl.List(pl.String),
}


def day(number):
    return START + timedelta(days=number)


def records(**days):
    rows = [(key, None if number is None else day(number)) for key, number in days.items()]
    return pl.DataFrame(rows, schema=RECORD, orient="row")


def edges(*rows):
    return pl.DataFrame(rows, schema=EDGE, orient="row")


def people(*rows):
    return pl.DataFrame([{"is_deleted": False} | row for row in rows], schema=PERSON)


def entities(resolved):
    return dict(resolved.select("record_key", "entity_id").rows())


def resolved_people(*rows):
    frame = people(*rows)
    return resolve(frame, person_edges(frame))


def test_a_record_alone_is_its_own_entity():
    assert resolve(records(a=1), edges()).rows(named=True) == [
        {"record_key": "a", "entity_id": "a", "match_rule": "alone", "match_confidence": 1.0, "is_survivor": True}
    ]


@pytest.mark.parametrize("ties", list(permutations([("a", "b"), ("b", "c"), ("d", "c")])))
def test_merges_in_any_order_end_in_one_entity(ties):
    told = resolve(records(a=4, b=3, c=2, d=1), edges(*((one, other, "source_merge") for one, other in ties)))
    assert entities(told) == dict.fromkeys("abcd", "d")
    assert told.filter("is_survivor")["record_key"].to_list() == ["d"]


@pytest.mark.parametrize(
    ("days", "entity"),
    [
        ({"a": 2, "b": 1}, "b"),
        ({"a": 1, "b": 1}, "a"),
        ({"a": None, "b": 9}, "b"),
        ({"a": None, "b": None}, "a"),
    ],
    ids=["earliest", "same day: smaller key", "unknown day is last", "both unknown: smaller key"],
)
def test_the_record_created_first_names_the_entity(days, entity):
    assert set(entities(resolve(records(**days), edges(("a", "b", "email")))).values()) == {entity}


def test_a_record_says_the_strongest_rule_that_ties_it():
    told = resolve(
        records(a=1, b=2, c=3, d=4),
        edges(("a", "b", "email"), ("b", "a", "cross_system_id"), ("b", "c", "email"), ("d", "d", "source_merge")),
    )
    assert told["match_rule"].to_list() == ["cross_system_id", "cross_system_id", "email", "alone"]


def test_an_edge_to_a_record_never_seen_ties_nothing_and_is_counted():
    ties = edges(
        ("a", "gone", "source_merge"), ("b", "gone", "source_merge"), ("gone", "a", "email"), ("a", "b", "email")
    )
    known = records(a=1, b=2)
    assert entities(resolve(known, ties.head(3))) == {"a": "a", "b": "b"}
    alone = people({"record_key": "a"}, {"record_key": "b"})
    assert unmatched(alone, ties).rows() == [("never_seen", "email", 1), ("never_seen", "source_merge", 2)]


def test_a_key_that_comes_twice_and_a_rule_nobody_knows_are_refused():
    with pytest.raises(TransformError, match="1 records have a key"):
        resolve(pl.concat([records(a=1), records(a=2)]), edges())
    with pytest.raises(TransformError, match="no such match rule: guess"):
        resolve(records(a=1, b=2), edges(("a", "b", "guess")))


def test_a_lead_its_contact_and_the_marketing_record_are_one_person():
    told = resolved_people(
        {"record_key": "lead", "source_created_at": day(1), "converted_person_key": "contact"},
        {"record_key": "contact", "source_created_at": day(2), "email_normalised": "ada@acme.com"},
        {"record_key": "marketing", "source_created_at": day(0), "same_as_keys": ["lead"]},
        {"record_key": "old", "source_created_at": day(3), "merged_into_key": "marketing", "is_deleted": True},
        {"record_key": "other", "source_created_at": day(4), "email_normalised": "ada@acme.com"},
        {"record_key": "stranger", "source_created_at": day(5), "email_normalised": "bob@acme.com"},
    )
    assert told.select("record_key", "entity_id", "match_rule").rows() == [
        ("contact", "marketing", "converted_lead"),
        ("lead", "marketing", "converted_lead"),
        ("marketing", "marketing", "source_merge"),
        ("old", "marketing", "source_merge"),
        ("other", "marketing", "email"),
        ("stranger", "stranger", "alone"),
    ]


def test_a_deleted_record_keeps_giving_the_id_it_gave():
    pair = [
        {"record_key": key, "source_created_at": day(number), "email_normalised": "ada@acme.com"}
        for number, key in enumerate(["first", "second"])
    ]
    before = resolved_people(*pair)
    after = resolved_people(pair[0] | {"is_deleted": True}, pair[1])
    assert_frame_equal(before, after)


@pytest.mark.parametrize("address", ["info@acme.com", "sales+fair@acme.com", "noreply@acme.com", None])
def test_an_address_of_nobody_in_particular_ties_nobody(address):
    told = resolved_people(*({"record_key": key, "email_normalised": address} for key in "ab"))
    assert entities(told) == {"a": "a", "b": "b"}


def test_an_address_that_too_many_share_ties_nobody_and_is_told():
    crowd = people(*({"record_key": f"{number}", "email_normalised": "x@acme.com"} for number in range(4)))
    assert person_edges(crowd, email_limit=3).is_empty()
    assert unmatched(crowd, edges(), email_limit=3).rows() == [("crowded_address", "email", 4)]
    assert person_edges(crowd, email_limit=4).height == 3
    assert unmatched(crowd, edges(), email_limit=4).is_empty()


def test_deleted_records_do_not_make_a_crowd():
    crowd = people(
        {"record_key": "live", "email_normalised": "x@acme.com"},
        *({"record_key": f"{number}", "email_normalised": "x@acme.com", "is_deleted": True} for number in range(9)),
    )
    assert set(entities(resolve(crowd, person_edges(crowd, email_limit=1))).values()) == {"0"}


def test_accounts_and_opportunities_are_tied_by_what_sources_say_and_by_nothing_else():
    frame = people(
        {"record_key": "a", "same_as_keys": ["b", "unseen"]},
        {"record_key": "b", "email_normalised": "x@acme.com"},
        {"record_key": "c", "merged_into_key": "b"},
        {"record_key": "d", "email_normalised": "x@acme.com"},
    )
    for tied in (account_edges(frame), opportunity_edges(frame)):
        assert entities(resolve(frame, tied)) == {"a": "a", "b": "a", "c": "a", "d": "d"}


def test_owners_are_tied_by_their_address_but_queues_are_not():
    owners = pl.DataFrame(
        {
            "record_key": ["hubspot:owner:1", "salesforce:user:1", "salesforce:queue:2", "hubspot:owner:3"],
            "owner_email": ["Ada@Acme.com", "ada@acme.com ", "bob@acme.com", "bob@acme.com"],
            "is_deleted": [False] * 4,
            "is_queue": [False, False, True, False],
            "same_as_keys": pl.Series([None] * 4, dtype=pl.List(pl.String)),
        }
    )
    assert owner_edges(owners).rows() == [("salesforce:user:1", "hubspot:owner:1", "email")]


KEYS = [f"{letter}:{number}" for letter in "ab" for number in range(5)]
RECORDS = st.dictionaries(st.sampled_from(KEYS), st.none() | st.integers(0, 4), min_size=1)
EDGES = st.lists(
    st.tuples(st.sampled_from([*KEYS, "gone"]), st.sampled_from(KEYS), st.sampled_from(RULES)), max_size=10
)


def by_walking(days, ties):
    """The same answer, by painting one record after the other."""
    colour = {key: key for key in days}
    for _ in days:
        for one, other, _ in ties:
            if one in days and other in days:
                colour[one] = colour[other] = min(colour[one], colour[other])
    groups = {}
    for key in days:
        groups.setdefault(colour[key], []).append(key)
    first = {name: min(keys, key=lambda key: (days[key] is None, days[key] or 0, key)) for name, keys in groups.items()}
    return {key: first[colour[key]] for key in days}


@given(RECORDS, EDGES)
def test_entities_are_what_walking_the_edges_finds(days, ties):
    assert entities(resolve(records(**days), edges(*ties))) == by_walking(days, ties)


@given(RECORDS, EDGES, st.randoms())
def test_order_and_direction_do_not_matter(days, ties, chance):
    told = resolve(records(**days), edges(*ties))
    keys = list(days)
    chance.shuffle(keys)
    turned = [(other, one, rule) if chance.random() < 0.5 else (one, other, rule) for one, other, rule in ties]
    chance.shuffle(turned)
    assert_frame_equal(resolve(records(**{key: days[key] for key in keys}), edges(*turned)), told)


@given(RECORDS, EDGES)
def test_resolving_what_was_resolved_changes_nothing(days, ties):
    told = resolve(records(**days), edges(*ties))
    again = told.select(from_key="record_key", to_key="entity_id", match_rule=pl.lit("source_merge"))
    assert entities(resolve(records(**days), again)) == entities(told)


@given(RECORDS, EDGES, EDGES)
def test_more_edges_never_split_an_entity(days, ties, more):
    before, after = (entities(resolve(records(**days), edges(*rows))) for rows in (ties, ties + more))
    assert all(after[one] == after[other] for one in days for other in days if before[one] == before[other])


@given(RECORDS, EDGES)
def test_a_later_record_changes_no_id(days, ties):
    known = {key: number for key, number in days.items() if number is not None}
    later = dict.fromkeys((key for key in KEYS if key not in known), 99)
    inner = [tie for tie in ties if tie[0] in known and tie[1] in known]
    attached = [(key, next(iter(known)), "email") for key in later] if known else []
    before = entities(resolve(records(**known), edges(*inner)))
    after = entities(resolve(records(**known, **later), edges(*inner, *attached)))
    assert {key: after[key] for key in known} == before


@given(RECORDS, EDGES)
def test_every_entity_has_one_survivor_and_every_record_one_row(days, ties):
    told = resolve(records(**days), edges(*ties))
    assert told["record_key"].to_list() == sorted(days)
    survivors = told.filter("is_survivor")
    assert survivors["record_key"].to_list() == survivors["entity_id"].to_list()
    assert survivors["entity_id"].sort().to_list() == told["entity_id"].unique().sort().to_list()


def pairs(frame, column):
    other = frame.select("unique_id", column).rename({"unique_id": "other_id"})
    return frame.join(other, on=column).filter(pl.col("unique_id") < pl.col("other_id")).select("unique_id", "other_id")


@pytest.mark.skipif(
    not (DATA / "splink_fake_1000").exists(), reason="the labelled people are not beside the repository"
)
def test_precision_and_recall_on_labelled_people():
    known = pl.read_csv(DATA / "splink_fake_1000" / "fake_1000.csv").with_columns(
        record_key=pl.col("unique_id").cast(pl.String), email_normalised=normalise_email(pl.col("email"))
    )
    frame = people(*known.select("record_key", "email_normalised", "first_name", last_name="surname").rows(named=True))
    told = known.join(resolve(frame, person_edges(frame)), on="record_key", maintain_order="left")
    found, true = pairs(told, "entity_id"), pairs(told, "cluster")
    right = found.join(true, on=["unique_id", "other_id"]).height
    # An exact address is never wrong here; it misses people whose address was mistyped or left out.
    assert right / found.height == 1.0
    assert (found.height, round(right / true.height, 2)) == (682, 0.34)
