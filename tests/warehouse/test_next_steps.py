"""Each state of a PostgreSQL server that people meet, brought about on a real one: what is told, and that it helps."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command

from definitions.errors import ConfigurationError, PipelineError, PublishError
from definitions.schema.tables import DIM_OWNER, DIM_PERSON
from tests.databases import quick_server
from tests.waiting import until
from warehouse.connect import check_connection, engine_for
from warehouse.embedded.server import EmbeddedServer
from warehouse.migrate import _config, migrate
from warehouse.read.published import last_run

pytestmark = pytest.mark.slow

ADA = {"person_id": "crm:lead:1", "first_name": "Ada CANARY"}
BOB = {"person_id": "crm:lead:2", "first_name": "Bob CANARY"}
PASSWORD = "s3cret-CANARY"


def executed(engine: sa.Engine, *statements: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def refused(doing, kind: type[PipelineError], state: str, *words: str) -> str:
    """What is told; never a value of a row, a password or a traceback's worth of lines."""
    with pytest.raises(kind) as told:
        doing()
    said = str(told.value)
    assert [word for word in (f"SQLSTATE {state}", *words) if word not in said] == [], said
    assert "CANARY" not in said
    assert "\n" not in said
    return said


def advised(said: str, begin: str) -> str:
    """The statement that the message says, from these words to the end of it; what nobody could know is filled in."""
    found = re.search(rf"{begin}.*?(?=[.]\s|[.]$|;|[)],|$)", said)
    assert found, said
    return found[0]


@pytest.fixture
def people(warehouse_of):
    """A warehouse of people: Ada and Bob are published."""
    warehouse = warehouse_of(DIM_PERSON)
    warehouse.refresh("000001", dim_person=[ADA, BOB])
    return warehouse


def names(people) -> list[str]:
    return [name for (name,) in people.all("SELECT first_name FROM curated.dim_person ORDER BY 1")]


def test_23503_a_table_of_theirs_points_at_rows_that_go(people):
    executed(
        people.engine,
        "CREATE TABLE public.notes (person text CONSTRAINT notes_of REFERENCES curated.dim_person (person_id))",
        "INSERT INTO public.notes VALUES ('crm:lead:2')",
    )
    said = refused(
        lambda: people.refresh("000002", dim_person=[ADA]), PublishError, "23503", "public.notes, constraint"
    )
    assert names(people) == ["Ada CANARY", "Bob CANARY"]
    executed(people.engine, advised(said, "ALTER TABLE public"))
    people.refresh("000003", dim_person=[ADA])
    assert names(people) == ["Ada CANARY"]


def test_p0001_a_trigger_of_theirs_refuses(people):
    executed(
        people.engine,
        "CREATE FUNCTION public.guard() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE USING MESSAGE = OLD.first_name; END $$",
        "CREATE TRIGGER guards BEFORE DELETE ON curated.dim_person FOR EACH ROW EXECUTE FUNCTION public.guard()",
    )
    said = refused(
        lambda: people.refresh("000002", dim_person=[ADA]), PublishError, "P0001", "function guard", "trigger"
    )
    ((table, trigger),) = people.all(advised(said, "SELECT tgrelid"))
    executed(people.engine, f"DROP TRIGGER {trigger} ON {table}")
    people.refresh("000003", dim_person=[ADA])


def test_23505_an_index_of_theirs(people):
    executed(people.engine, "CREATE UNIQUE INDEX their_index ON curated.dim_person (first_name)")
    twins = [ADA, BOB | {"first_name": "Ada CANARY"}]
    said = refused(lambda: people.refresh("000002", dim_person=twins), PublishError, "23505")
    assert "If their_index is a constraint or an index of yours, drop it" in said
    executed(people.engine, "DROP INDEX curated.their_index")
    people.refresh("000003", dim_person=twins)


def test_2bp01_a_view_of_theirs_on_staging(people):
    people.stage("000002", dim_person=[ADA])
    executed(people.engine, "CREATE VIEW public.peek AS SELECT * FROM staging.dim_person")
    refused(lambda: people.stage("000003", dim_person=[ADA]), PublishError, "2BP01", "such as a view: drop it")
    executed(people.engine, "DROP VIEW public.peek")
    people.stage("000004", dim_person=[ADA])


def test_55p03_a_session_that_holds_a_table(people):
    run = people.stage("000002", dim_person=[ADA])
    other = psycopg.connect(**_settings(people.engine.url))
    with closing(other):
        other.execute("LOCK TABLE curated.dim_person IN SHARE MODE")
        said = refused(lambda: people.publish(run, lock_seconds=0.05), PublishError, "55P03")
        holders = people.all(advised(said, "SELECT pid"))
        assert other.info.backend_pid in [pid for pid, *_ in holders]
        executed(people.engine, advised(said, "SELECT pg_terminate").replace("…", str(other.info.backend_pid)))
        people.publish(run)


def test_42p01_a_table_that_was_dropped(people):
    run = people.stage("000002", dim_person=[ADA])
    executed(people.engine, "DROP TABLE curated.dim_person")
    refused(lambda: people.publish(run), PublishError, "42P01", "curated.dim_person", "from a backup")


def test_42p07_a_table_of_theirs_where_a_new_one_belongs(empty_database):
    engine = engine_for(empty_database)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA ops"))
        command.upgrade(_config(connection), "0013")
    executed(engine, "CREATE TABLE curated.dim_word (x text)")
    said = refused(lambda: migrate(engine), ConfigurationError, "42P07", 'relation "dim_word" already exists')
    assert "ALTER TABLE … RENAME TO …" in said
    executed(engine, "ALTER TABLE curated.dim_word RENAME TO their_word")
    migrate(engine)


