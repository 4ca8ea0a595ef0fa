"""Why a row or record was set aside before it was filed, in words, with the next step."""

_CELLS = "compare `delimiter` and `quote` with the file, or mend the row"
_WORDS = {
    "undecodable": "not of the declared encoding; declare `encoding` (cp1252 is that of Windows), or export as UTF-8",
    "short_row": f"fewer cells than the header; {_CELLS}",
    "long_row": f"more cells than the header; {_CELLS}",
    "broken_quote": "a quote is not closed; compare `quote` with the file, or mend the row",
    "cell_too_long": "a cell is longer than 131,072 characters; export the file without it",
    "missing_id": "the column that `id` names is empty; fill it, or name another",
    "id_repeated": "another row has the same id and other content; mend one, or map `source_updated_at` for versions",
    "not_json": "no JSON; mend the line, or compare `format` with the file",
    "not_an_object": "no JSON object; write one record a line",
    "doubled_key": "names a key twice; nobody can tell which value holds",
    "not_utf8": "the answer of the source is not UTF-8 there",
    "nested_too_deep": "nested too deep to be read",
    "id_blank": "the source gave no id",
    "field_missing": "the source left the field out",
    "number_out_of_range": "a number that no field can hold",
    "wrong_type": "the source gave a value of another type than it documents",
}


def in_words(reason: str) -> str:
    """Say what a reason of `Rejected` means, and what to do where a person can do something."""
    return _WORDS.get(reason, "the record cannot be filed")
