"""Suggestions ("did you mean") for unknown words, shared by all messages."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

_SHORTEST_PART = 3
_MOST_LISTED = 30
_AS_CLOSE = 9


def suggestion(word: str, known_words: Iterable[str], *, most: int = _MOST_LISTED) -> str:
    """Return the end of a message about an unknown word: the closest known word, then all known words.

    A list of more than `most` words is left out. Empty if there is neither.

    >>> suggestion("Ledger", ["lead", "ledger"])
    '; did you mean ledger? There are lead, ledger'
    >>> suggestion("zebra", ["lead", "deal"])
    '; there are lead, deal'
    """
    words = list(known_words)
    listed = ", ".join(words) if len(words) <= most else ""
    close = closest(word, words)
    if close is not None:
        return f"; did you mean {close}?" + (f" There are {listed}" if listed else "")
    return f"; there are {listed}" if listed else ""


def closest(word: str, known_words: Iterable[str]) -> str | None:
    """Return the known word most similar to `word`, or the only one that contains it; None if there is none.

    >>> closest("closd_won", ["closed_won", "closed_lost"]), closest("won", ["closed_won", "closed_lost"])
    ('closed_won', 'closed_won')
    """
    by_lower = {candidate.lower(): candidate for candidate in known_words}
    wanted = word.strip().lower()
    if close := get_close_matches(wanted, list(by_lower), n=_AS_CLOSE):
        # Of equally close words the library returns the last in the alphabet; return the first.
        return by_lower[max(sorted(close), key=lambda candidate: SequenceMatcher(None, candidate, wanted).ratio())]
    containing = [candidate for candidate in by_lower if wanted in candidate] if len(wanted) >= _SHORTEST_PART else []
    return by_lower[containing[0]] if len(containing) == 1 else None
