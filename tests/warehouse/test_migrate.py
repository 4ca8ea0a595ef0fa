from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext

from definitions.errors import ConfigurationError
from definitions.schema.tables import CURATED, OPS, PUBLISHED_RUN
from warehouse.connect import engine_for
from warehouse.migrate import migrate, newest_version, schema_version
from warehouse.migrations.scope import OPTIONS
from warehouse.tables import METADATA

pytestmark = pytest.mark.slow


def test_the_migrated_schema_is_the_contract_comments_included(engine):
    """On failure: make migration WHY="…"."""
    with engine.connect() as connection:
        owed = produce_migrations(MigrationContext.configure(connection, opts=OPTIONS), METADATA)
    assert owed.upgrade_ops is not None
    assert owed.upgrade_ops.is_empty(), render_python_code(owed.upgrade_ops)


def test_migrating_again_changes_nothing(engine):
    migrate(engine)
    with engine.connect() as connection:
        assert schema_version(connection) == newest_version()


def test_every_table_and_column_says_what_it_holds(engine):
    inspector = sa.inspect(engine)
    for table in (*CURATED, PUBLISHED_RUN, *OPS):
        said = inspector.get_table_comment(table.name, schema=table.schema)["text"]
        assert said == f"{table.grain} Key: {', '.join(table.key)}."
        comments = {column["name"]: column["comment"] for column in inspector.get_columns(table.name, table.schema)}
        for field in table.columns:
            assert comments[field.name].startswith(field.means), field.name
            assert ("Personal data." in comments[field.name]) == field.is_personal, field.name
            words = f"Words: curated.dim_word, vocabulary {field.vocabulary.name}." if field.vocabulary else ""
            assert words in comments[field.name], field.name


def test_nothing_that_lies_in_our_schemas_is_without_a_meaning(engine):
    """Tables that have no contract too, such as the one in which the migrations note how far they came."""
    silent = """
        SELECT c.relname, coalesce(a.attname, '') FROM pg_class c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'v', 'm', 'p') AND c.relnamespace IN ('curated'::regnamespace, 'ops'::regnamespace)
        AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)
    """
    with engine.connect() as connection:
        assert connection.execute(sa.text(silent)).all() == []


@pytest.fixture
def account(empty_database: sa.URL) -> Iterator[sa.URL]:
    """An ordinary account that owns nothing, in an empty database."""
    owner = engine_for(empty_database)
    with owner.begin() as connection:
        connection.execute(sa.text("CREATE ROLE clerk LOGIN PASSWORD 'p@ss w/o:rd%+&é'"))
    yield empty_database.set(username="clerk", password="p@ss w/o:rd%+&é")
    with owner.begin() as connection:
        connection.execute(sa.text("DROP OWNED BY clerk CASCADE"))
        connection.execute(sa.text("DROP ROLE clerk"))


def test_an_account_that_may_not_create_schemas_is_told_what_to_ask_for(account):
    with pytest.raises(ConfigurationError, match="GRANT CREATE ON DATABASE") as told:
        migrate(engine_for(account))
    assert "p@ss" not in str(told.value)


def test_an_account_without_createrole_can_migrate_where_the_role_is_there_already(empty_database, account, migrated):
    with engine_for(empty_database).begin() as connection:
        connection.execute(sa.text(f'GRANT CREATE ON DATABASE "{empty_database.database}" TO clerk'))
    clerk = engine_for(account)
    migrate(clerk)
    with clerk.connect() as connection:
        assert schema_version(connection) == newest_version()


def test_an_account_without_createrole_is_told_which_role_to_ask_for(empty_database, account, migrated):
    with engine_for(empty_database).begin() as connection:
        connection.execute(sa.text(f'GRANT CREATE ON DATABASE "{empty_database.database}" TO clerk'))
        connection.execute(sa.text("ALTER ROLE bantam_reader RENAME TO set_aside"))
    try:
        with pytest.raises(ConfigurationError, match="CREATE ROLE bantam_reader NOLOGIN"):
            migrate(engine_for(account))
    finally:
        with engine_for(empty_database).begin() as connection:
            connection.execute(sa.text("ALTER ROLE set_aside RENAME TO bantam_reader"))


def test_a_schema_from_the_future_is_left_alone(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE ops.schema_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="schema 9999, which this Bantam does not know"):
        migrate(engine)


@pytest.fixture
def reader(server, engine: sa.Engine) -> Iterator[sa.Engine]:
    """The reader's role with a password, as `bantam warehouse serve` gives it one."""
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER ROLE bantam_reader LOGIN PASSWORD 'reads'"))
    yield engine_for(engine.url.set(username="bantam_reader", password="reads"))
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER ROLE bantam_reader NOLOGIN PASSWORD NULL"))


def test_the_reader_reads_every_curated_table_and_those_to_come(reader, engine):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE curated.to_come (x text)"))
    with reader.connect() as connection:
        for name in (*(table.name for table in (*CURATED, PUBLISHED_RUN)), "to_come"):
            assert connection.execute(sa.text(f"SELECT count(*) FROM curated.{name}")).scalar_one() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM ops.run",
        "SELECT * FROM staging.secret",
        "INSERT INTO curated.dim_owner (owner_id) VALUES ('x')",
        "DELETE FROM curated.dim_owner",
        "CREATE TABLE curated.mine (x text)",
        "CREATE TABLE public.mine (x text)",
    ],
)
def test_the_reader_may_do_nothing_else(reader, engine, statement):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE staging.secret (x text)"))
    with reader.connect() as connection, pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        connection.execute(sa.text(statement))
