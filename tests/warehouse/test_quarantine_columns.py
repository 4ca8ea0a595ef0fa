"""What an older Bantam kept of quarantined records as sentences stands in columns after the migration."""

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from definitions.quarantine_reasons import sentence
from warehouse.connect import engine_for
from warehouse.migrate import _SCRIPTS, _config, migrate

pytestmark = pytest.mark.slow

# reason, sentence and place as they were kept; reason, expected, detail, location and page as they are.
KEPT = [
    ("unreadable_value", "not an ISO day, written as 99 Xxxxxx 9999", "r/f:3",
     "unreadable_value", "iso_day", "99 Xxxxxx 9999", "r/f:3", None),
    ("unreadable_value", "not a day under `dates: day_first`, written as 9/99/99", "r/f:3",
     "unreadable_value", "day_first", "9/99/99", "r/f:3", None),
    ("unreadable_value", "not a number with ',' as decimal mark", "r/f:3",
     "unreadable_value", "decimal_comma", None, "r/f:3", None),
    ("unreadable_value", "neither yes nor no", "r/f:3", "unreadable_value", "yes_or_no", None, "r/f:3", None),
    ("unreadable_value", "not a moment within its limits", "r/f:3", "unreadable_value", "moment", None, "r/f:3", None),
    ("unmapped_value", "the settings map no word Lost/Won", "r/f:3", "unmapped_value", None, "Lost/Won", "r/f:3", None),
    ("unmapped_value", "the settings map no word like this one, an address or a number (not shown)", "r/f:3",
     "unmapped_value", None, None, "r/f:3", None),
    ("unmapped_value", "not in the shared vocabulary", "r/f:3", "outside_vocabulary", None, None, "r/f:3", None),
    ("unmapped_value", "`values` has no alias for Perhaps", "r/f:3", "unknown_alias", None, "Perhaps", "r/f:3", None),
    ("unmapped_value", "`values` has no alias for the word", "r/f:3", "unknown_alias", None, None, "r/f:3", None),
    ("out_of_range", "a number outside what the field can hold", "r/f:3", "out_of_range", None, None, "r/f:3", None),
    ("missing_value", "required by the contract", "r/f:3", "missing_value", None, None, "r/f:3", None),
    ("short_row", "fewer cells than the header; compare `delimiter` and `quote` with the file, or mend the row",
     "r/f: line 7", "short_row", None, None, "r/f:7", None),
    ("id_blank", "the source gave no id", "r/f: page 2, offset 0", "id_blank", None, None, "r/f:1", 2),
]  # fmt: skip


def test_what_was_kept_as_sentences_stands_in_columns(empty_database):
    engine = engine_for(empty_database)
    (before,) = (ScriptDirectory(str(_SCRIPTS)).get_revision("0015").down_revision,)
    old = sa.text(
        "INSERT INTO ops.quarantine (record_key, source_system, stream, reason_code, detail, location, first_seen_on, "
        "last_seen_on, run_id) VALUES (:key, 'crm', 'deals', :reason, :said, :place, '2026-11-20', '2026-11-21', 'r')"
    )
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA ops"))
        command.upgrade(_config(connection), before)
        for number, (reason, said, place, *_) in enumerate(KEPT):
            connection.execute(old, {"key": f"{number:02}", "reason": reason, "said": said, "place": place})
    migrate(engine)
    with engine.connect() as connection:
        now = "SELECT reason_code, expected, detail, location, page FROM ops.quarantine ORDER BY record_key"
        rows = [tuple(row) for row in connection.execute(sa.text(now))]
    assert rows == [kept[3:] for kept in KEPT]
    said = [sentence(reason, expected=expected, detail=detail) for reason, expected, detail, *_ in rows]
    assert said == [kept[1].replace("not a moment", "no moment") for kept in KEPT]
