"""Migrations: where they begin, and how the next one is written."""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from definitions.errors import ConfigurationError
from definitions.schema.column import Column, Kind
from definitions.schema.tables import DIM_ACCOUNT
from tests.warehouse.catalog import catalog
from warehouse.connect import engine_for
from warehouse.migrate import _config, migrate, newest_version, schema_version
from warehouse.migrations.generate import pending_operations, write_revision
from warehouse.tables import METADATA, published_table

pytestmark = pytest.mark.slow

# Of the catalog of a warehouse that the thirteen migrations of release 0.1 had made, one after the other.
CATALOG_AT_0013 = "b45e9c8676c852a0cc394774f5e528985bf0e971465ac44df5656eaa3bbec7bd"


def at(revision: str, url: sa.URL) -> sa.Engine:
    engine = engine_for(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA ops"))
        command.upgrade(_config(connection), revision)
    return engine


def test_the_baseline_is_what_the_migrations_before_it_had_made(empty_database):
    lines = "\n".join(catalog(at("0013", empty_database))) + "\n"
    assert hashlib.sha256(lines.encode()).hexdigest() == CATALOG_AT_0013


@pytest.mark.parametrize("revision", ["0010", "0011", "0012", "0013", "0014", "0015"])
def test_an_older_warehouse_keeps_its_rows_and_becomes_what_a_new_one_is(empty_database, engine, revision):
    old = at(revision, empty_database)
    with old.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO curated.dim_product (product_id, name, is_deleted, run_id, definitions_version, "
                "loaded_at, record_hash) VALUES ('crm:product:1', 'Tea', false, '1', '2026.1', now(), 1)"
            )
        )
    migrate(old)
    with old.connect() as connection:
        assert schema_version(connection) == newest_version()
        assert connection.execute(sa.text("SELECT name FROM curated.dim_product")).scalars().all() == ["Tea"]
    assert catalog(old) == catalog(engine)


def test_a_warehouse_from_before_the_baseline_is_told_the_way(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE ops.schema_version SET version_num = '0009'"))
    with pytest.raises(ConfigurationError, match="at schema 0009; this Bantam upgrades warehouses from schema 0010 on"):
        migrate(engine)


def with_columns(*columns: Column) -> sa.MetaData:
    """The declared tables, with further columns of `dim_account`."""
    changed = sa.MetaData(naming_convention=METADATA.naming_convention)
    for table in METADATA.tables.values():
        if table.name != DIM_ACCOUNT.name:
            table.to_metadata(changed)
    contract = DIM_ACCOUNT.__class__(
        DIM_ACCOUNT.schema, DIM_ACCOUNT.name, DIM_ACCOUNT.grain, (*DIM_ACCOUNT.columns, *columns), DIM_ACCOUNT.key
    )
    published_table(contract, changed)
    return changed


REGION = Column("region", Kind.TEXT, "Region: it's the `sales` one, a:b.", indexed=True)


def test_nothing_is_written_where_nothing_is_owed(engine, tmp_path):
    assert write_revision(pending_operations(engine), "Nothing", after="0099", folder=tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_written_migration_makes_the_declared_schema(engine, tmp_path):
    declared = with_columns(REGION, Column("scores", Kind.JSON, "Scores."))
    path = write_revision(
        pending_operations(engine, declared), "Add the region of an account.", after="0099", folder=tmp_path
    )
    assert path is not None
    assert path.name == "0100_add_the_region_of_an_account.py"
    subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F", str(path)], check=True)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        loaded(path).upgrade()
    assert pending_operations(engine, declared).is_empty()
    with engine.connect() as connection:
        said = sa.inspect(connection).get_columns("dim_account", "curated")[-2]
    assert (said["name"], said["comment"]) == ("region", REGION.means)


def test_a_changed_comment_is_one_line_and_arrives_as_it_is_declared(engine, tmp_path):
    changed = with_columns()
    changed.tables["curated.dim_account"].c.industry.comment = "It's what `:they` say: 100%, a:b."
    why = "Say more of what the meaning of an account is today"
    path = write_revision(pending_operations(engine, changed), why, after="0099", folder=tmp_path)
    assert path is not None
    assert path.name == "0100_say_more_of_what_the_meaning_of_an.py"
    assert path.read_text().count("op.") == 1
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        loaded(path).upgrade()
    assert pending_operations(engine, changed).is_empty()


def test_a_new_column_that_may_not_be_null_is_refused_with_the_way(engine):
    with pytest.raises(ConfigurationError, match=r"curated.dim_account.region: rows .* without `required`"):
        pending_operations(engine, with_columns(REGION.but(required=True)))


def loaded(path: Path):
    spec = importlib.util.spec_from_file_location("written", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
