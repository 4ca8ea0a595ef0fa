"""A home that another account made or copied, or that is a file: one line, and a way out that works."""

import importlib
import os
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path

import pytest

from flows.terminal.command_line import main
from tests.flows.shop import opened_shop
from tests.flows.terminal import Ended, bantam
from tests.processes import exit_code
from tests.warehouse.test_embedded import NOBODY, ROOT_ONLY

pytestmark = pytest.mark.slow

COMMANDS = (["status"], ["doctor"], ["run", "--config", "bantam.yaml", "--quiet"])
ROWS = ("1,Acme,Talking,2026-12-01,100", "2,Beta,Talking,2026-10-01,200")


@pytest.fixture
def folder():
    """A folder that other accounts may walk into; that of pytest is closed to them."""
    made = Path(tempfile.mkdtemp(prefix="homes-", dir="/var/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def line_in(folder):
    """A shop whose warehouse is embedded, after one run as ourselves."""
    line = opened_shop(folder / "shop", ROWS)
    line.refresh(date(2026, 11, 23))
    return line


def as_nobody(line, *asked):
    """Type a command as another account: in a process that has imported what it needs, and may not read it any more."""
    out, complaint = line.config.parent / "out", line.config.parent / "complaint"
    code = exit_code(_child, line.config.parent, line.surroundings(), asked, out, complaint)
    return Ended(code, out.read_text(), complaint.read_text())


def _child(folder, variables, asked, out, complaint):
    for name in ("status", "doctor", "run"):
        importlib.import_module(f"flows.terminal.commands.{name}")
    "what Python looks up late".encode("utf-8-sig")
    os.environ.update(variables)
    for path, stream in ((out, sys.stdout), (complaint, sys.stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), stream.fileno())
    os.chdir(folder)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    sys.argv = ["bantam", *asked]
    main()


def hand_over(path, owner):
    for one in (path, *path.rglob("*")):
        os.chown(one, owner, owner, follow_symlinks=False)


def is_one_line(ended, *words):
    assert ended.code == 2, ended
    assert ended.complaint.count("\n") == 1, ended.complaint
    assert [word for word in words if word not in ended.complaint] == [], ended.complaint


@ROOT_ONLY
@pytest.mark.parametrize("asked", COMMANDS, ids=lambda asked: asked[0])
def test_a_home_that_root_made_is_not_used_by_another(folder, asked):
    line = opened_shop(folder / "shop", ROWS)
    for part in ("landing", "warehouse"):
        (line.home / part).mkdir(parents=True, mode=0o700)
    line.home.chmod(0o700)
    is_one_line(as_nobody(line, *asked), str(line.home), "belongs to root, and this is nobody", "BANTAM_HOME")
    assert sorted(path.name for path in line.home.iterdir()) == ["landing", "warehouse"]


@ROOT_ONLY
def test_a_home_of_another_is_not_used_by_root_until_it_is_handed_over(folder):
    line = line_in(folder)
    hand_over(line.home, NOBODY)
    owners = {path: path.stat().st_uid for path in line.home.rglob("*")}
    for asked in COMMANDS:
        ended = bantam(line.home, *(str(line.config) if word == "bantam.yaml" else word for word in asked))
        is_one_line(ended, str(line.home), "belongs to nobody, and this is root", "chown -R root")
    assert {path: path.stat().st_uid for path in line.home.rglob("*")} == owners
    # As the message says; the server has an account of its own, to which root gives the data again.
    hand_over(line.home, 0)
    told = bantam(line.home, "status")
    assert (told.code, "shop.deals" in told.out) == (0, True), told
    assert bantam(line.home, "doctor").code == 0


@ROOT_ONLY
def test_a_copy_of_a_home_works_for_whoever_made_it(folder):
    """`cp -r` keeps no owner: the data of the server then belong to root."""
    line = line_in(folder)
    copied = folder / "copied"
    shutil.copytree(line.home, copied, ignore=shutil.ignore_patterns(".s.PGSQL*", "postmaster.pid"))
    told = bantam(copied, "doctor")
    assert told.code == 0, told
    hand_over(copied, NOBODY)
    before = bantam(copied, "status")
    is_one_line(before, "belongs to nobody, and this is root")


@pytest.mark.parametrize("asked", COMMANDS, ids=lambda asked: asked[0])
def test_a_home_that_is_a_file_is_named(tmp_path, asked):
    line = opened_shop(tmp_path / "shop", ROWS)
    line.home.write_text("not a folder")
    ended = bantam(line.home, *(str(line.config) if word == "bantam.yaml" else word for word in asked))
    is_one_line(ended, str(line.home))


def test_only_looking_at_an_empty_home_makes_nothing(tmp_path):
    told = bantam(tmp_path / "home", "status")
    assert (told.code, told.out.strip()) == (0, "Nothing was published yet. Run `bantam run` or `bantam demo`.")
    assert not (tmp_path / "home").exists()
    told = bantam(tmp_path / "home", "doctor")
    assert (told.code, "there is no home here" in told.complaint) == (2, True)
    assert not (tmp_path / "home").exists()
