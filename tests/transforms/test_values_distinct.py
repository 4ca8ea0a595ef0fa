import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from transforms.values.distinct import map_distinct, read_distinct

TEXTS = st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.none() | st.sampled_from("xy")), max_size=12)


def frame(pairs):
    return pl.LazyFrame(pairs, schema={"one": pl.String, "other": pl.String}, orient="row")


def joined(one, other):
    return (f"{one}{other or '-'}", None)


@given(TEXTS)
def test_each_row_gets_its_own_answer_in_its_own_place(pairs):
    answers = map_distinct(pl.col("one"), pl.col("other"), function=joined, names=("both", "nothing"))
    told = frame(pairs).select("one", "other", answers.alias("told")).unnest("told").collect().rows()
    assert told == [(one, other, one and f"{one}{other or '-'}", None) for one, other in pairs]


@given(TEXTS)
def test_the_library_is_asked_once_for_each_distinct_pair(pairs):
    asked = []

    def answer(one, other):
        asked.append((one, other))
        return (one,)

    frame(pairs).select(map_distinct(pl.col("one"), pl.col("other"), function=answer, names=("it",))).collect()
    assert sorted(asked, key=str) == sorted({pair for pair in pairs if pair[0] is not None}, key=str)


def test_the_answer_has_its_type_where_there_is_no_row():
    read = read_distinct(lambda rows: rows["one"].str.len_chars(), dtype=pl.UInt32, one=pl.col("one"))
    assert frame([]).select(read).collect_schema().dtypes() == [pl.UInt32]
    assert frame([]).select(read.alias("length")).collect().schema == {"length": pl.UInt32}
