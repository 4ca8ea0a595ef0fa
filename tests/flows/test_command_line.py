"""What a person at a terminal sees, and what a scheduler reads from the exit code."""

import subprocess
import sys
from datetime import date

import pytest

from tests.flows.line import ROOT
from tests.flows.shop import opened_shop
from tests.flows.terminal import bantam
from warehouse.embedded import EmbeddedServer


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Its server runs on, so that a command finds it running, as it does beside any other process of the home."""
    rows = ["1,Acme renewal,Talking,2026-10-01,1250", "2,Beta,Won,2026-09-01,300", "3,Odd,Talking,never,1"]
    line = opened_shop(tmp_path_factory.mktemp("shop") / "shop", rows)
    line.refresh(date(2026, 11, 23))
    with EmbeddedServer(line.home):
        yield line.home


def test_help_waits_for_nothing_heavy():
    heavy = "('prefect', 'polars', 'great_expectations')"
    script = f"import sys; from flows import command_line; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["status"], ["shop.deals", "published", "unreadable_value", "fct_opportunity"]),
        (["findings", "--rule", "OPP-01"], ["Acme renewal", "1,250", "The close date passed 53 days ago", "1 of 1"]),
        (["quarantine", "list"], ["shop:deals:3", "source_close_date", "1 of 1"]),
        (["explain", "shop:deals:1"], ["is  overdue", "closed_won", "false", "OPP-01"]),
        (["warehouse", "url"], ["postgresql+psycopg://", "***"]),
        (["warehouse", "shell", "--command", "select pipeline_class from fct_opportunity"], ["closed_won", "overdue"]),
    ],
    ids=lambda asked: " ".join(asked[:2]),
)  # fmt: skip
@pytest.mark.slow
def test_a_published_home_can_be_asked(home, asked, words):
    done = bantam(home, *asked)
    assert done.code == 0, done.complaint
    assert [word for word in words if word not in done.out] == []


def test_definitions_can_be_shown_and_checked(tmp_path):
    assert "marketing" in bantam(tmp_path, "definitions", "show", "--plain").out
    assert "can be used" in bantam(tmp_path, "definitions", "check").out
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("definitions: wrong\nversin: 1\n")
    done = bantam(tmp_path, "definitions", "check", str(wrong))
    assert (done.code, "wrong.yaml:2" in done.complaint, "Traceback" in done.complaint) == (2, True, False)


def test_nobody_found_is_told_with_the_next_step(home):
    done = bantam(home, "explain", "nobody@example.com")
    assert (done.code, "bantam status" in done.complaint) == (2, True)
