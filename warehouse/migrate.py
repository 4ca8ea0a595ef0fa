"""Migration of a warehouse to the current schema, all revisions in one transaction."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from definitions.errors import ConfigurationError
from definitions.sql_text import identifier
from warehouse.connect import safe_url
from warehouse.database_errors import without_values
from warehouse.migrations.scope import OPTIONS

_SCRIPTS = Path(__file__).parent / "migrations"
_OLDEST = 160000
_FIRST = "0010"  # the baseline
SCHEMAS = ("curated", "ops", "staging")
_TAKEN = sa.text(
    "SELECT nspname FROM pg_namespace n WHERE nspname = ANY(:names) "
    "AND EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid) ORDER BY 1"
)
_FOREIGN = sa.text(
    "SELECT nspname FROM pg_namespace WHERE nspname = ANY(:names) "
    "AND NOT pg_has_role(current_user, nspowner, 'USAGE') ORDER BY 1"
)
_LOCK = 4_201_771_001  # any number of our own: one migration at a time


@without_values("Migrating the warehouse")
def migrate(engine: sa.Engine) -> None:
    """Create or upgrade schemas, tables, comments and the reader's role; no change when all is up to date.

    Raises `ConfigurationError` when the server is older than PostgreSQL 16, the schema newer than this Bantam, or the
    account may not create what is missing; the message says what an administrator has to do.
    """
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        # While we wait behind a reader, all later readers wait behind us: not for long.
        connection.execute(sa.text("SET LOCAL lock_timeout = '30s'"))
        _check_server(connection, engine)
        version = schema_version(connection)
        if version == newest_version():
            return
        _check_rights(connection, engine)
        if version is None:
            _check_schemas(connection, engine)
        connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS ops"))
        command.upgrade(_config(connection), "head")


def schema_version(connection: sa.Connection) -> str | None:
    """Return the warehouse's revision; None if never migrated. Raises `ConfigurationError` if it is unknown."""
    if not sa.inspect(connection).has_table(OPTIONS["version_table"], schema="ops"):
        return None
    version = MigrationContext.configure(connection, opts=OPTIONS).get_current_revision()
    known_revisions = {revision.revision for revision in _scripts().walk_revisions()}
    if version is not None and version < _FIRST:
        raise ConfigurationError(
            f"The warehouse is at schema {version}; this Bantam upgrades warehouses from schema {_FIRST} on. Run the "
            "Bantam that was installed before once more: its last version brings the warehouse there. Or move the "
            "warehouse away: an empty one is filled from landing and the sources, without its history."
        )
    if version is not None and version not in known_revisions:
        raise ConfigurationError(
            f"The warehouse is at schema {version}, which this Bantam does not know. Upgrade Bantam."
        )
    return version


@without_values("Looking at the warehouse")
def found_version(engine: sa.Engine) -> str | None:
    """Return `schema_version`, read on its own connection."""
    with engine.connect() as connection:
        return schema_version(connection)


def newest_version() -> str | None:
    """Return the newest revision that this Bantam knows."""
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_SCRIPTS))


def _config(connection: sa.Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _check_server(connection: sa.Connection, engine: sa.Engine) -> None:
    version = int(connection.execute(sa.text("SHOW server_version_num")).scalar_one())
    if version < _OLDEST:
        raise ConfigurationError(
            f"{safe_url(engine.url)} is PostgreSQL {version // 10000}; Bantam needs 16 or newer. Upgrade the server."
        )


def _check_rights(connection: sa.Connection, engine: sa.Engine) -> None:
    """Raise `ConfigurationError` for missing rights, before a migration fails half-way with a less helpful message."""
    may_make_schemas, has_role, may_make_roles = connection.execute(
        sa.text(
            "SELECT has_database_privilege(current_database(), 'CREATE'),"
            " EXISTS (SELECT FROM pg_roles WHERE rolname = 'bantam_reader'),"
            " (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user)"
        )
    ).one()
    url = engine.url
    if not may_make_schemas:
        raise ConfigurationError(
            f"{url.username} may not create schemas in {safe_url(url)}. An administrator can allow it: "
            f"GRANT CREATE ON DATABASE {identifier(url.database)} TO {identifier(url.username)}."
        )
    if not has_role and not may_make_roles:
        raise ConfigurationError(
            f"{url.username} may not create roles in {safe_url(url)}. An administrator can create the one that reads "
            "the curated tables: CREATE ROLE bantam_reader NOLOGIN; "
            f"GRANT bantam_reader TO {identifier(url.username)} WITH ADMIN OPTION."
        )


def _check_schemas(connection: sa.Connection, engine: sa.Engine) -> None:
    """Refuse schemas of the same names that others use, before anything is created: each run empties `staging`.

    Empty schemas that the account owns are accepted: an administrator may have created them.
    """
    names = {"names": list(SCHEMAS)}
    taken = connection.execute(_TAKEN, names).scalars().all()
    if taken:
        raise ConfigurationError(
            f"{safe_url(engine.url)} has tables that are not Bantam's in the schemas Bantam needs: {', '.join(taken)}. "
            "Give Bantam a database of its own and name it in BANTAM_WAREHOUSE_URL: CREATE DATABASE bantam OWNER "
            f"{identifier(engine.url.username)}. Or rename the schemas: {'; '.join(_renamed(taken))}."
        )
    if foreign := connection.execute(_FOREIGN, names).scalars().all():
        owned = "; ".join(f"ALTER SCHEMA {name} OWNER TO {identifier(engine.url.username)}" for name in foreign)
        raise ConfigurationError(
            f"{safe_url(engine.url)}: the schemas {', '.join(foreign)} belong to another role than "
            f"{engine.url.username}. An administrator can hand them over: {owned}."
        )


def _renamed(schemas: Sequence[str]) -> list[str]:
    return [f"ALTER SCHEMA {name} RENAME TO {name}_before" for name in schemas]
