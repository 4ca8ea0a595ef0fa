"""The role that reads the curated tables and nothing beside them, and who may act as it."""

import psycopg
import sqlalchemy as sa
from psycopg import sql

from definitions.errors import ConfigurationError
from definitions.sql_text import identifier
from warehouse.connect import safe_url
from warehouse.database_errors import without_values

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


@without_values("Granting the reader's rights")
def grant_reader(engine: sa.Engine, login: str) -> None:
    """Let a login role of the server read schema `curated`, tables to come included; safe to repeat.

    The login becomes a member of the reader, so one REVOKE takes everything back. Raises `ConfigurationError` with the
    statement that helps where there is no such role, it may not log in, may do more than read already, or our account
    may not grant.
    """
    with engine.begin() as connection:
        found = connection.execute(_LOGIN, {"login": login, "reader": READER}).mappings().one()
        if refusal := _refusal(found, login, engine.url):
            raise ConfigurationError(refusal)
        # Whatever the login inherits by itself: it must not have to say SET ROLE first.
        connection.exec_driver_sql(f"GRANT {READER} TO {identifier(login)} WITH INHERIT TRUE, SET TRUE")
        if not found["may_connect"]:
            connection.exec_driver_sql(f"GRANT CONNECT ON DATABASE {identifier(engine.url.database)} TO {READER}")


# What is known of the login and of our account; null where there is no such role.
_LOGIN = sa.text("""
SELECT
    (SELECT rolcanlogin FROM pg_roles WHERE rolname = :login) AS can_login,
    (SELECT rolsuper FROM pg_roles WHERE rolname = :login) AS is_superuser,
    (SELECT bool_or(has_schema_privilege(r.oid, n.oid, 'USAGE')) FROM pg_roles r, pg_namespace n
     WHERE r.rolname = :login AND n.nspname IN ('ops', 'staging')) AS sees_more,
    coalesce((SELECT has_database_privilege(oid, current_database(), 'CONNECT') FROM pg_roles WHERE rolname = :login),
             false) AS may_connect,
    EXISTS (SELECT FROM pg_roles WHERE rolname = :reader) AS has_reader,
    coalesce((SELECT pg_has_role(current_user, oid, 'MEMBER WITH ADMIN OPTION') FROM pg_roles WHERE rolname = :reader),
             false) AS may_grant
""")


def _refusal(found: sa.RowMapping, login: str, url: sa.URL) -> str | None:
    """Why this login is not granted anything, with what to do; None where it may be."""
    account = url.username
    if found["can_login"] is None:
        return (
            f"{safe_url(url)} has no role {login}. Whoever may create roles makes it: CREATE ROLE {identifier(login)} "
            "LOGIN PASSWORD '…'. Then grant again."
        )
    if not found["can_login"]:
        return (
            f"The role {login} may not log in. Let it: ALTER ROLE {identifier(login)} LOGIN PASSWORD '…'. Then grant "
            "again."
        )
    if found["is_superuser"] or found["sees_more"]:
        return (
            f"{login} may read more than schema curated already, as a superuser, an owner or a member of one. Make a "
            "login of its own for BI: CREATE ROLE bi LOGIN PASSWORD '…'."
        )
    if not found["may_grant"]:
        return (
            f"{account} may not give away the role {READER}, which somebody else made. An administrator says once: "
            f"GRANT {READER} TO {identifier(account)} WITH ADMIN OPTION. Or for this login: GRANT {READER} TO "
            f"{identifier(login)}."
        )
    return None


@without_values("Becoming the reader")
def let_act_as_reader(engine: sa.Engine) -> None:
    """See to it that our account may take the reader's role in a session, as `bantam warehouse shell` does.

    Who made the role may give it to itself; PostgreSQL does not do that alone. Raises `ConfigurationError` with the
    statement that helps where it may not.
    """
    with engine.begin() as connection:
        may_take = "SELECT pg_has_role(current_user, :reader, 'SET'), pg_has_role(current_user, :reader, :admin)"
        asked = {"reader": READER, "admin": "MEMBER WITH ADMIN OPTION"}
        may_act, may_grant = connection.execute(sa.text(may_take), asked).one()
        if may_act:
            return
        if not may_grant:
            raise ConfigurationError(
                f"{engine.url.username} may not act as {READER}, who alone asks in this shell. An administrator allows "
                f"it: GRANT {READER} TO {identifier(engine.url.username)} WITH ADMIN OPTION."
            )
        # It acts as the reader where it says so; it inherits nothing, for it may do all that anyway.
        connection.exec_driver_sql(f"GRANT {READER} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE")
