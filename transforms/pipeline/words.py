"""The words of every vocabulary as rows of `dim_word`: those of the code, and the classes as the definitions say."""

import polars as pl

from definitions.agreement.model import Definitions
from definitions.schema.classified import CLASS_WORDS
from definitions.schema.vocabulary import CLOSED


def word_table(definitions: Definitions) -> pl.DataFrame:
    """One row per word of a vocabulary, with its meaning and its rank in it."""
    meanings = {vocabulary.name: dict(vocabulary.words) for vocabulary in CLOSED}
    for kind, rules in definitions.ladders.items():
        meanings[CLASS_WORDS[kind].name] = {rule.name: rule.means for rule in rules}
    rows = [
        (vocabulary, word, meaning, rank)
        for vocabulary, words in meanings.items()
        for rank, (word, meaning) in enumerate(words.items(), 1)
    ]
    return pl.DataFrame(rows, schema=["vocabulary", "word", "meaning", "word_rank"], orient="row")
