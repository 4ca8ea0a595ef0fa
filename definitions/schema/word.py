"""Vocabulary words as table rows, so that a new word or class needs no migration."""

from definitions.schema.column import INTEGER, TEXT, Column

WORD = (
    Column("vocabulary", TEXT, "Vocabulary the word belongs to; the comment of a column names the one it takes."),
    Column("word", TEXT, "The word, as columns hold it."),
    Column("meaning", TEXT, "What the word means; of classes, as the signed definitions say.", required=True),
    Column("word_rank", INTEGER, "Position in the vocabulary, 1 first.", low=1, required=True),
)
