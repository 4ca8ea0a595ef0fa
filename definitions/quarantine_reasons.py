"""Reasons for quarantine: the codes stored in tables, and the sentences shown to people."""

from dataclasses import dataclass

from definitions.schema.column import Kind

_CELLS = "compare `delimiter` and `quote` with the file, or mend the row"


@dataclass(frozen=True, slots=True)
class _Reason:
    """A sentence, and a variant for a detail that may be shown."""

    text: str
    text_with_detail: str = ""


# Quarantined before landing: no field of the record can be read, or the record cannot be identified.
_AT_LANDING = {
    "undecodable": _Reason(
        "not of the declared encoding; declare `encoding` (cp1252 is that of Windows), or export as UTF-8"
    ),
    "short_row": _Reason(f"fewer cells than the header; {_CELLS}"),
    "long_row": _Reason(f"more cells than the header; {_CELLS}"),
    "broken_quote": _Reason("a quote is not closed; compare `quote` with the file, or mend the row"),
    "cell_too_long": _Reason("a cell is longer than 131,072 characters; export the file without it"),
    "missing_id": _Reason("the column that `id` names is empty; fill it, or name another"),
    "id_repeated": _Reason(
        "another row has the same id and other content; mend one, or map `source_updated_at` for versions"
    ),
    "not_json": _Reason("no JSON; mend the line, or compare `format` with the file"),
    "not_an_object": _Reason("no JSON object; write one record a line"),
    "doubled_key": _Reason("names a key twice; nobody can tell which value holds"),
    "not_utf8": _Reason("the answer of the source is not UTF-8 there"),
    "nested_too_deep": _Reason("nested too deep to be read"),
    "id_blank": _Reason("the source gave no id"),
    "field_missing": _Reason("the source left the field out"),
    "number_out_of_range": _Reason("a number that no field can hold"),
    "wrong_type": _Reason("the source gave a value of another type than it documents"),
}
# Quarantined when conformed: a value of a field violates the contract.
_AT_CONFORM = {
    "unreadable_value": _Reason("{expected}", "{expected}, written as {detail}"),
    "out_of_range": _Reason("a number outside what the field can hold"),
    "outside_vocabulary": _Reason("not in the shared vocabulary"),
    "unmapped_value": _Reason(
        "the settings map no word like this one, an address or a number (not shown)",
        "the settings map no word {detail}",
    ),
    "unknown_alias": _Reason("`values` has no alias for the word", "`values` has no alias for {detail}"),
    "missing_value": _Reason("required by the contract"),
    "contradiction": _Reason("written in another currency than currency_code names"),
}
_NOT_EXPECTED = {
    "iso_day": "not an ISO day",
    "day_first": "not a day under `dates: day_first`",
    "month_first": "not a day under `dates: month_first`",
    "decimal_point": "not a number with '.' as decimal mark",
    "decimal_comma": "not a number with ',' as decimal mark",
    "yes_or_no": "neither yes nor no",
    "currency_code": "not a code of ISO 4217",
    **{kind.value: f"no {kind.value} within its limits" for kind in Kind},
}
_DEFAULT = _Reason("the record cannot be filed")

LANDING_REASONS = tuple(_AT_LANDING)
CONFORM_REASONS = tuple(_AT_CONFORM)
QUARANTINE_REASONS = (*LANDING_REASONS, *CONFORM_REASONS)
EXPECTED_VALUES = tuple(_NOT_EXPECTED)


def not_expected(expected: str) -> str:
    """Describe a value that is not what its field requires; `expected` is a word of `EXPECTED_VALUES`.

    >>> not_expected("iso_day")
    'not an ISO day'
    """
    return _NOT_EXPECTED[expected]


def sentence(reason_code: str, *, expected: str | None = None, detail: str | None = None) -> str:
    """Describe why a record was quarantined, and what to do where a person can do something.

    >>> sentence("unreadable_value", expected="iso_day", detail="99/99/9999")
    'not an ISO day, written as 99/99/9999'
    >>> sentence("unmapped_value", detail="Paused")
    'the settings map no word Paused'
    """
    reason = _AT_LANDING.get(reason_code) or _AT_CONFORM.get(reason_code) or _DEFAULT
    text = reason.text if detail is None else reason.text_with_detail or reason.text
    return text.format(expected=_NOT_EXPECTED.get(expected or "", "not what the field holds"), detail=detail)


def location_in_words(*, page: int | None, number: int | str) -> str:
    """Describe the location of a record: on a page of the source's responses, or in a file.

    >>> location_in_words(page=2, number=8), location_in_words(page=None, number=3)
    ('page 2, record 8', 'line 3')
    """
    return f"line {number}" if page is None else f"page {page}, record {number}"