def test_schemas_of_theirs_are_left_alone(empty_database):
    """Each run empties `staging`: theirs would be gone."""
    engine = engine_for(empty_database)
    executed(engine, "CREATE SCHEMA staging", "CREATE TABLE staging.theirs (x text)", "CREATE SCHEMA curated")
    with pytest.raises(ConfigurationError, match=r"tables that are not Bantam's.*: staging") as told:
        migrate(engine)
    executed(engine, advised(str(told.value), "ALTER SCHEMA"))
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM staging_before.theirs")).scalar_one() == 0


@pytest.fixture
def account(server: EmbeddedServer, migrated: str) -> Iterator[sa.Engine]:
    """A plain account in a database of its own."""
    owner = engine_for(server.url)
    executed(owner, f"CREATE ROLE clerk_of_states LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
    executed(owner, "CREATE DATABASE states OWNER clerk_of_states")
    yield engine_for(server.url.set(username="clerk_of_states", password=PASSWORD, database="states"))
    executed(owner, "DROP DATABASE IF EXISTS states WITH (FORCE)", "DROP ROLE clerk_of_states")


def test_25006_a_server_that_takes_no_writes(server, account):
    owner = engine_for(server.url)
    executed(owner, "ALTER DATABASE states SET default_transaction_read_only = on")
    said = refused(lambda: check_connection(account, to_write=True), ConfigurationError, "25006", "Connecting: ")
    check_connection(account)
    refused(lambda: migrate(account), ConfigurationError, "25006", "target_session_attrs=read-write")
    begin, alter, commit = re.search(r"(BEGIN READ WRITE); (ALTER ROLE [^;]*); (COMMIT)", said).groups()
    executed(owner, begin, alter, commit)
    check_connection(account, to_write=True)


def test_42501_an_account_without_rights(server, account):
    migrate(engine_for(server.url.set(database="states")))
    refused(lambda: last_run(account), ConfigurationError, "42501", "permission denied", '"Connect BI" in README.md')


def test_schemas_of_another_role_are_told_of_with_who_hands_them_over(server, account):
    owner = engine_for(server.url.set(database="states"))
    executed(owner, "CREATE SCHEMA curated")
    with pytest.raises(ConfigurationError, match="belong to another role") as told:
        migrate(account)
    executed(owner, advised(str(told.value), "ALTER SCHEMA"))
    migrate(account)


def test_57014_a_limit_of_the_account(server, account, warehouse_of):
    migrate(account)
    executed(engine_for(server.url), "ALTER ROLE clerk_of_states SET statement_timeout = '300ms'")
    people = warehouse_of(DIM_OWNER, given=account)
    with holding(server, "states", "ops.run"):
        said = refused(lambda: last_run(account), PublishError, "57014", "Reading the last run")
    executed(account, advised(said, "ALTER ROLE CURRENT_USER"))
    with account.connect() as connection:
        assert connection.execute(sa.text("SHOW statement_timeout")).scalar_one() == "0"
    people.refresh("000001")


@contextmanager
def holding(server: EmbeddedServer, database: str, table: str) -> Iterator[None]:
    with psycopg.connect(**_settings(server.url.set(database=database))) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize(
    ("spoil", "kind", "state", "begin", "words"),
    [
        ("ALTER ROLE clerk_of_states PASSWORD 'other'", ConfigurationError, "28P01", None, ["%40 for @"]),
        ("ALTER ROLE clerk_of_states NOLOGIN", ConfigurationError, "28000", "ALTER ROLE", ["pg_hba.conf"]),
        ("DROP DATABASE states", ConfigurationError, "3D000", "CREATE DATABASE", ['database "states" does not exist']),
        ("ALTER ROLE clerk_of_states CONNECTION LIMIT 0", PublishError, "53300", None, ["CONNECTION LIMIT"]),
        ("REVOKE CONNECT ON DATABASE states FROM PUBLIC, clerk_of_states", ConfigurationError, "42501", None, []),
    ],
    ids=["wrong password", "may not log in", "no database", "too many", "may not connect"],
)  # fmt: skip
def test_a_connection_that_is_refused_is_told_as_connecting(server, account, spoil, kind, state, begin, words):
    owner = engine_for(server.url)
    executed(owner, spoil)
    said = refused(lambda: check_connection(account), kind, state, "Connecting: PostgreSQL refused: ", *words)
    if begin is not None:
        executed(owner, advised(said, begin).replace("OWNER …", "OWNER clerk_of_states"))
        check_connection(account)


def test_57p03_a_server_that_is_stopping(tmp_path):
    told = []

    def stops(engine):
        try:
            check_connection(engine)
        except PublishError as error:
            told.append(str(error))
        return bool(told)

    with quick_server(tmp_path) as server, psycopg.connect(**_settings(server.url)):
        # It waits for this session to leave, and lets nobody else in.
        os.kill(int((tmp_path / "warehouse" / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGTERM)
        until(lambda: stops(engine_for(server.url)))
    assert "SQLSTATE 57P03" in told[0]
    assert "run again in a moment" in told[0]


def test_nobody_at_the_address(tmp_path):
    with pytest.raises(PublishError, match=r'^Connecting: .*"127.0.0.1", port 1 .*Check host and port'):
        check_connection(engine_for(f"postgresql://ada:{PASSWORD}@127.0.0.1:1/crm"))
    with pytest.raises(ConfigurationError, match=r"^Connecting: .*nowhere\.invalid.*Check the host"):
        check_connection(engine_for(f"postgresql://ada:{PASSWORD}@nowhere.invalid/crm"))


def _settings(url: sa.URL) -> dict[str, object]:
    given = {"host": url.query["host"], "port": url.port, "user": url.username, "password": url.password}
    return given | {"dbname": url.database}
