"""Nobody but its owner has any right on `staging`, whatever an administrator grants on what is new."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from definitions.schema.tables import DIM_OWNER
from warehouse.connect import engine_for

pytestmark = pytest.mark.slow


@pytest.fixture
def plain(engine) -> Iterator[sa.Engine]:
    """A login that was granted everything on new schemas and tables, and on `staging` as it was."""
    with engine.begin() as connection:
        for statement in (
            "CREATE ROLE plain LOGIN PASSWORD 'plain'",
            "ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO plain",
            "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO plain",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA staging GRANT ALL ON TABLES TO PUBLIC",
            "GRANT ALL ON SCHEMA staging TO plain, PUBLIC",
        ):
            connection.execute(sa.text(statement))
    yield engine_for(engine.url.set(username="plain", password="plain"))
    with engine.begin() as connection:
        connection.execute(sa.text("DROP OWNED BY plain CASCADE"))
        connection.execute(sa.text("DROP ROLE plain"))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM staging.dim_owner",
        "UPDATE staging.dim_owner SET owner_name = 'Eve'",
        "TRUNCATE staging.dim_owner",
        "LOCK TABLE staging.dim_owner IN ACCESS SHARE MODE",
        "CREATE TABLE staging.mine (x text)",
    ],
)
def test_a_plain_login_can_do_nothing_there(warehouse_of, plain, statement):
    warehouse = warehouse_of(DIM_OWNER)
    run = warehouse.stage("r1", dim_owner=[{}])
    with plain.connect() as connection, pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        connection.execute(sa.text(statement))
    assert warehouse.publish(run).rows_written == 1


def test_no_role_has_a_right_that_is_not_the_owners(warehouse_of, plain):
    warehouse = warehouse_of(DIM_OWNER)
    warehouse.stage("r1", dim_owner=[{}])
    granted = """
        SELECT nspname, a.grantee::regrole::text FROM pg_namespace, aclexplode(nspacl) a
        WHERE nspname = 'staging' AND a.grantee <> nspowner
        UNION ALL
        SELECT relname, a.grantee::regrole::text FROM pg_class, aclexplode(relacl) a
        WHERE relnamespace = 'staging'::regnamespace AND relname = 'dim_owner' AND a.grantee <> relowner
    """
    assert warehouse.all(granted) == []


def test_neither_everybody_nor_the_reader_has_a_right_after_a_migration(engine):
    with engine.connect() as connection:
        rights = "has_schema_privilege(:who, 'staging', 'USAGE, CREATE')"
        for who in ("public", "bantam_reader"):
            assert connection.execute(sa.text(f"SELECT {rights}"), {"who": who}).scalar_one() is False
