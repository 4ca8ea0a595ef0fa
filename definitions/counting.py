"""Numbers with their nouns: the one place that knows that one is not many."""

import re

# The nouns that people count in sentences of the definitions, by what many of them are called.
_ONE_OF = {
    "accounts": "account", "activities": "activity", "calls": "call", "companies": "company", "contacts": "contact",
    "criteria": "criterion", "days": "day", "deals": "deal", "hours": "hour", "leads": "lead", "mails": "mail",
    "meetings": "meeting", "months": "month", "people": "person", "persons": "person", "points": "point",
    "quarters": "quarter", "records": "record", "sources": "source", "systems": "system", "times": "time",
    "weeks": "week", "years": "year",
}  # fmt: skip
_NOUN = re.compile(r" ([a-z]+)\b")


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun.

    >>> counted(1, "deal"), counted(1200, "deal"), counted(2, "person", "people")
    ('1 deal', '1,200 deals', '2 people')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def counted_noun(after: str) -> tuple[str, str] | None:
    """Give the noun with which a text goes on after a number, of many and of one; None where it goes on otherwise.

    >>> counted_noun(" days ago."), counted_noun(" was moved")
    (('days', 'day'), None)
    """
    found = _NOUN.match(after)
    return (found[1], _ONE_OF[found[1]]) if found and found[1] in _ONE_OF else None
