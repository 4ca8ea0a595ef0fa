import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from definitions.errors import TransformError
from definitions.polars_types import schema_of
from definitions.schema.column import Rule
from definitions.schema.columns import columns_named
from definitions.schema.records import ENTITIES, RECORD_KINDS
from transforms.golden.rows import golden
from transforms.golden.survivorship import Survivor, rules_of

START = datetime(2024, 1, 1, tzinfo=UTC)
ROLES = {"salesforce": "crm", "hubspot": "marketing", "dynamics": "crm"}
VALUES = {
    "person": columns_named("email_normalised email_domain email_domain_type is_email_valid phone_e164 country"),
    "account": columns_named("name_normalised phone_e164 country"),
    "opportunity": (),
    "owner": (),
}
RULES = {kind: rules_of(ENTITIES[kind].columns) for kind in VALUES}


def day(number):
    return START + timedelta(days=number)


def schema(kind):
    return pl.Schema({"entity_id": pl.String()} | schema_of((*RECORD_KINDS[kind].fields, *VALUES[kind])))


def entity(kind, *rows):
    """One golden row of records of one entity; each is told by its key, its system and what differs."""
    least = [
        {"entity_id": "e", "record_key": key, "source_system": system, "source_object": "contact", "source_id": key}
        | {"is_deleted": False, "source_updated_at": day(0)}
        | row
        for key, system, row in rows
    ]
    return golden(pl.DataFrame(least, schema=schema(kind)), RULES[kind], roles=ROLES).row(0, named=True)


def person(*rows):
    return entity("person", *rows)


@pytest.mark.parametrize("kind", RULES)
def test_every_field_of_a_record_has_one_rule(kind):
    ruled = [field for rule in RULES[kind] for field in rule.outputs if rule.output is None]
    carried = {field.name for field in (*RECORD_KINDS[kind].fields, *VALUES[kind])}
    assert sorted(ruled) == sorted(
        carried - {"is_deleted", "merged_into_key", "same_as_keys", "further_emails", "custom"}
    )


@pytest.mark.parametrize(
    ("field", "crm", "marketing", "expected"),
    [
        ("owner_key", "old owner", "new owner", "old owner"),
        ("owner_key", None, "new owner", "new owner"),
        ("owner_key", " ", "new owner", "new owner"),
        ("source_lifecycle_stage", "old", "new", "new"),
        ("title", "old", "new", "new"),
        ("title", "old", None, "old"),
        ("has_opted_out_of_email", True, False, True),
        ("has_opted_out_of_email", None, False, False),
        ("do_not_call", False, True, True),
        ("do_not_call", True, False, True),
        ("is_converted", True, False, True),
        ("claims_customer", True, False, True),
        ("mql_at", day(5), day(3), day(5)),
        ("sales_accepted_at", day(5), day(3), day(3)),
        ("last_activity_at", day(5), None, day(5)),
        ("budget_status", "unknown", "confirmed", "confirmed"),
        ("budget_status", "unknown", None, "unknown"),
        ("budget_status", "allocated", "confirmed", "allocated"),
    ],
)
def test_which_of_two_systems_gives_the_value(field, crm, marketing, expected):
    told = person(
        ("s", "salesforce", {field: crm, "source_updated_at": day(1)}),
        ("h", "hubspot", {field: marketing, "source_updated_at": day(9)}),
    )
    assert told[field] == expected


def test_the_first_and_the_latest_qualification_are_both_kept():
    told = person(("a", "salesforce", {"mql_at": day(5)}), ("b", "hubspot", {"mql_at": day(3)}))
    assert (told["mql_first_at"], told["mql_at"]) == (day(3), day(5))


@pytest.mark.parametrize(
    ("updated", "systems", "winner"),
    [
        ((day(2), day(1)), ("hubspot", "salesforce"), "a"),
        ((day(1), day(1)), ("hubspot", "salesforce"), "b"),
        ((day(1), day(1)), ("salesforce", "salesforce"), "a"),
        ((None, day(1)), ("salesforce", "hubspot"), "b"),
        ((None, None), ("hubspot", "hubspot"), "a"),
    ],
    ids=["latest", "source priority", "smaller key", "an unknown date is last", "both unknown: smaller key"],
)
def test_ties(updated, systems, winner):
    rows = [
        (key, system, {"title": key, "source_updated_at": moment})
        for key, system, moment in zip("ab", systems, updated, strict=True)
    ]
    assert person(*rows)["title"] == person(*reversed(rows))["title"] == winner


def test_the_origin_is_that_of_the_record_created_first():
    told = person(
        ("a", "salesforce", {"source_created_at": day(2), "lead_source": "Import", "origin_activity_type": "list"}),
        ("b", "hubspot", {"source_created_at": day(1), "lead_source": "Webinar"}),
        ("c", "hubspot", {"source_created_at": None, "lead_source": "Referral"}),
    )
    assert (told["lead_source"], told["origin_activity_type"]) == ("Webinar", None)
    assert told["source_created_at"] == told["first_seen_at"] == day(1)


