"""Every reason for which a record is set aside has a sentence, whatever is known besides."""

import pytest

from definitions.quarantine_reasons import (
    EXPECTED_VALUES,
    QUARANTINE_REASONS,
    location_in_words,
    not_expected,
    sentence,
)


def test_every_reason_says_something_of_its_own():
    said = {sentence(reason) for reason in QUARANTINE_REASONS}
    assert len(said) == len(QUARANTINE_REASONS)
    assert not [one for one in said if "{" in one or "None" in one or "cannot be filed" in one]


def test_a_value_is_told_with_what_it_has_to_be_and_how_it_is_written():
    told = {sentence("unreadable_value", expected=expected) for expected in EXPECTED_VALUES}
    assert told == {not_expected(expected) for expected in EXPECTED_VALUES}
    assert sentence("unreadable_value", expected="day_first", detail="9/99/99") == (
        "not a day under `dates: day_first`, written as 9/99/99"
    )


@pytest.mark.parametrize(
    ("reason", "detail", "says"),
    [
        ("unmapped_value", "{0}|%s", "the settings map no word {0}|%s"),
        ("unmapped_value", None, "the settings map no word like this one, an address or a number (not shown)"),
        ("unknown_alias", "Perhaps", "`values` has no alias for Perhaps"),
        ("unknown_alias", None, "`values` has no alias for the word"),
        ("not_json", "ignored", "no JSON; mend the line, or compare `format` with the file"),
        ("not_yet_invented", None, "the record cannot be filed"),
    ],
)
def test_a_word_is_shown_as_it_was_found(reason, detail, says):
    assert sentence(reason, detail=detail) == says


def test_a_place_is_a_line_or_a_record_of_a_page():
    assert (location_in_words(page=None, number=60), location_in_words(page=2, number=8)) == (
        "line 60",
        "page 2, record 8",
    )
