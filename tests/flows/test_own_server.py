"""A PostgreSQL server of one's own, set up by the README's words: who may do what, and what is told to who may not."""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import psycopg
import pytest
from sqlalchemy import URL

from definitions.schema.tables import CURATED
from tests.databases import address, connection_settings, quick_server
from tests.flows.line import ROOT, Line
from tests.flows.shop import opened_shop
from tests.flows.terminal import bantam

pytestmark = pytest.mark.slow

PASSWORD = "s3cret of @ny kind"
SECTION = re.search(r"### A PostgreSQL server of your own\n(.*?)\n### ", (ROOT / "README.md").read_text(), re.DOTALL)[1]
BLOCKS = [(kind, said.strip()) for kind, said in re.findall(r"```(sql|sh)\n(.*?)```", SECTION, re.DOTALL)]


class Own(NamedTuple):
    """A server as the README has it: its administrator, the shop that fills it as `bantam`, and the login for BI."""

    administrator: psycopg.Connection
    line: Line
    bi: str


def statements(block: str) -> list[str]:
    return [one.strip() for one in block.replace("<password>", PASSWORD).split(";") if one.strip()]


def as_documented(folder, *, may_create_roles: bool) -> Iterator[Own]:
    """Do what each block of the section says, in its order; the second one where the account makes no roles."""
    (_, role_and_database), (_, reader), (_, run), (_, login), (_, grant) = BLOCKS
    with quick_server(folder / "server") as server:
        url: URL = server.url.set(username="bantam", password=PASSWORD, database="bantam_of_readme")
        # The embedded server of this test has a database and a superuser of these names already.
        named = {"DATABASE bantam OWNER bantam": "DATABASE bantam_of_readme OWNER plain", " bantam ": " plain "}
        url = url.set(username="plain")
        with psycopg.connect(**connection_settings(server), autocommit=True) as administrator:
            asked = statements(role_and_database)
            if not may_create_roles:
                asked = [one.replace(" CREATEROLE", "") for one in asked] + statements(reader)
            for statement in asked:
                for old, new in named.items():
                    statement = statement.replace(old, new)  # noqa: PLW2901 - the same statement
                administrator.execute(statement)
            assert run.splitlines()[1] == ".venv/bin/bantam run --config bantam.yaml"
            shown = re.fullmatch(r"export BANTAM_WAREHOUSE_URL='(.*)'", run.splitlines()[0])[1]
            assert shown == "postgresql://bantam:<password>@db.example.com:5432/bantam"
            line = opened_shop(folder / "shop", ["1,Acme renewal,Talking,2026-10-01,1250"])
            line = Line(config=line.config, home=line.home, variables={"BANTAM_WAREHOUSE_URL": address(url)})
            # One refresh is enough: the other way differs in who made the reader, which the migration needs.
            if may_create_roles:
                line.refresh(date(2026, 11, 23))
            line.ask("SELECT 1")
            for statement in statements(login):
                administrator.execute(statement)
            done = bantam(line.home, *grant.removeprefix(".venv/bin/bantam ").split(), **line.variables)
            assert done.code == 0, done.complaint
            assert done.out.startswith("bi may read schema curated and nothing else: postgresql://bi@")
            assert len(done.out.splitlines()) == 1
            yield Own(administrator, line, address(url.set(username="bi", password=PASSWORD)))


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Iterator[Own]:
    yield from as_documented(tmp_path_factory.mktemp("own"), may_create_roles=True)


@pytest.fixture(scope="module")
def without_createrole(tmp_path_factory) -> Iterator[Own]:
    yield from as_documented(tmp_path_factory.mktemp("ready"), may_create_roles=False)


FORBIDDEN = (
    "SELECT * FROM ops.run",
    "SELECT * FROM staging.staged_run",
    "INSERT INTO curated.dim_owner (owner_id) VALUES ('x')",
    "UPDATE curated.fct_opportunity SET name = 'x'",
    "DELETE FROM curated.fct_opportunity",
    "TRUNCATE curated.fct_opportunity",
    "DROP TABLE curated.fct_opportunity",
    "CREATE TABLE curated.mine (x text)",
    "CREATE TABLE public.mine (x text)",
    "CREATE SCHEMA mine",
)


