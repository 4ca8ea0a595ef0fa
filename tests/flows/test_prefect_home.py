"""What Prefect writes while a command runs lies in the home, and its user's own profiles are still heard."""

import os
import subprocess
import sys

import pytest

from tests.flows.line import ROOT

SCRIPT = """
import os, subprocess, sys
from pathlib import Path
from flows.orchestration.prefect_home import keep_prefect_in
from flows.home.folders import Home
keep_prefect_in(Home(Path(sys.argv[1])))
from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_DATABASE_CONNECTION_URL, PREFECT_SERVER_EPHEMERAL_ENABLED
print(PREFECT_API_URL.value(), PREFECT_SERVER_EPHEMERAL_ENABLED.value(), PREFECT_SERVER_DATABASE_CONNECTION_URL.value())
# Prefect's server writes in a process of its own, too.
subprocess.run(["touch", os.path.join(os.environ["PREFECT_HOME"], "written")], check=True)
"""
PROFILES = """
active = "ours"
[profiles.ours]
PREFECT_API_URL = "http://prefect.example/api"
"""


@pytest.fixture
def told(tmp_path):
    """What Prefect takes its server and its database to be, in an account of this folder."""

    def ask(**variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / "home")],
            capture_output=True, text=True, check=True, cwd=ROOT, env={**kept, **variables},
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout.split()

    return ask


@pytest.mark.slow
def test_its_database_lies_in_the_home_even_where_nothing_else_can_be_written(tmp_path, told):
    no_folder = tmp_path / "account"
    no_folder.touch()
    assert told(HOME=str(no_folder)) == ["None", "True", f"sqlite+aiosqlite:///{tmp_path}/home/prefect/prefect.db"]
    written = [tmp_path / "home", *(tmp_path / "home").rglob("*")]
    assert [oct(path.stat().st_mode & 0o777) for path in written] == ["0o700", "0o700", "0o600"]


@pytest.mark.slow
def test_a_server_that_a_profile_names_is_still_the_one_asked(tmp_path, told):
    (tmp_path / "account" / ".prefect").mkdir(parents=True)
    (tmp_path / "account" / ".prefect" / "profiles.toml").write_text(PROFILES)
    assert told(HOME=str(tmp_path / "account"))[:2] == ["http://prefect.example/api", "False"]


@pytest.mark.slow
def test_who_says_where_it_is_keeps_it_there(tmp_path, told):
    elsewhere = str(tmp_path / "elsewhere")
    assert told(PREFECT_HOME=elsewhere)[2] == f"sqlite+aiosqlite:///{elsewhere}/prefect.db"
    assert not (tmp_path / "home").exists()
