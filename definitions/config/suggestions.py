"""What somebody may have meant who wrote a word that is not known; the one place in the code that guesses so."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

_SHORTEST_PART = 3
_MOST_LISTED = 30
_AS_CLOSE = 9


def suggestion(word: str, known: Iterable[str], *, most: int = _MOST_LISTED) -> str:
    """Write the end of a message about an unknown word: the known word that is close, and all there are.

    A list of more than `most` words is left out. Empty where there is nothing to say.

    >>> suggestion("Ledger", ["lead", "ledger"])
    '; did you mean ledger? There are lead, ledger'
    >>> suggestion("zebra", ["lead", "deal"])
    '; there are lead, deal'
    """
    words = list(known)
    listed = ", ".join(words) if len(words) <= most else ""
    close = closest(word, words)
    if close is not None:
        return f"; did you mean {close}?" + (f" There are {listed}" if listed else "")
    return f"; there are {listed}" if listed else ""


def closest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that is most like this one, or the only one it is a part of; None where none is.

    >>> closest("closd_won", ["closed_won", "closed_lost"]), closest("won", ["closed_won", "closed_lost"])
    ('closed_won', 'closed_won')
    """
    by_lower = {one.lower(): one for one in known}
    asked = word.strip().lower()
    if close := get_close_matches(asked, list(by_lower), n=_AS_CLOSE):
        # The library gives the last in the alphabet of those that are as close.
        return by_lower[max(sorted(close), key=lambda one: SequenceMatcher(None, one, asked).ratio())]
    around = [one for one in by_lower if asked in one] if len(asked) >= _SHORTEST_PART else []
    return by_lower[around[0]] if len(around) == 1 else None
