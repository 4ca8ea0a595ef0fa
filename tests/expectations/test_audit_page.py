"""The page of an audit: what a reader sees, that it asks nobody for anything, and that it is its owner's alone."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from expectations.pages import write_page
from expectations.report import CheckResult, ValidationResults

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_SIGNS = {"passed": "+", "warned": "!", "failed": "x"}


class _Reader(HTMLParser):
    """What a reader sees: each mark as a sign, the rest without its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.is_body = False

    def handle_starttag(self, tag, attrs):
        self.is_body = self.is_body or tag == "body"
        if tag == "b":
            self.seen.append(_SIGNS[dict(attrs)["class"]])

    def handle_data(self, data):
        if self.is_body:
            self.seen.append(data)


def _result(name, *, severity="critical", is_success=False, table="dim_owner", **more):
    given = {"suite": "probe", "unexpected_count": 1, "observed": "1 of 2 rows"}
    return CheckResult(expectation=name, table=table, severity=severity, is_success=is_success, **{**given, **more})


def _seen(folder, *results):
    assert write_page(folder, ValidationResults(results), run_id="run-7", now=_NOW) is None
    reader = _Reader()
    reader.feed((folder / "index.html").read_text(encoding="utf-8"))
    return " ".join(" ".join(reader.seen).split())


def test_what_stops_is_told_from_what_only_warns(tmp_path):
    seen = _seen(
        tmp_path / "docs",
        _result("Ada's <check> & more", severity="warning", sql="a < b"),
        _result("stops"),
        _result("passes", is_success=True, observed="0 of 2 rows"),
        _result("fine", suite="other", is_success=True),
    )
    assert "Audit of run run-7 Checked at 2026-11-20 12:00:00 UTC" in seen
    assert "Refused: 1 of 4 checks failed and stopped the publication. 1 warning." in seen
    assert "What failed Check Observed x stops 1 of 2 rows ! Ada's <check> & more a < b 1 of 2 rows x stops the" in seen
    assert "x probe: dim_owner 2 of 3 failed Check Observed ! Ada's" in seen
    assert "+ passes 0 of 2 rows + other: dim_owner 1 check Check Observed + fine" in seen


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ([_result("a", is_success=True)], "Passed: of 1 check none stops the publication. What failed Nothing."),
        ([_result("a", severity="warning")], "Passed: of 1 check none stops the publication. 1 warning."),
        ([_result("a", accepted_because="moved")], "Passed: of 1 check none stops the publication. 1 warning."),
    ],
    ids=["all passed", "a warning", "let through"],
)
def test_the_verdict_is_that_of_the_run(tmp_path, results, verdict):
    assert verdict in _seen(tmp_path, *results)


def test_the_page_is_private(tmp_path):
    """It asks nobody for anything, and nobody else of the machine may read it."""
    folder = tmp_path / "docs"
    (folder / "validations").mkdir(parents=True)
    (folder / "validations" / "earlier.html").write_text("the page of another run")
    _seen(folder, _result("stops"))
    assert [path.name for path in folder.rglob("*")] == ["index.html"]
    assert {path.stat().st_mode & 0o077 for path in (folder, folder / "index.html")} == {0}
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<(?:script|link|img|iframe)\b|https?:|url\(", text) == []
    assert "default-src 'none'" in text


def test_a_page_that_cannot_be_written_is_told(tmp_path):
    folder = tmp_path / "docs"
    folder.write_text("a file where a folder should be")
    said = write_page(folder, ValidationResults(()), run_id="run-7", now=_NOW)
    assert said is not None
    assert "the page of the audit could not be written" in said
    assert str(folder) in said