@pytest.mark.parametrize("setting", ["own", "without_createrole"])
def test_what_the_readme_says_makes_a_server_that_bi_may_read_and_nothing_else(request, setting):
    found: Own = request.getfixturevalue(setting)
    assert found.administrator.execute("SELECT rolsuper FROM pg_roles WHERE rolname = 'plain'").fetchone() == (False,)
    with psycopg.connect(found.bi, autocommit=True) as bi:
        for table in CURATED:
            bi.execute(f"SELECT count(*) FROM curated.{table.name}")
        deals = bi.execute("SELECT name FROM curated.fct_opportunity").fetchall()
        assert deals == ([("Acme renewal",)] if setting == "own" else [])
        for statement in FORBIDDEN:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                bi.execute(statement)
        with psycopg.connect(found.line.variables["BANTAM_WAREHOUSE_URL"], autocommit=True) as account:
            account.execute("CREATE TABLE curated.to_come AS SELECT 1 AS x")
            assert bi.execute("SELECT x FROM curated.to_come").fetchall() == [(1,)]
            account.execute(re.search(r"`(REVOKE [^`]*)`", SECTION)[1])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bi.execute("SELECT * FROM curated.fct_opportunity")


@pytest.mark.parametrize("setting", ["own", "without_createrole"])
def test_the_shell_on_a_server_that_is_named_is_the_reader_as_its_help_says(request, setting):
    found: Own = request.getfixturevalue(setting)

    def asked(statement):
        return bantam(found.line.home, "warehouse", "shell", "--command", statement, **found.line.variables)

    assert re.search(r"bantam_reader +\| plain", asked("select current_user, session_user").out)
    assert asked("select name from fct_opportunity").code == 0
    # Even where the transaction may write, and after the role is put back to what it was.
    script = found.line.config.with_name("forbidden.sql")
    script.write_text("".join(f"begin read write; reset role; {one}; rollback;\n" for one in FORBIDDEN))
    refused = [row for row in asked(f"\\i {script}").complaint.splitlines() if "ERROR" in row]
    assert len(refused) == len(FORBIDDEN)
    assert [row for row in refused if not re.search("permission denied|must be owner", row)] == []
    assert "read-only transaction" in asked("delete from fct_opportunity").complaint
    assert re.search(r"plain +\| plain", asked("set role none; select current_user, session_user").out)
    told = " ".join(bantam(found.line.home, "warehouse", "shell", "--help").out.split())
    assert "the session takes the role at once" in told
    assert "whoever says SET ROLE NONE is that account again" in told


def granted(found: Own, name: str):
    return bantam(found.line.home, "warehouse", "grant-reader", name, **found.line.variables)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody", 'CREATE ROLE "nobody" LOGIN PASSWORD'),
        ("group", 'ALTER ROLE "group" LOGIN'),
        ("plain", "Make a login of its own"),
        ("bantam", "Make a login of its own"),
    ],
    ids=["no such role", "may not log in", "our own account", "a superuser"],
)
def test_a_login_that_cannot_be_a_reader_is_refused_with_the_statement_that_helps(own, name, words):
    if name == "group":
        own.administrator.execute('CREATE ROLE "group" NOLOGIN')
    refused = granted(own, name)
    assert (refused.code, words in refused.complaint) == (2, True), refused
    if advised := re.search(r'((?:CREATE|ALTER) ROLE "\w+" LOGIN PASSWORD \'…\')', refused.complaint):
        own.administrator.execute(advised[1])
        assert granted(own, name).code == 0


def test_an_account_that_may_not_give_the_reader_away_is_told_what_an_administrator_says(without_createrole):
    administrator = without_createrole.administrator
    administrator.execute("REVOKE bantam_reader FROM plain CASCADE")
    administrator.execute("CREATE ROLE dashboards LOGIN")
    refused = granted(without_createrole, "dashboards")
    assert refused.code == 2
    asked = ("warehouse", "shell", "--command", "select current_user")
    shell = bantam(without_createrole.line.home, *asked, **without_createrole.line.variables)
    advised = re.search(r"GRANT bantam_reader TO \"plain\" WITH ADMIN OPTION", refused.complaint)
    assert (shell.code, advised[0] in shell.complaint) == (2, True)
    administrator.execute(advised[0])
    assert granted(without_createrole, "dashboards").code == 0
    assert "bantam_reader" in bantam(without_createrole.line.home, *asked, **without_createrole.line.variables).out


def test_the_embedded_warehouse_has_one_reader(tmp_path):
    refused = bantam(tmp_path, "warehouse", "grant-reader", "bi", BANTAM_WAREHOUSE_URL="")
    assert (refused.code, "warehouse serve" in refused.complaint) == (2, True)
