"""Where local state lies: everything under one folder, `BANTAM_HOME`, closed to other users of the machine."""

from dataclasses import dataclass
from pathlib import Path

from definitions.errors import ConfigurationError


def make_folder_of_ours(folder: Path) -> None:
    """Make a folder that only its owner may read, if it is not there. Raises `ConfigurationError` where it cannot."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: cannot be made a folder ({error.strerror or error}). BANTAM_HOME names the folder of all local "
            "state: one that may be written to, or none yet."
        ) from error


@dataclass(frozen=True, slots=True)
class Home:
    """The folder and its parts; made on first use with mode 0700."""

    root: Path

    def part(self, name: str) -> Path:
        """A folder of its own under the root. Raises `ConfigurationError` where none can be made."""
        folder = self.root / name
        for one in (self.root, folder):
            make_folder_of_ours(one)
        return folder

    @property
    def landing(self) -> Path:
        """Pages kept verbatim."""
        return self.part("landing")

    @property
    def state(self) -> Path:
        """Latest versions of records."""
        return self.part("state")

    @property
    def spill(self) -> Path:
        """What a run has no room for in memory; empty between runs."""
        return self.part("spill")

    @property
    def reports(self) -> Path:
        """One machine-readable report a run."""
        return self.part("reports")

    @property
    def data_docs(self) -> Path:
        """The audit as web pages."""
        return self.part("data_docs")
