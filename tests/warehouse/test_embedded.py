import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from definitions.errors import ConfigurationError, PublishError
from warehouse.connect import bulk_connection, engine_for
from warehouse.embedded.server import EmbeddedServer
from warehouse.migrate import migrate
from warehouse.publishing.run_lock import lock_key, run_lock

pytestmark = pytest.mark.slow

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another account")
NOBODY = 65534
ATTACHED = """
import sys, time
from pathlib import Path
from warehouse.embedded.server import EmbeddedServer
EmbeddedServer(Path(sys.argv[1])).start()
print("attached", flush=True)
time.sleep(600)
"""


def ask(url, statement="SELECT 'answered'"):
    with engine_for(url).connect() as connection:
        return connection.execute(sa.text(statement)).scalar_one()


def is_up(home):
    """Whether anything listens on a socket of the home's data folder, however long its path."""
    with tempfile.TemporaryDirectory() as short:
        data = Path(short) / "data"
        data.symlink_to(home / "warehouse" / "data")
        return any(listens(path) for path in data.glob(".s.PGSQL.*") if path.is_socket())


def listens(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def postmaster(home):
    return int((home / "warehouse" / "data" / "postmaster.pid").read_text().splitlines()[0])


def attached_process(home):
    process = subprocess.Popen(
        [sys.executable, "-c", ATTACHED, str(home)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2], env={"PYTHONPATH": "."},
    )  # fmt: skip
    assert process.stdout.readline() == "attached\n"
    return process


def settings(url, **other):
    given = {"host": url.query["host"], "port": url.port, "user": url.username, "password": url.password}
    return given | {"dbname": url.database} | other


def test_only_its_owner_can_come_near_it(server):
    folder = Path(server.url.query["host"]).resolve().parent
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}
    assert len((folder / "password").read_text()) >= 32


