"""PostgreSQL data folder: creation, start, stop, and status of its server."""

import hashlib
import os
import shutil
import socket
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from definitions.errors import ConfigurationError, PublishError
from definitions.runtime.folder_owner import belongs_to, unusable
from warehouse.embedded.programs import MAJOR, ServerPrograms

OWNER = "bantam"
SOCKET_PORT = 5432
START_ANEW = (
    "Move the folder away and run `bantam run`: an empty warehouse is filled from landing and the sources. What only "
    "the old one knew is then lost: since when a class or an issue stands, and whom the digests told."
)
_START_SECONDS = "120"  # crash recovery after a killed server replays its log first
_LOG_LIMIT = 5_000_000
_LOG_LINES = 12
_SOCKET_BYTES = 102
_CONFIGURATION = """\
# Written by Bantam at every start; ALTER SYSTEM overrides it.
unix_socket_directories = '.'
unix_socket_permissions = 0700
timezone = 'UTC'
log_timezone = 'UTC'
# The log says what the server does; never a statement, a parameter or a row.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
shared_buffers = '256MB'
work_mem = '64MB'
maintenance_work_mem = '256MB'
max_wal_size = '2GB'
wal_level = minimal
max_wal_senders = 0
jit = off
# Containers often have 64 MB of /dev/shm, which a parallel join outgrows.
dynamic_shared_memory_type = mmap
# The server may run for a minute an hour; the default would never come to clean up.
autovacuum_naptime = '10s'
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Data folder, log and lock files under `folder`. Callers ensure that one process at a time changes them."""

    folder: Path
    programs: ServerPrograms

    @property
    def data(self) -> Path:
        """Data folder; its Unix socket is in it."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """Server log since the last start, and earlier while it is small."""
        return self.folder / "postgresql.log"

    def make(self, password: str) -> None:
        """Initialise a temporary folder and rename it, so that a crash leaves all of it or nothing."""
        fresh = self.folder / "new"
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "data").mkdir(parents=True)
        (fresh / "password").write_text(password, encoding="ascii")
        for path, mode in ((fresh, 0o700), (fresh / "data", 0o700), (fresh / "password", 0o600)):
            path.chmod(mode)
            self.programs.change_owner(path)
        options = (
            f"-U {OWNER} -A scram-sha-256 -E UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 "
            # Thousands of iterations slow down guessing of passwords that people choose. Ours are 24 random bytes, and
            # every connection pays for the iterations: it takes half as long with one.
            "--set scram_iterations=1"
        )
        if self._run("initdb", *options.split(), "--pwfile=../password", inside=fresh / "data") != 0:
            raise PublishError(f"PostgreSQL could not make its data folder {self.data}.{self.last_words()}")
        with (fresh / "data" / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write("\ninclude_if_exists = 'bantam.conf'\n")
        (fresh / "data").rename(self.data)
        shutil.rmtree(fresh)

    def take_over(self) -> None:
        """Ensure that the server may use its data folder: root changes the owner after restoring a backup.

        Raises `ConfigurationError` where the data belongs to another account.
        """
        try:
            owner = self.data.stat().st_uid
            server_uid = os.geteuid() if self.programs.account is None else self.programs.account.pw_uid
            if owner == server_uid:
                return
            if owner != os.geteuid():
                raise belongs_to(self.data, owner)
            for path in (self.data, *self.data.rglob("*")):
                self.programs.change_owner(path)
        except OSError as error:
            raise unusable(self.data, error) from None

    def check_version(self) -> None:
        """Raise `ConfigurationError` when another major version of PostgreSQL created the folder."""
        made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if made_by != MAJOR:
            raise ConfigurationError(
                f"{self.data} was made by PostgreSQL {made_by}; this Bantam brings {MAJOR}. {START_ANEW}"
            )

    def launch(self, port: int | None) -> None:
        """Start the server on its socket, and on 127.0.0.1 if there is a port; return when it is ready."""
        settings = self.data / "bantam.conf"
        settings.write_text(_CONFIGURATION, encoding="utf-8")
        self.programs.change_owner(settings)
        self._forget_stale_pid()
        listen = f"-p {port} -h 127.0.0.1" if port else f"-p {SOCKET_PORT} -h ''"
        start = ("-w", "-s", "-t", _START_SECONDS, "-o", listen, "start")
        if self._run("pg_ctl", *start, inside=self.data) != 0:
            raise PublishError(f"PostgreSQL did not start in {self.data}.{self.last_words()}")

    def stop(self) -> None:
        """Stop the server (fast shutdown): open transactions are rolled back."""
        if self._run("pg_ctl", "-w", "-s", "-m", "fast", "stop", inside=self.data) != 0 and self.answers():
            raise PublishError(f"PostgreSQL did not stop in {self.data}.{self.last_words()}")

    def port(self) -> int | None:
        """Return the port of the running server, part of its socket's name; None when there is no PID file."""
        try:
            return int(self._pid_file().read_text(encoding="utf-8").splitlines()[3])
        except (FileNotFoundError, NotADirectoryError, IndexError):
            return None
        except OSError as error:
            raise unusable(self._pid_file(), error) from None

    def listens(self) -> bool:
        """Whether the running server listens on 127.0.0.1 too."""
        return "127.0.0.1" in self._pid_file().read_text(encoding="utf-8").splitlines()[5:6]

    def answers(self) -> bool:
        """Whether a server listens on the socket, which may be the file of a killed one."""
        port = self.port()
        if port is None:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(self.socket_folder() / f".s.PGSQL.{port}"))
            except (FileNotFoundError, ConnectionRefusedError):
                return False
        return True

    def is_ending(self) -> bool:
        """Whether a server that no longer responds is still shutting down. False where there is no /proc."""
        try:
            pid = self._pid_file().read_text(encoding="utf-8").split("\n", 1)[0].strip()
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return status.startswith("Name:\tpostgres\n") and "\nState:\tZ" not in status

    def socket_folder(self) -> Path:
        """Return the folder of the socket; a link if its path is too long (107 bytes on Linux, 103 on macOS)."""
        if _fits(self.data):
            return self.data
        links = Path(tempfile.gettempdir()) / f"bantam-{os.getuid()}"
        links.mkdir(mode=0o700, exist_ok=True)
        found = links.lstat()
        short = links / hashlib.sha256(bytes(self.data)).hexdigest()[:16]
        # Other users who could write there could redirect us to their own socket.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077 or not _fits(short):
            raise ConfigurationError(
                f"The path {self.data} is too long for a socket, and {links} cannot stand in for it: it is not ours "
                "alone, or too long itself. Set BANTAM_HOME to a shorter path."
            )
        if not short.is_symlink() or short.readlink() != self.data:
            fresh = short.with_suffix(f".{os.getpid()}")
            fresh.symlink_to(self.data)
            fresh.replace(short)
        return short

    def last_words(self) -> str:
        """Return the end of the log, for an error message; the log holds no secret and no row."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
        return "".join(f"\n  {line}" for line in (f"The end of {self.log}:", *lines))

    def _run(self, program: str, *arguments: str, inside: Path) -> int:
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.log.touch(mode=0o600)
        with self.log.open("ab") as output:
            return self.programs.run(program, *arguments, inside=inside, output=output)

    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def _forget_stale_pid(self) -> None:
        """Remove the PID file and sockets of a killed server, whose process id may be reused by now.

        PostgreSQL handles a process id that is free. It does not detect that another program has it, as in a restarted
        container, or that the dead server is a zombie, as in a container without an init. Without /proc nothing is
        removed, and PostgreSQL may refuse to start.
        """
        if self._pid_file().exists() and Path("/proc/self/status").exists() and not self.is_ending():
            for stale in (self._pid_file(), *self.data.glob(".s.PGSQL.*")):
                stale.unlink(missing_ok=True)


def _fits(folder: Path) -> bool:
    return len(bytes(folder / ".s.PGSQL.65535")) <= _SOCKET_BYTES
