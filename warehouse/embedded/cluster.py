"""One PostgreSQL data folder: made, started, stopped, and asked whether it answers."""

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
    """The data folder, log and lock files under `folder`. Callers see to it that one process at a time changes it."""

    folder: Path
    programs: ServerPrograms

    @property
    def data(self) -> Path:
        """Data folder; its Unix socket is in it."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server said since its last start, and before that if there is room."""
        return self.folder / "postgresql.log"

    def make(self, password: str) -> None:
        """Initialise the folder aside and move it into place whole, so that a crash leaves none or all of it."""
        fresh = self.folder / "new"
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "data").mkdir(parents=True)
        (fresh / "password").write_text(password, encoding="ascii")
        for path, mode in ((fresh, 0o700), (fresh / "data", 0o700), (fresh / "password", 0o600)):
            path.chmod(mode)
            self.programs.give(path)
        options = (
            f"-U {OWNER} -A scram-sha-256 -E UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 "
            # Thousands of rounds slow down who guesses a word that a person chose. Ours are 24 random bytes, and every
            # connection goes through the rounds: it takes half as long with one.
            "--set scram_iterations=1"
        )
        if self._run("initdb", *options.split(), "--pwfile=../password", inside=fresh / "data") != 0:
            raise PublishError(f"PostgreSQL could not make its data folder {self.data}.{self.last_words()}")
        with (fresh / "data" / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write("\ninclude_if_exists = 'bantam.conf'\n")
        (fresh / "data").rename(self.data)
        shutil.rmtree(fresh)

    def take_over(self) -> None:
        """See to it that the server may use its data folder: root hands over what it restored from a backup.

        Raises `ConfigurationError` where the data belongs to another account.
        """
        try:
            owner = self.data.stat().st_uid
            ours = os.geteuid() if self.programs.account is None else self.programs.account.pw_uid
            if owner == ours:
                return
            if owner != os.geteuid():
                raise belongs_to(self.data, owner)
            for path in (self.data, *self.data.rglob("*")):
                self.programs.give(path)
        except OSError as error:
            raise unusable(self.data, error) from None

    def check_version(self) -> None:
        """Raise `ConfigurationError` when another major version of PostgreSQL made the folder."""
        made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if made_by != MAJOR:
            raise ConfigurationError(
                f"{self.data} was made by PostgreSQL {made_by}; this Bantam brings {MAJOR}. {START_ANEW}"
            )

    def launch(self, port: int | None) -> None:
        """Start the server on its socket, and on 127.0.0.1 where a port is given; return when it is ready."""
        settings = self.data / "bantam.conf"
        settings.write_text(_CONFIGURATION, encoding="utf-8")
        self.programs.give(settings)
        self._forget_stale_pid()
        listen = f"-p {port} -h 127.0.0.1" if port else f"-p {SOCKET_PORT} -h ''"
        start = ("-w", "-s", "-t", _START_SECONDS, "-o", listen, "start")
        if self._run("pg_ctl", *start, inside=self.data) != 0:
            raise PublishError(f"PostgreSQL did not start in {self.data}.{self.last_words()}")

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, what was committed is on disk."""
        if self._run("pg_ctl", "-w", "-s", "-m", "fast", "stop", inside=self.data) != 0 and self.answers():
            raise PublishError(f"PostgreSQL did not stop in {self.data}.{self.last_words()}")

    def port(self) -> int | None:
        """Port of the running server, which its socket is named after; None when none was left running."""
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
        """Whether a server listens on the socket; a file left by a killed one does not."""
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
        """Whether a server that answers no more still runs: it is on its way out. False where there is no /proc."""
        try:
            pid = self._pid_file().read_text(encoding="utf-8").split("\n", 1)[0].strip()
            told = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return told.startswith("Name:\tpostgres\n") and "\nState:\tZ" not in told

    def socket_folder(self) -> Path:
        """Folder of the socket, under a name that is short enough for one: 107 bytes on Linux, 103 on macOS."""
        if _fits(self.data):
            return self.data
        ours = Path(tempfile.gettempdir()) / f"bantam-{os.getuid()}"
        ours.mkdir(mode=0o700, exist_ok=True)
        found = ours.lstat()
        short = ours / hashlib.sha256(bytes(self.data)).hexdigest()[:16]
        # Whoever could write there could lead us to a socket of theirs.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077 or not _fits(short):
            raise ConfigurationError(
                f"The path {self.data} is too long for a socket, and {ours} cannot stand in for it: it is not ours "
                "alone, or too long itself. Set BANTAM_HOME to a shorter path."
            )
        if not short.is_symlink() or short.readlink() != self.data:
            fresh = short.with_suffix(f".{os.getpid()}")
            fresh.symlink_to(self.data)
            fresh.replace(short)
        return short

    def last_words(self) -> str:
        """End of the log, for an error message; the log holds no secret and no row."""
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
        """Remove the files of a killed server whose process id stands for something else, or for nobody, by now.

        PostgreSQL sees to a process id that is free. It does not see that another program has it, as in a restarted
        container, or that the dead server was never reaped, as in a container without an init. Without /proc it is
        left to PostgreSQL, which then refuses to start.
        """
        if self._pid_file().exists() and Path("/proc/self/status").exists() and not self.is_ending():
            for stale in (self._pid_file(), *self.data.glob(".s.PGSQL.*")):
                stale.unlink(missing_ok=True)


def _fits(folder: Path) -> bool:
    return len(bytes(folder / ".s.PGSQL.65535")) <= _SOCKET_BYTES
