"""Makes the Data Docs readable on a machine without the internet, and private: no page asks another host for anything.

As Great Expectations writes them, the pages take their style, icons, table of contents and analytics from ten other
hosts, and the index is empty until a script of one of them has run.
"""

import html
import re
import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

from expectations.report import AuditReport, CheckResult

_PAGES = "validations"
# Scripts, and all that is fetched: what comes from other hosts is private to nobody, and what Great Expectations brings
# along, 4 MB of letters and pictures, is of no use without its scripts.
_REMOVED = (
    re.compile(r"<script\b.*?</script>", re.DOTALL),
    re.compile(r"<(?:link|img)\b[^>]*>", re.DOTALL),
    re.compile(r"<title>.*?</title>", re.DOTALL),
    re.compile(r"<footer\b.*?</footer>", re.DOTALL),
    # Where the page stands in a store of Great Expectations, which it does not; its own heading says what it is.
    re.compile(r"<li\b[^>]*aria-current=.*?</li>", re.DOTALL),
)
_HEADLINE = re.compile(r"<h4>Expectation Validation Result</h4>\s*<p class=\"lead\">.*?</p>", re.DOTALL)
# A page of checks without results tells nothing more, and is not made.
_SUITE_LINK = re.compile(r"<a href=\"[^\"]*/expectations/[^\"]*\"\s*>([^<]*)</a>")
# The pages lie one folder below the first one; Great Expectations thinks of a deeper site.
_HOME_LINK = re.compile(r"href=\"(?:\.\./)+index\.html\"")
# The mark of a check that failed, and the words of the check in the next cell.
_FAILED_CHECK = re.compile(
    r"text-danger(\"\s*></i>\s*</span>\s*</div></td><td[^>]*><div[^>]*>\s*<span[^>]*>\s*)([^<]*?)(\s*<)"
)
_NUMBERS = "Beside each check stands its number: the rows that fail it, or the quantity that it speaks of."
_POLICY = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
_STYLE = """<style>
body { font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem 2rem; color: #222; }
a { color: #0a58a8; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8886; vertical-align: top; }
th.number, td.number { width: 6rem; text-align: right; font-variant-numeric: tabular-nums; }
td.mark, th.mark { width: 1.5rem; }
i { font-style: normal; }
.verdict { font-size: 1.15em; }
.ge-section:not(#section-1) table { table-layout: fixed; }
.ge-section:not(#section-1) td:nth-child(1) { width: 1.5rem; }
.ge-section:not(#section-1) td:nth-child(3) { width: 9rem; font-variant-numeric: tabular-nums; }
.ge-section:not(#section-1) thead, .ge-section:not(#section-1) .alert { display: none; }
#section-1, .card, .navbar-brand, .collapse, [data-toggle="collapse"] { display: none; }
.breadcrumb { list-style: none; padding: 0; }
.ge-section { margin: 0; padding: 0; min-height: 0; }
.ge-section code { color: #6e6e6e; overflow-wrap: anywhere; }
.text-success::before { content: "\\2713"; color: #1a7f37; font-weight: bold; }
.text-danger::before, .stops::before { content: "\\2717"; color: #c4221f; font-weight: bold; }
.text-warning::before, .warns::before { content: "!"; color: #9a6700; font-weight: bold; }
.passes::before { content: "\\2713"; color: #1a7f37; font-weight: bold; }
@media (prefers-color-scheme: dark) {
body { background: #16181c; color: #ddd; } a { color: #7fb8f0; } .ge-section code { color: #9a9a9a; }
.text-success::before, .passes::before { color: #4ac26b; } .text-warning::before, .warns::before { color: #d29922; }
.text-danger::before, .stops::before { color: #ff7b72; }
}
</style>"""


