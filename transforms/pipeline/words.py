"""Rows of `dim_word`: the words of every vocabulary, with the classes of the definitions."""

import polars as pl

from definitions.agreement.model import Definitions
from definitions.schema.classified import CLASS_WORDS
from definitions.schema.vocabulary import CLOSED


def word_table(definitions: Definitions) -> pl.DataFrame:
    """Return one row per word of a vocabulary, with its meaning and its rank in the vocabulary."""
    meanings = {vocabulary.name: dict(vocabulary.words) for vocabulary in CLOSED}
    for kind, rules in definitions.ladders.items():
        meanings[CLASS_WORDS[kind].name] = {rule.name: rule.means for rule in rules}
    rows = [
        (vocabulary, word, meaning, rank)
        for vocabulary, words in meanings.items()
        for rank, (word, meaning) in enumerate(words.items(), 1)
    ]
    return pl.DataFrame(rows, schema=["vocabulary", "word", "meaning", "word_rank"], orient="row")
