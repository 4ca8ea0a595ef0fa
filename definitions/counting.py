"""Numbers with their nouns, in singular or plural."""

import re

# Nouns that sentences of the definitions count: plural to singular.
_SINGULAR = {
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
    """Return plural and singular of the noun that a text continues with after a number; None without such a noun.

    >>> counted_noun(" days ago."), counted_noun(" was moved")
    (('days', 'day'), None)
    """
    match = _NOUN.match(after)
    return (match[1], _SINGULAR[match[1]]) if match and match[1] in _SINGULAR else None