def write_pages(
    folder: Path, rendered: Iterable[tuple[str, str, str]], report: AuditReport, *, run_id: str, now: datetime
) -> None:
    """Replace the pages in `folder`: a first one that tells what failed, and each rendered one (suite, table, HTML).

    The folder shows the last audit, the history is in `ops.audit_result`. Files and folders are their owner's only.
    """
    pages = folder / _PAGES
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    told = f"Run {run_id}, audited at {now:%Y-%m-%d %H:%M:%S} {now:%Z}."
    by_table = _by_table(report)
    written = set()
    for suite, table, text in rendered:
        _write(_page(folder, suite, table), _headed(_self_contained(text), suite, table, by_table[suite, table], told))
        written.add((suite, table))
    failures = "".join(_failure(result) for result in (*report.blocking_failures, *report.warnings))
    lines = "".join(_line(*place, results, has_page=place in written) for place, results in by_table.items())
    _write(
        folder / "index.html",
        f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="UTF-8"><title>Audit of run {html.escape(run_id)}</title>
{_POLICY}
{_STYLE}
</head><body>
<h1>Audit of run {html.escape(run_id)}</h1>
<p class="verdict">{_verdict(report.results)}</p>
<p>{html.escape(told)}</p>
<h2>What failed</h2>
<table><tr><th class="mark"></th><th>Check</th><th>Observed</th></tr>
{failures or "<tr><td></td><td>Nothing.</td><td></td></tr>"}</table>
<p><span class="stops"></span> stops the publication, <span class="warns"></span> is told and stops nothing.</p>
<h2>Every suite and table</h2>
<table><tr><th class="mark"></th><th>Suite</th><th>Table</th>
<th class="number">Checks</th><th class="number">Failed</th></tr>
{lines}</table>
</body></html>
""",
    )
    for path in (folder, pages):
        path.chmod(0o700)


def _self_contained(text: str) -> str:
    """Rewrite a page so that it asks for nothing: neither of another host nor of a file beside it."""
    for unwanted in _REMOVED:
        text = unwanted.sub("", text)
    text = _HOME_LINK.sub('href="../index.html"', _SUITE_LINK.sub(r"\1", text))
    return text.replace("</head>", f"{_POLICY}\n{_STYLE}\n</head>", 1)


def _verdict(results: Sequence[CheckResult]) -> str:
    """Whether the publication stops, with its mark."""
    failed = [result for result in results if not result.is_success]
    stops = sum(result.is_blocking for result in failed)
    warns = len(failed) - stops
    more = f" {warns} failed and {'is' if warns == 1 else 'are'} told, which stops nothing." if warns else ""
    if stops:
        said = (
            f"Refused: {stops} of {len(results)} checks failed and {'stops' if stops == 1 else 'stop'} the publication."
        )
        return f'<span class="stops"></span> {said}{more.replace(" failed", " more failed")}'
    return f'<span class="passes"></span> Passed: none of {len(results)} checks stops the publication.{more}'


def _names_of_warnings(results: Sequence[CheckResult]) -> frozenset[str]:
    return frozenset(result.expectation for result in results if not result.is_success and not result.is_blocking)


def _headed(text: str, suite: str, table: str, results: Sequence[CheckResult], told: str) -> str:
    """Put the verdict over the page, and mark what only warns: Great Expectations marks all that failed alike."""
    said, warnings = html.escape(f"{suite}: {table}"), _names_of_warnings(results)
    verdict = f'<p class="verdict">{_verdict(results)}</p>'
    head = f"<h1>{said}</h1>\n{verdict}\n<p>{html.escape(told)} {_NUMBERS}</p>"
    text = text.replace("</head>", f"<title>{said}</title>\n</head>", 1)
    text = _HEADLINE.sub(lambda _: head, text, count=1)
    return _FAILED_CHECK.sub(
        lambda found: f"text-warning{''.join(found.groups())}" if html.unescape(found[2]) in warnings else found[0],
        text,
    )


def _failure(result: CheckResult) -> str:
    mark = "stops" if result.is_blocking else "warns"
    told = html.escape(result.expectation), html.escape(result.observed)
    return f'<tr><td class="{mark}"></td><td>{told[0]}</td><td>{told[1]}</td></tr>\n'


def _by_table(report: AuditReport) -> dict[tuple[str, str], list[CheckResult]]:
    ordered = groupby(report.results, key=lambda result: (result.suite, result.table))
    return {place: list(results) for place, results in ordered}


def _page(folder: Path, suite: str, table: str) -> Path:
    return folder / _PAGES / f"{suite}-{table}.html"


def _line(suite: str, table: str, results: Sequence[CheckResult], *, has_page: bool) -> str:
    failed = [result for result in results if not result.is_success]
    mark = "passes" if not failed else "stops" if any(result.is_blocking for result in failed) else "warns"
    name = html.escape(table)
    link = f'<a href="{html.escape(_page(Path(), suite, table).as_posix())}">{name}</a>' if has_page else name
    numbers = f'<td class="number">{len(results)}</td><td class="number">{len(failed)}</td>'
    return f'<tr><td class="{mark}"></td><td>{html.escape(suite)}</td><td>{link}</td>{numbers}</tr>\n'


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
