"""The role that reads the curated tables of the embedded server, and nothing beside them."""

import psycopg
from psycopg import sql

from definitions.errors import ConfigurationError

READER = "bantam_reader"
# What PostgreSQL allows everybody: to enter any database, to write into tables and objects of one's own, and to hold
# the lock of our runs. Giving locks back stays allowed: a session can free only its own, and drivers say it whenever
# they reuse a connection.
_CLOSE_DATABASES = "REVOKE CONNECT, TEMPORARY ON DATABASE {}, postgres, template1 FROM PUBLIC"
_CLOSE_FUNCTIONS = """
SELECT 'REVOKE EXECUTE ON FUNCTION ' || string_agg(oid::regprocedure::text, ', ') || ' FROM PUBLIC'
FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace
AND (
    proname IN ('lo_create', 'lo_creat', 'lo_from_bytea', 'lo_import')
    OR (proname ~ '^pg_(try_)?advisory_' AND proname !~ 'unlock')
)
AND has_function_privilege(%s, oid, 'EXECUTE')
"""


def let_in(owner: psycopg.Connection, password: str) -> None:
    """Give the reader's role a password; only its SCRAM verifier reaches the server. Safe to repeat.

    `owner` is connected to the database that is to be read, with every statement committed by itself. The owner is a
    superuser and keeps what everybody else loses. Raises `ConfigurationError` where there is no such role yet.
    """
    if owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [READER]).fetchone() is None:
        raise ConfigurationError(f"The warehouse has no role {READER} yet. Run `bantam run` once, then serve.")
    reader, database = sql.Identifier(READER), sql.Identifier(owner.info.dbname)
    verifier = owner.pgconn.encrypt_password(password.encode(), READER.encode(), b"scram-sha-256").decode()
    with owner.transaction():
        _close_to_everybody(owner, database)
        owner.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, reader))
        owner.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(reader, sql.Literal(verifier)))


def _close_to_everybody(owner: psycopg.Connection, database: sql.Identifier) -> None:
    owner.execute(sql.SQL(_CLOSE_DATABASES).format(database))
    (still_open,) = owner.execute(_CLOSE_FUNCTIONS, [READER]).fetchone() or (None,)
    if still_open is not None:
        owner.execute(still_open)
