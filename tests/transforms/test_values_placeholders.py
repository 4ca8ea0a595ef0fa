import polars as pl
import pytest

from transforms.values.placeholders import without_placeholders


def read(placeholders, *texts):
    frame = pl.LazyFrame({"text": pl.Series(texts, dtype=pl.String)})
    return frame.select(without_placeholders(pl.col("text"), placeholders)).collect().to_series().to_list()


@pytest.mark.parametrize(
    ("placeholders", "text", "expected"),
    [
        (["Select"], "Select", None),
        (["Select"], " Select ", None),
        (["Select"], "select", "select"),
        (["Select"], "Selected", "Selected"),
        ([], "Select", "Select"),
        ([], "", None),
        ([], " \t", None),
        ([], "Null", "Null"),
        (["NULL"], "Null", "Null"),
        (["NULL"], "NULL", None),
        (["n/a", "unknown"], "unknown", None),
        (["n/a"], None, None),
    ],
)
def test_only_a_declared_word_is_nothing(placeholders, text, expected):
    assert read(placeholders, text) == [expected]
