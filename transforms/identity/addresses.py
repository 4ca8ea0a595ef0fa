"""E-mail addresses as keys of persons: which records share one, and which addresses stand for nobody.

An address ties nobody if it is that of a desk, if more live records share it than one person has, or if the names of
live records that share it contradict each other, as those of a dummy do that a form or an importer filled in.
"""

from collections import Counter
from itertools import product, starmap
from typing import Final

import polars as pl

from transforms.step import ALL, step
from transforms.values.distinct import read_distinct
from transforms.values.email import is_shared_mailbox
from transforms.values.names import name_words

DESK: Final = "shared_mailbox"
CROWDED: Final = "crowded_address"
CONTRADICTING: Final = "contradicting_names"
# Live records that one person may have with one address.
EMAIL_LIMIT: Final = 20
# Share of letters in common; of 1,000 labelled people, typing mistakes in both names included, no address is doubted.
_ALIKE = 0.75
_PERSON = ["record_key", "is_deleted", "first_name", "last_name"]


@step(partition_by=ALL, delivers=("record_key", "address", "shared_by", "reason"))
def addresses_of_people(people: pl.DataFrame, links: pl.DataFrame, *, email_limit: int = EMAIL_LIMIT) -> pl.DataFrame:
    """Pair each record with its addresses: record_key, address, shared_by, reason.

    `shared_by` counts live records with the address; `reason` is why it ties nobody, null if it does tie them: `DESK`
    for an address that names a desk or nobody (info@, noemail@), `CROWDED` if more than `email_limit` live records
    share the address, else `CONTRADICTING`. `links` (from_key, to_key) are edges of other rules: whatever their names,
    such records agree.
    """
    own = people.select(*_PERSON, address="email_normalised", own="email_normalised")
    listed = people.select(*_PERSON, address="further_addresses", own="email_normalised").drop_nulls("address")
    further = listed.explode("address").filter(pl.col("address").ne_missing(pl.col("own")))
    addressed = (
        pl.concat([own, further]).drop_nulls("address").with_columns(is_desk=is_shared_mailbox(pl.col("address")))
    )
    addressed = addressed.with_columns(shared_by=(~pl.col("is_deleted")).sum().over("address"))
    is_crowded, is_shared = pl.col("shared_by") > email_limit, pl.col("shared_by") > 1
    shared = addressed.filter(~pl.col("is_desk"), ~is_crowded, is_shared, ~pl.col("is_deleted"))
    contradicted = _contradicted(shared, links)
    return addressed.select(
        "record_key",
        "address",
        "shared_by",
        reason=pl.when("is_desk")
        .then(pl.lit(DESK))
        .when(is_crowded)
        .then(pl.lit(CROWDED))
        .when(pl.col("address").is_in(contradicted.implode()))
        .then(pl.lit(CONTRADICTING)),
    )


def _contradicted(shared: pl.DataFrame, links: pl.DataFrame) -> pl.Series:
    """List the addresses of which two records have contradicting names."""
    named = shared.filter(pl.struct("first_name", "last_name").n_unique().over("address") > 1).select(
        "record_key", "address", first=name_words(pl.col("first_name")), last=name_words(pl.col("last_name"))
    )
    pairs = named.join(named, on="address", suffix="_other").filter(
        pl.col("record_key") < pl.col("record_key_other"), _contradict()
    )
    for ends in (["from_key", "to_key"], ["to_key", "from_key"]):
        pairs = pairs.join(links, left_on=["record_key", "record_key_other"], right_on=ends, how="anti")
    return pairs["address"].unique().sort()


def _contradict() -> pl.Expr:
    """Compile whether the names of a pair contradict: both are known, have no word in common, and differ in an initial.

    A name that only one of the records has decides nothing, nor does a common word: people marry, and have nicknames.
    """
    first, last, first_other, last_other = (pl.col(name) for name in ("first", "last", "first_other", "last_other"))
    has_first, has_first_other = first.list.len() > 0, first_other.list.len() > 0
    is_comparable = (last.list.len() > 0) & (last_other.list.len() > 0) & (has_first == has_first_other)
    have_same_initials = (
        has_first & (_initial(first) == _initial(first_other)) & (_initial(last) == _initial(last_other))
    )
    one, other = (words.list.join(" ") for words in (first.list.concat(last), first_other.list.concat(last_other)))
    asked = pl.when(is_comparable & ~have_same_initials.fill_null(value=False)).then(one)
    return ~read_distinct(_have_common_word, dtype=pl.Boolean, one=asked, other=other)


def _have_common_word(names: pl.DataFrame) -> pl.Series:
    common = [any(starmap(_are_alike, product(one.split(), other.split()))) for one, other in names.rows()]
    return pl.Series(common, dtype=pl.Boolean)


def _are_alike(one: str, other: str) -> bool:
    """Whether two words have most letters in common, in whatever order: what is mistyped is the same word."""
    return 2 * (Counter(one) & Counter(other)).total() > _ALIKE * (len(one) + len(other))


def _initial(words: pl.Expr) -> pl.Expr:
    return words.list.first().str.slice(0, 1)