def test_values_that_mean_nothing_apart_come_from_one_record():
    told = entity(
        "opportunity",
        ("a", "salesforce", {"amount": None, "currency_code": "EUR", "source_stage": "Proposal", "is_closed": False}),
        ("b", "hubspot", {"amount": Decimal(100), "currency_code": "USD", "source_stage": "won", "is_closed": True}),
    )
    assert (told["amount"], told["currency_code"]) == (100, "USD")
    assert (told["source_stage"], told["is_closed"], told["source_system"]) == ("Proposal", False, "salesforce")


def test_a_valid_address_goes_before_a_later_one_that_is_not():
    good = {"email": "ADA@acme.com", "email_normalised": "ada@acme.com", "is_email_valid": True}
    bad = {"email": "ada at acme", "is_email_valid": False, "source_updated_at": day(9)}
    told = person(("a", "hubspot", good), ("b", "salesforce", bad))
    assert (told["email"], told["is_email_valid"]) == ("ADA@acme.com", True)
    told = person(("a", "hubspot", {}), ("b", "salesforce", bad))
    assert (told["email"], told["is_email_valid"]) == ("ada at acme", False)


def test_a_bounce_counts_for_the_address_that_bounced():
    old = {"email": "ada@old.com", "email_normalised": "ada@old.com", "email_bounced_at": day(1)}
    new = {"email": "ada@new.com", "email_normalised": "ada@new.com", "source_updated_at": day(9)}
    assert person(("a", "hubspot", old), ("b", "hubspot", new))["email_bounced_at"] is None
    bounced = new | {"email_bounced_at": day(7)}
    assert person(("a", "hubspot", old), ("b", "hubspot", bounced))["email_bounced_at"] == day(7)
    unsaid = {"email_bounced_at": day(5)}
    assert person(("a", "hubspot", unsaid), ("b", "hubspot", bounced))["email_bounced_at"] == day(5)


def test_a_deleted_record_gives_nothing_while_another_is_left():
    gone = {"is_deleted": True, "title": "CEO", "source_created_at": day(0), "source_updated_at": day(9)}
    told = person(("a", "salesforce", gone), ("b", "hubspot", {"source_created_at": day(3)}))
    assert (told["title"], told["is_deleted"]) == (None, False)
    assert (told["record_count"], told["source_count"], told["first_seen_at"]) == (1, 1, day(0))
    told = person(("a", "salesforce", gone), ("b", "salesforce", {"is_deleted": True}))
    assert (told["title"], told["is_deleted"], told["source_count"]) == ("CEO", True, 1)


def test_a_record_that_was_merged_into_another_gives_nothing():
    lost = {"merged_into_key": "b", "title": "CEO", "source_updated_at": day(9)}
    told = person(("a", "salesforce", lost), ("b", "hubspot", {"title": "CFO"}))
    assert (told["title"], told["is_deleted"], told["record_count"]) == ("CFO", False, 1)


def test_winners_are_named_where_there_was_a_choice():
    told = person(
        ('a"1', "salesforce", {"owner_key": "o", "email": "x@acme.com", "email_normalised": "x@acme.com"}),
        ("b", "hubspot", {"title": "CEO"}),
    )
    winners = json.loads(told["field_winners"])
    assert winners == {"email": 'a"1', "owner_key": 'a"1', "title": "b"}
    assert person(("a", "salesforce", {"title": "CEO"}))["field_winners"] is None


def test_a_column_without_a_rule_and_a_source_without_a_role_are_refused():
    frame = pl.DataFrame([{"entity_id": "e", "record_key": "a", "source_system": "hubspot"}], schema=schema("person"))
    with pytest.raises(TransformError, match="no rule says which record gives shoe_size"):
        golden(frame.with_columns(shoe_size=pl.lit(44)), RULES["person"], roles=ROLES)
    with pytest.raises(TransformError, match="hubspot is neither a CRM nor a marketing source"):
        golden(frame, RULES["person"], roles={"salesforce": "crm"})


@pytest.mark.parametrize("kind", RULES)
def test_no_record_makes_no_entity(kind):
    told = golden(pl.DataFrame(schema=schema(kind)), RULES[kind], roles=ROLES)
    assert told.is_empty()
    assert {"entity_id", "is_deleted", "first_seen_at", "record_count", "source_count"} <= set(told.columns)