def test_every_way_in_asks_for_the_password(server):
    assert ask(server.url, "SELECT string_agg(DISTINCT auth_method, ' ') FROM pg_hba_file_rules") == "scram-sha-256"
    for password in ("", "postgres", "wrong"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(**settings(server.url, password=password))


@ROOT_ONLY
def test_another_account_cannot_even_see_the_socket(server):
    folder = Path(server.url.query["host"]).resolve()
    for path in (folder, folder.parent / "password", folder / ".s.PGSQL.5432"):
        seen = subprocess.run(
            ["/bin/sh", "-c", f'ls "{path}" && cat "{path}"'], user=NOBODY, capture_output=True, check=False
        )
        assert seen.returncode != 0
        assert b"ermission denied" in seen.stderr


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc")
def test_the_server_knows_nothing_of_our_environment(server):
    assert "PATH" in os.environ
    pid = postmaster(Path(server.url.query["host"]).resolve().parents[1])
    names = {entry.split(b"=")[0] for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if entry}
    assert {name for name in names if not name.startswith(b"PG")} <= {
        b"LC_ALL",
        b"PATH",
        b"PWD",
        b"OLDPWD",
        b"SHLVL",
        b"_",
    }


def test_the_log_holds_no_value_of_a_row_or_a_statement(server):
    with pytest.raises(sa.exc.DataError):
        ask(server.url, "SELECT 'canary-4711'::integer")
    log = Path(server.url.query["host"]).resolve().parent / "postgresql.log"
    assert "ready to accept connections" in log.read_text()
    assert "canary" not in log.read_text()


def test_it_stops_with_its_last_user_and_keeps_what_was_written(tmp_path):
    home = tmp_path / 'it\'s a "home" of\tours'
    with EmbeddedServer(home) as first:
        ask(first.url, "SELECT 1")
        with engine_for(first.url).begin() as connection:
            connection.execute(sa.text("CREATE TABLE kept AS SELECT 'kept' AS word"))
        with EmbeddedServer(home) as second:
            assert ask(second.url) == "answered"
            with bulk_connection(engine_for(second.url)) as bulk, bulk.cursor() as cursor:
                cursor.execute("SELECT word FROM kept")
                assert cursor.fetchone() == ("kept",)
        assert ask(first.url) == "answered"
    assert not is_up(home)
    with EmbeddedServer(home, keep=True) as kept:
        assert ask(kept.url, "SELECT word FROM kept") == "kept"
    assert is_up(home)
    with EmbeddedServer(home) as last:
        last.start()
    assert not is_up(home)


def test_other_processes_share_it_and_a_killed_one_leaves_nothing_behind(tmp_path):
    with attached_process(tmp_path) as started:
        with EmbeddedServer(tmp_path) as server:
            assert ask(server.url) == "answered"
        assert is_up(tmp_path)
        started.send_signal(signal.SIGKILL)
        started.wait()
        assert is_up(tmp_path)
    with EmbeddedServer(tmp_path) as server:
        assert ask(server.url) == "answered"
    assert not is_up(tmp_path)


def test_a_killed_server_comes_back_with_what_was_committed(tmp_path):
    with EmbeddedServer(tmp_path) as server:
        with engine_for(server.url).begin() as connection:
            connection.execute(sa.text("CREATE TABLE kept AS SELECT 'kept' AS word"))
        pid = postmaster(tmp_path)
        os.kill(pid, signal.SIGKILL)
        while is_up(tmp_path):
            os.sched_yield()
        server.start()
        assert ask(server.url, "SELECT word FROM kept") == "kept"
    (tmp_path / "warehouse" / "data" / "postmaster.pid").write_text(
        f"{os.getppid()}\n/x\n1\n5432\n.\n\n  1  2\nready\n"
    )
    with EmbeddedServer(tmp_path) as server:
        assert ask(server.url, "SELECT word FROM kept") == "kept"


def test_a_crash_while_it_was_made_is_forgotten_and_a_long_path_is_no_hindrance(tmp_path):
    home = tmp_path.joinpath(*["a folder with a rather long name"] * 4)
    (home / "warehouse" / "new" / "data").mkdir(parents=True)
    (home / "warehouse" / "new" / "data" / "PG_VERSION").write_text("1")
    with EmbeddedServer(home) as server:
        assert len(str(server.url.query["host"])) < 100
        assert ask(server.url) == "answered"
        assert not (home / "warehouse" / "new").exists()


def test_bi_tools_are_served_on_loopback_as_the_reader(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = EmbeddedServer(tmp_path)
    with pytest.raises(ConfigurationError, match="no role bantam_reader yet"):
        server.serve(port)
    with server, EmbeddedServer(tmp_path) as other:
        migrate(engine_for(server.url))
        url = server.serve(port)
        assert (url.username, url.host, url.port, dict(url.query)) == ("bantam_reader", "127.0.0.1", port, {})
        assert ask(url, "SELECT count(*) FROM curated.dim_person") == 0
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host="127.0.0.1", port=port, user="bantam_reader", password="wrong", dbname="bantam")
        assert ask(other.start()) == "answered"
        with pytest.raises(ConfigurationError, match=r"Another process uses the warehouse, which does not listen"):
            other.serve(port + 1)
    assert not is_up(tmp_path)


REFUSED = [
    f"SELECT pg_try_advisory_lock({lock_key('refresh')})",
    f"SELECT pg_advisory_xact_lock_shared({lock_key('refresh')})",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "CREATE TEMPORARY TABLE mine (x text)",
]


def test_the_reader_of_the_embedded_server_cannot_write_beside_the_tables_nor_keep_a_run_waiting(tmp_path):
    with EmbeddedServer(tmp_path) as server:
        migrate(engine_for(server.url))
        reader = server.enable_reader()
        assert server.enable_reader() == reader
        for statement in REFUSED:
            with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
                ask(reader, statement)
        for database in ("postgres", "template1"):
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(**settings(reader, dbname=database))
        # Drivers say this whenever they reuse a connection.
        ask(reader, "SELECT pg_advisory_unlock_all()")
        with run_lock(engine_for(server.url)) as held:
            held.check()


def test_a_server_that_does_not_start_shows_the_end_of_its_log_and_no_secret(tmp_path):
    with EmbeddedServer(tmp_path):
        pass
    with (tmp_path / "warehouse" / "data" / "postgresql.auto.conf").open("a") as settings_file:
        settings_file.write("shared_buffers = 'canary'\n")
    with pytest.raises(PublishError, match=r"did not start(.|\n)*shared_buffers") as refused, EmbeddedServer(tmp_path):
        pytest.fail("it started")
    assert (tmp_path / "warehouse" / "password").read_text() not in str(refused.value)


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda folder: (folder / "data" / "PG_VERSION").write_text("9\n"), "was made by PostgreSQL 9"),
        (lambda folder: (folder / "password").unlink(), "password is gone"),
    ],
    ids=["another version made the data", "the password is gone"],
)
def test_what_cannot_be_opened_says_what_to_do(tmp_path, break_it, told):
    with EmbeddedServer(tmp_path):
        pass
    break_it(tmp_path / "warehouse")
    with pytest.raises(ConfigurationError, match=told), EmbeddedServer(tmp_path):
        pytest.fail("it started")
    assert not is_up(tmp_path)
