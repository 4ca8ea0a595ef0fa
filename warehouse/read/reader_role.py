"""Reader role: reads the curated tables and nothing else; grants of it to logins."""

import psycopg
import sqlalchemy as sa
from psycopg import sql

from definitions.errors import ConfigurationError
from definitions.sql_text import identifier
from warehouse.connect import safe_url
from warehouse.database_errors import without_values

READER = "bantam_reader"
# Rights that PostgreSQL grants to PUBLIC: to connect to any database, to create temporary tables and large objects,
# and to take advisory locks, such as that of our runs. Unlocking stays allowed: a session can release only its own
# locks, and drivers do so whenever they reuse a connection.
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


def enable_reader_login(owner: psycopg.Connection, password: str) -> None:
    """Set the reader role's password and allow its login; only the SCRAM verifier is sent. Safe to repeat.

    `owner` is connected to the database to be read, in autocommit mode. The owner is a superuser and keeps the rights
    that PUBLIC loses. Raises `ConfigurationError` where the role does not exist yet.
    """
    if owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [READER]).fetchone() is None:
        raise ConfigurationError(f"The warehouse has no role {READER} yet. Run `bantam run` once, then serve.")
    reader, database = sql.Identifier(READER), sql.Identifier(owner.info.dbname)
    verifier = owner.pgconn.encrypt_password(password.encode(), READER.encode(), b"scram-sha-256").decode()
    with owner.transaction():
        _revoke_from_public(owner, database)
        owner.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, reader))
        owner.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(reader, sql.Literal(verifier)))


def _revoke_from_public(owner: psycopg.Connection, database: sql.Identifier) -> None:
    owner.execute(sql.SQL(_CLOSE_DATABASES).format(database))
    (still_open,) = owner.execute(_CLOSE_FUNCTIONS, [READER]).fetchone() or (None,)
    if still_open is not None:
        owner.execute(still_open)


@without_values("Granting the reader's rights")
def grant_reader(engine: sa.Engine, login: str) -> None:
    """Grant a login role read access to schema `curated`, future tables included; safe to repeat.

    The login becomes a member of the reader role, so one REVOKE removes everything. Raises `ConfigurationError` with
    the statement that helps where the role does not exist, may not log in, may already do more than read, or our
    account may not grant.
    """
    with engine.begin() as connection:
        found = connection.execute(_LOGIN, {"login": login, "reader": READER}).mappings().one()
        if refusal := _refusal(found, login, engine.url):
            raise ConfigurationError(refusal)
        # INHERIT whatever the default of the login: BI tools do not use SET ROLE.
        connection.exec_driver_sql(f"GRANT {READER} TO {identifier(login)} WITH INHERIT TRUE, SET TRUE")
        if not found["may_connect"]:
            connection.exec_driver_sql(f"GRANT CONNECT ON DATABASE {identifier(engine.url.database)} TO {READER}")


# Properties of the login and of our account; null where the role does not exist.
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
    """Return why this login cannot be granted access, with the remedy; None where it can."""
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
def allow_acting_as_reader(engine: sa.Engine) -> None:
    """Ensure that our account may SET ROLE to the reader, as `bantam warehouse shell` does.

    The creator of the role may grant it to itself; PostgreSQL does not do so by itself. Raises `ConfigurationError`
    with the statement that helps where the account may not.
    """
    with engine.begin() as connection:
        may_take = "SELECT pg_has_role(current_user, :reader, 'SET'), pg_has_role(current_user, :reader, :admin)"
        parameters = {"reader": READER, "admin": "MEMBER WITH ADMIN OPTION"}
        may_act, may_grant = connection.execute(sa.text(may_take), parameters).one()
        if may_act:
            return
        if not may_grant:
            raise ConfigurationError(
                f"{engine.url.username} may not act as {READER}, who alone asks in this shell. An administrator allows "
                f"it: GRANT {READER} TO {identifier(engine.url.username)} WITH ADMIN OPTION."
            )
        # Only by SET ROLE; it inherits nothing, since our account may read everything anyway.
        connection.exec_driver_sql(f"GRANT {READER} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE")
