from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.values import phone
from transforms.values.library_answers import LibraryAnswers
from transforms.values.phone import NO_ANSWERS, no_answers, phone_e164, with_phone

DATA = Path(__file__).parents[2].parent / "shared" / "data"
TRUTH = DATA / "phone_truth"
labelled = pytest.mark.skipif(not TRUTH.exists(), reason="the labelled numbers are not beside the repository")


def read(pairs, answers=None):
    frame = pl.LazyFrame(pairs, schema={"phone": pl.String, "region": pl.String}, orient="row")
    return frame.select(phone_e164(pl.col("phone"), pl.col("region"), answers)).collect().to_series().to_list()


def file(name):
    return pl.read_csv(TRUTH / name, infer_schema=False)


@pytest.mark.parametrize(
    ("phone", "region", "expected"),
    [
        ("020 7946 0958", "GB", "+442079460958"),
        ("+44 (0)20 7946 0958", None, "+442079460958"),
        ("0044 20 7946 0958", "DE", "+442079460958"),
        ("+0044 20 7946 0958", "GB", "+442079460958"),
        ("(212) 736-5000 x12", "US", "+12127365000"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("12127365000", "us", "+12127365000"),
        ("212\u2011736\u20115000", "US", "+12127365000"),
        ("\u202a+1 212 736 5000\u202c", None, "+12127365000"),
        ("\uff12\uff11\uff12\uff17\uff13\uff16\uff15\uff10\uff10\uff10", "US", "+12127365000"),
        ("020 7946 0958 / 020 7946 0959", "GB", None),
        ("06 698 12345", "IT", "+390669812345"),
        ("2127365000", None, None),
        ("2127365000", "XX", None),
        ("123-456-7890", "US", None),
        ("555-1234", "US", None),
        ("+1 212 555 0123", None, "+12125550123"),
        ("0000000000", "US", None),
        ("12345678", "BE", None),
        ("+32 1 23 45 67", None, None),
        ("9876543210", "IN", None),
        ("call me", "US", None),
        ("-", "US", None),
        ("9" * 300, "US", None),
        ("", "US", None),
        (None, "US", None),
    ],
    ids=str,
)
def test_number(phone, region, expected):
    assert read([(phone, region)]) == [expected]


def test_the_country_of_the_record_goes_before_that_of_its_source():
    records = pl.LazyFrame(
        {
            "phone": ["030 901820", "030 901820", "030 901820", "+49 30 901820"],
            "country": [None, "GR", None, None],
            "source_system": ["hubspot", "hubspot", "salesforce", "elsewhere"],
        },
        schema_overrides={"country": pl.String},
    )
    told = with_phone(records, default_regions={"hubspot": "DE", "salesforce": None}).collect()
    assert told["phone_e164"].to_list() == ["+4930901820", None, None, "+4930901820"]


def test_sources_without_a_country_read_international_numbers_only():
    records = pl.LazyFrame(
        {"phone": ["030 901820", "+4930901820"], "country": ["DE", None], "source_system": ["a", "a"]}
    )
    assert with_phone(records, default_regions={}).collect()["phone_e164"].to_list() == ["+4930901820", "+4930901820"]


STARTS = ["", "+", "0", "00", "011", "1", "44", "49", "+1", "+44", "+49", "+39", "+7", "+55", "+54", "+800", "+999"]
REGIONS = st.none() | st.sampled_from(
    ["US", "CA", "GB", "GG", "DE", "AT", "IT", "RU", "KZ", "BR", "AR", "MX", "FI", "XX"]
)
NUMBERS = st.builds("{}{}".format, st.sampled_from(STARTS), st.text("0123456789", min_size=4, max_size=11))


@given(st.lists(st.tuples(st.none() | NUMBERS, REGIONS), max_size=20), st.lists(st.booleans(), min_size=20))
def test_what_was_kept_changes_no_answer_and_what_was_used_is_kept_once(pairs, are_kept):
    first = no_answers()
    told = read(pairs, first)
    used = first.used()
    again = LibraryAnswers(used.filter(pl.Series(are_kept[: used.height], dtype=pl.Boolean)))
    assert read(pairs, again) == told
    assert again.used().equals(used)
    assert not used.select("number", "region").is_duplicated().any()


def test_what_is_kept_is_not_asked_with_or_without_a_region(monkeypatch):
    pairs, first = [("+4930901820", None), ("030 901820", "DE"), ("12", "DE")], no_answers()
    told = read(pairs, first)
    monkeypatch.setattr(phone, "_parse_number", None)
    assert read(pairs, LibraryAnswers(first.used())) == told == ["+4930901820", "+4930901820", None]


def test_a_kept_answer_is_taken_for_its_number_and_region_alone_and_left_out_when_nobody_asks_it():
    kept = pl.DataFrame([("2127365000", "US", "+1"), ("5", None, "+2")], schema=NO_ANSWERS.schema, orient="row")
    answers = LibraryAnswers(kept)
    assert read([("212 736 5000", "US"), ("212 736 5000", "CA")], answers) == ["+1", "+12127365000"]
    assert answers.used().rows() == [("2127365000", "CA", "+12127365000"), ("2127365000", "US", "+1")]


@given(st.lists(st.tuples(st.none() | st.text(max_size=20) | NUMBERS, REGIONS), max_size=20))
def test_an_answer_is_e164_and_reads_as_itself_anywhere(pairs):
    known = [answer for answer in read(pairs) if answer is not None]
    assert all(answer.startswith("+") and answer[1:].isdigit() and len(answer) <= 16 for answer in known)
    assert read([(answer, None) for answer in known]) == known


@labelled
@pytest.mark.parametrize("written", ["expected_e164", "display_international"])
def test_example_numbers_of_every_region_make_the_round_trip(written):
    examples = file("libphonenumber_examples.csv")
    told = examples.with_columns(e164=phone_e164(pl.col(written), pl.col("region")))
    lost = told.filter(pl.col("e164").ne_missing(pl.col("expected_e164")))
    # The library itself holds that its examples in Benin and Zimbabwe are no longer assigned.
    assert told.height == 1144
    assert sorted(lost["expected_e164"]) == ["+22981123456", "+22985751234", "+2631312345"]


@labelled
def test_example_numbers_as_dialled_at_home_are_read_or_are_the_ones_people_make_up():
    examples = file("libphonenumber_examples.csv").filter(~pl.col("region").str.contains(r"^\d"))
    told = examples.with_columns(e164=phone_e164(pl.col("display_national"), pl.col("region")))
    lost = told.filter(pl.col("e164").is_null())
    made_up = lost.filter(pl.col("display_national").str.replace_all(r"\D", "").str.contains("^0?1234|^9876"))
    assert told.filter(pl.col("e164").is_not_null() & (pl.col("e164") != pl.col("expected_e164"))).is_empty()
    assert (lost.height, made_up.height) == (17, 14)


@labelled
def test_numbers_as_people_type_them():
    cases = file("brick_parse_cases.csv").with_columns(e164=phone_e164(pl.col("input"), pl.col("default_region")))
    lost = cases.filter(pl.col("e164").ne_missing(pl.col("expected_e164")))
    # These two can be parsed, but no plan has such a number.
    assert lost.select("input", "e164").rows() == [("64(0)64123456", None), ("123-456-7890", None)]


@labelled
def test_what_another_validator_accepts_does_not_crash_this_one():
    cases = file("validatorjs_mobile_cases.csv")
    told = cases.select(phone_e164(pl.col("input"), pl.col("region"))).to_series()
    assert (cases.height, told.count()) == (1040, 480)


@pytest.mark.skipif(not (DATA / "restaurants").exists(), reason="the restaurants are not beside the repository")
def test_numbers_of_real_businesses():
    places = pl.read_csv(DATA / "restaurants" / "restaurant.csv", infer_schema=False)
    told = places.with_columns(e164=phone_e164(pl.col("phone"), pl.lit("US")))
    assert told.filter(pl.col("e164").is_null())["phone"].to_list() == ["310/788-", "100-813-8212"]