SMALL = {
    "entity_id": pl.String,
    "record_key": pl.String,
    "source_system": pl.String,
    "source_created_at": pl.Datetime("us", "UTC"),
    "source_updated_at": pl.Datetime("us", "UTC"),
    "is_deleted": pl.Boolean,
    "text": pl.String,
    "other": pl.String,
    "moment": pl.Datetime("us", "UTC"),
    "flag": pl.Boolean,
}
SMALL_RULES = (
    Survivor(fields=("record_key", "source_system"), rule=Rule.CRM_FIRST, wanted=("record_key",), name="record_key"),
    Survivor(fields=("source_created_at",), rule=Rule.LOWEST, wanted=("source_created_at",), name="source_created_at"),
    Survivor(fields=("source_updated_at",), rule=Rule.HIGHEST, wanted=("source_updated_at",), name="source_updated_at"),
    Survivor(fields=("moment", "other"), rule=Rule.HIGHEST, wanted=("moment", "other"), name="moment"),
    Survivor(fields=("flag",), rule=Rule.HIGHEST, wanted=("flag",), name="flag"),
    *(
        Survivor(fields=("text",), rule=rule, wanted=("text",), vague=vague, output=name, name=name)
        for rule in (Rule.CRM_FIRST, Rule.MARKETING_FIRST, Rule.LATEST, Rule.EARLIEST)
        for vague in ((), ("unknown",))
        for name in [f"{rule.value}{len(vague)}"]
    ),
)
MOMENTS = st.none() | st.integers(0, 3).map(day)
ROWS = st.fixed_dictionaries(
    {
        "entity_id": st.sampled_from("xyz"),
        "source_system": st.sampled_from(list(ROLES)),
        "source_created_at": MOMENTS,
        "source_updated_at": MOMENTS,
        "is_deleted": st.booleans(),
        "text": st.sampled_from([None, "", "unknown", "one", "two"]),
        "other": st.sampled_from([None, "p", "q"]),
        "moment": MOMENTS,
        "flag": st.none() | st.booleans(),
    }
)


def small(rows):
    keyed = [{**row, "record_key": f"k{place:02d}"} for place, row in enumerate(rows)]
    return pl.DataFrame(keyed, schema=SMALL)


def slowly(rows, rule):
    """The record that wins a rule among the records of one entity, found by sorting them."""
    live = [row for row in rows if not row["is_deleted"]] or rows

    def late(moment):
        return (moment is None, -(moment or START).timestamp())

    def rank(row):
        value = row[rule.wanted[0]]
        misses = next(place for place, field in enumerate(rule.wanted) if row[field] not in {None, ""})
        level = {
            Rule.CRM_FIRST: lambda: ROLES[row["source_system"]] != "crm",
            Rule.MARKETING_FIRST: lambda: ROLES[row["source_system"]] != "marketing",
            Rule.LATEST: lambda: 0,
            Rule.EARLIEST: lambda: (row["source_created_at"] is None, row["source_created_at"] or START),
            Rule.HIGHEST: lambda: (value is None, (not value) if isinstance(value, bool) else late(value)),
            Rule.LOWEST: lambda: (value is None, value or START),
        }[rule.rule]()
        recent = (late(row["source_updated_at"]), list(ROLES).index(row["source_system"]), row["record_key"])
        return (misses + (value in rule.vague), level, recent)

    able = [row for row in live if any(row[field] not in {None, ""} for field in rule.wanted)]
    return min(able, key=rank) if able else None


@settings(max_examples=150)
@given(st.lists(ROWS, max_size=9))
def test_every_rule_gives_what_sorting_the_records_of_each_entity_gives(rows):
    frame = small(rows)
    told = golden(frame, SMALL_RULES, roles=ROLES)
    for row in told.rows(named=True):
        own = frame.filter(pl.col("entity_id") == row["entity_id"]).rows(named=True)
        for rule in SMALL_RULES:
            winner = slowly(own, rule)
            for field, output in zip(rule.fields, rule.outputs, strict=True):
                assert row[output] == (
                    (winner[field] or None) if field == "text" and winner else winner and winner[field]
                )
        assert row["record_count"] == len([one for one in own if not one["is_deleted"]] or own)
        assert row["is_deleted"] == all(one["is_deleted"] for one in own)
    assert told["entity_id"].to_list() == sorted({row["entity_id"] for row in rows})


@given(st.lists(ROWS, max_size=9), st.integers())
def test_the_order_of_records_does_not_matter(rows, seed):
    frame = small(rows)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=abs(seed) % 2**32)
    assert_frame_equal(golden(shuffled, SMALL_RULES, roles=ROLES), golden(frame, SMALL_RULES, roles=ROLES))


@given(st.lists(ROWS, max_size=9))
def test_an_entity_is_the_same_whoever_else_is_there(rows):
    frame = small(rows)
    one_by_one = [golden(part, SMALL_RULES, roles=ROLES) for part in frame.partition_by("entity_id")]
    whole = golden(frame, SMALL_RULES, roles=ROLES)
    assert_frame_equal(pl.concat([whole.clear(), *one_by_one]).sort("entity_id"), whole)
