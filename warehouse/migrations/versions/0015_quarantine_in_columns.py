"""Keep why and where a record was set aside in columns; what was kept as sentences is read into them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column

revision = "0015"
down_revision = "0014"

TEXT = sa.Text()
INTEGER = sa.Integer()

_REASON = (
    "Why the record was set aside. One of: undecodable, short_row, long_row, broken_quote, cell_too_long, missing_id, "
    "id_repeated, not_json, not_an_object, doubled_key, not_utf8, nested_too_deep, id_blank, field_missing, "
    "number_out_of_range, wrong_type, unreadable_value, out_of_range, outside_vocabulary, unmapped_value, unknown_alias, "
    "missing_value, contradiction."
)
_EXPECTED = (
    "What a value of the field has to be; null where that is not what is wrong. One of: iso_day, day_first, month_first, "
    "decimal_point, decimal_comma, yes_or_no, currency_code, text, integer, count, real, money, boolean, day, moment, "
    "texts, json."
)
_DETAIL = (
    "The word that is not known, or how the value is written (99/99/9999); null where there is none, and where it may "
    "tell of a person."
)
_LOCATION = "Landed file of the record, and its line; where it stood on a page, its number on that."
_PAGE = "Page of the source's answers on which the record stood, 1 first; null where it was landed."

# What was said of each value that could not be read, and the word for it.
_SAID = {
    "not an ISO day%": "iso_day",
    "not a day under `dates: day!_first`%": "day_first",
    "not a day under `dates: month!_first`%": "month_first",
    "not a number with '.' as decimal mark": "decimal_point",
    "not a number with ',' as decimal mark": "decimal_comma",
    "neither yes nor no": "yes_or_no",
    "not a code of ISO 4217": "currency_code",
    "not a integer within its limits": "integer",
    "not a count within its limits": "count",
    "not a real within its limits": "real",
    "not a money within its limits": "money",
    "not a boolean within its limits": "boolean",
    "not a day within its limits": "day",
    "not a moment within its limits": "moment",
}
_ON_A_PAGE = ": page ([0-9]+), offset ([0-9]+)$"
_ON_A_LINE = ": line ([0-9]+)$"


def upgrade() -> None:
    """Part each sentence into what it says; the codes of two reasons that had one in common are told apart."""
    op.add_column("quarantine", Column("expected", TEXT, comment=_EXPECTED), schema="ops")
    op.add_column("quarantine", Column("page", INTEGER, comment=_PAGE), schema="ops")
    for name, comment in {"reason_code": _REASON, "detail": _DETAIL, "location": _LOCATION}.items():
        op.alter_column("quarantine", name, existing_type=TEXT, comment=comment, schema="ops")
    held = sa.table(
        "quarantine",
        *(sa.column(name, TEXT) for name in ("reason_code", "expected", "detail", "location")),
        sa.column("page", INTEGER),
        schema="ops",
    )
    said = held.c.detail
    of_page = sa.func.regexp_match(held.c.location, _ON_A_PAGE, type_=sa.ARRAY(TEXT))
    number = sa.cast(sa.cast(of_page[2], INTEGER) + 1, TEXT)
    on_page = sa.func.regexp_replace(held.c.location, _ON_A_PAGE, ":") + number
    rows = sa.update(held)
    op.execute(
        rows.where(held.c.location.regexp_match(_ON_A_PAGE)).values(page=sa.cast(of_page[1], INTEGER), location=on_page)
    )
    op.execute(rows.values(location=sa.func.regexp_replace(held.c.location, _ON_A_LINE, r":\1")))
    misread = rows.where(held.c.reason_code == "unreadable_value")
    for pattern, word in _SAID.items():
        op.execute(misread.where(said.like(pattern, escape="!")).values(expected=word))
    op.execute(misread.values(detail=sa.func.substring(said, ", written as (.*)$")))
    unmapped = rows.where(held.c.reason_code == "unmapped_value")
    op.execute(
        unmapped.where(said == "not in the shared vocabulary").values(reason_code="outside_vocabulary", detail=None)
    )
    alias = "`values` has no alias for "
    op.execute(
        unmapped.where(said.startswith(alias)).values(
            reason_code="unknown_alias", detail=sa.func.nullif(sa.func.substr(said, len(alias) + 1), "the word")
        )
    )
    hidden = "the settings map no word like this one, an address or a number (not shown)"
    mapped = sa.func.substring(sa.func.nullif(said, hidden), "^the settings map no word (.*)$")
    op.execute(unmapped.values(detail=mapped))
    op.execute(
        rows.where(held.c.reason_code.not_in(("unreadable_value", "unmapped_value", "unknown_alias"))).values(
            detail=None
        )
    )
