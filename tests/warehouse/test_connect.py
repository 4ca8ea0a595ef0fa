import traceback

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from definitions.errors import ConfigurationError, PublishError
from warehouse.connect import bulk_connection, engine_for, safe_url
from warehouse.database_errors import without_values
from warehouse.read.published import last_run

CANARY = "canary-4711"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:s3cret@db/crm", "postgresql+psycopg://ada:***@db/crm"),
        ("postgres://ada@db:5433/crm", "postgresql+psycopg://ada@db:5433/crm"),
        (
            "postgresql+psycopg://ada:s3%40cret@db/crm?sslmode=require",
            "postgresql+psycopg://ada:***@db/crm?sslmode=require",
        ),
        ("postgresql://db/crm?user=ada&password=s3cret", "postgresql+psycopg://ada:***@db/crm"),
    ],
)
def test_a_url_is_shown_without_its_password(url, shown):
    assert safe_url(url) == shown
    assert safe_url(engine_for(url).url) == shown
    assert "s3" not in repr(engine_for(url)).replace(shown, "")


@pytest.mark.parametrize("made", [str, engine_for], ids=["as written", "of an engine"])
def test_a_url_is_shown_without_what_unlocks_a_clients_key(made):
    given = made("postgresql://ada@db/crm?sslkey=ada.key&sslpassword=s3cret")
    shown = safe_url(getattr(given, "url", given))
    assert "s3cret" not in shown
    assert shown.startswith("postgresql+psycopg://ada@db/crm?sslkey=ada.key&sslpassword=")


@pytest.mark.parametrize(
    "url", ["", "s3cret", "mysql://ada:s3cret@db/crm", "postgresql+asyncpg://x:s3cret@y/z", "postgresql://s3cret@db"]
)
def test_what_is_no_postgresql_url_is_refused_unrepeated(url):
    with pytest.raises(ConfigurationError, match="not one of PostgreSQL") as refused:
        engine_for(url)
    assert "s3cret" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.slow
def test_a_password_may_hold_any_character(engine):
    password = "p@ss w/o:rd%+&='\"\\é"
    with engine.begin() as connection:
        statement = sql.SQL("CREATE ROLE odd LOGIN PASSWORD {}").format(sql.Literal(password))
        connection.connection.driver_connection.execute(statement)
    odd = engine_for(engine.url.set(username="odd", password=password))
    try:
        with odd.connect() as connection, bulk_connection(odd) as bulk, bulk.cursor() as cursor:
            cursor.execute("SELECT current_user::text")
            assert cursor.fetchone() == ("odd",) == connection.execute(sa.text("SELECT current_user")).one()
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP ROLE odd"))


def told(function, *arguments):
    """The whole traceback a person or a log would see."""
    with pytest.raises((ConfigurationError, PublishError)) as refused:
        function(*arguments)
    assert refused.value.__cause__ is refused.value.__context__ is None
    return "".join(traceback.format_exception(refused.value))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            f"INSERT INTO t VALUES ('{CANARY}', 1), ('{CANARY}', 1)",
            ["UniqueViolation", "23505", "public.t", "t_name_key"],
        ),
        (f"INSERT INTO t VALUES ('{CANARY}', NULL)", ["NotNullViolation", "public.t", "column number"]),
        (f"SELECT '{CANARY}'::integer", ["InvalidTextRepresentation", "22P02"]),
        (f"INSERT INTO t VALUES ('{CANARY}', 10 ^ 30)", ["NumericValueOutOfRange", "22003"]),
        (f"DO $$ BEGIN RAISE '{CANARY}'; END $$", ["RaiseException", "P0001"]),
        ("SELECT * FROM nowhere", ["UndefinedTable", 'relation "nowhere" does not exist']),
        ("SET LOCAL ROLE no_such_role", ["InvalidParameterValue"]),
    ],
    ids=["unique", "not null", "cast", "range", "raised", "no table", "no role"],
)
def test_a_refusal_names_the_place_and_no_value(engine, statement, says):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (name text UNIQUE, number integer NOT NULL)"))

    @without_values("Trying")
    def run():
        with engine.begin() as connection:
            connection.execute(sa.text(statement))

    @without_values("Trying")
    def run_in_bulk():
        with bulk_connection(engine) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            cursor.fetchall()

    for said in (told(run), told(run_in_bulk)):
        assert CANARY not in said.replace(repr(statement), "")
    for word in says:
        assert word in told(run)


@pytest.mark.slow
def test_a_wrong_password_is_a_wrong_setting_and_is_not_shown(engine):
    said = told(last_run, engine_for(engine.url.set(password=CANARY)))
    assert "ConfigurationError" in said
    assert "password authentication failed" in said
    assert CANARY not in said


@pytest.mark.slow
def test_a_missing_database_is_a_wrong_setting(engine):
    assert "ConfigurationError" in told(last_run, engine_for(engine.url.set(database="nowhere")))


def test_a_server_that_does_not_answer_is_named():
    nobody = engine_for(f"postgresql://ada:{CANARY}@127.0.0.1:1/crm")
    said = told(last_run, nobody)
    assert "PublishError" in said
    assert "127.0.0.1" in said
    assert CANARY not in said


@pytest.mark.slow
def test_the_error_of_a_plain_connection_is_told_too(engine):
    @without_values("Trying")
    def run():
        raw = engine.raw_connection()
        try:
            raw.driver_connection.execute("SELECT %s::date", [CANARY])
        finally:
            raw.close()

    with pytest.raises(psycopg.Error, match=CANARY):
        run.__wrapped__()
    assert CANARY not in told(run)
