"""Makes the Data Docs readable on a machine without the internet, and private: no page asks another host for anything.

As Great Expectations writes them, the pages take their style, icons, table of contents and analytics from ten other
hosts, and the index is empty until a script of one of them has run.
"""

import html
import re
import shutil
from itertools import groupby
from pathlib import Path

from expectations.report import AuditReport, CheckResult

# Scripts, and whatever is fetched by an absolute address; Great Expectations writes its own files by relative ones.
_REMOVED = (
    re.compile(r"<script\b.*?</script>", re.DOTALL),
    re.compile(r"<link\b[^>]*?href=\"(?:https?:)?//[^>]*>", re.DOTALL),
    re.compile(r"<img\b[^>]*?src=\"(?:https?:)?//[^>]*>", re.DOTALL),
    re.compile(r"<footer\b.*?</footer>", re.DOTALL),
)
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; font-src 'self'\">"
)
_STYLE = """<style>
body { font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem 2rem; color: #222; }
a { color: #0a58a8; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #ddd; vertical-align: top; }
th.number, td.number { width: 6rem; text-align: right; font-variant-numeric: tabular-nums; }
td.mark, th.mark { width: 1.5rem; }
.ge-section:not(#section-1) table { table-layout: fixed; }
.ge-section:not(#section-1) td:nth-child(1) { width: 1.5rem; }
.ge-section:not(#section-1) td:nth-child(3) { width: 9rem; font-variant-numeric: tabular-nums; }
.ge-section:not(#section-1) thead, .ge-section:not(#section-1) .alert { display: none; }
#section-1 table { width: auto; }
.card, .navbar-brand, .collapse, [data-toggle="collapse"] { display: none; }
.breadcrumb { list-style: none; padding: 0; display: flex; gap: .6rem; }
.ge-section, .ge-section ul { margin: 0; padding: 0; min-height: 0; }
.ge-section ul { list-style: none; border-bottom: 1px solid #ddd; }
.ge-section hr, .ge-section li h6 { display: none; }
.ge-section li .collapse { display: block; }
.ge-section li p { margin: 0; color: #777; overflow-wrap: anywhere; }
.text-success::before { content: "\\2713"; color: #1a7f37; font-weight: bold; }
.text-danger::before, .stops::before { content: "\\2717"; color: #c4221f; font-weight: bold; }
.text-warning::before, .warns::before { content: "!"; color: #9a6700; font-weight: bold; }
.passes::before { content: "\\2713"; color: #1a7f37; font-weight: bold; }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #ddd; } a { color: #7fb8f0; } }
</style>"""


def clear(folder: Path) -> None:
    """Remove the pages of an earlier audit: the folder shows the last one, the history is in `ops.audit_result`."""
    for part in ("validations", "expectations", "static"):
        shutil.rmtree(folder / part, ignore_errors=True)


def make_self_contained(folder: Path) -> None:
    """Rewrite every page under `folder` in place, and close files and folders to everybody but their owner."""
    for page in sorted(folder.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        for unwanted in _REMOVED:
            text = unwanted.sub("", text)
        page.write_text(text.replace("</head>", f"{_POLICY}\n{_STYLE}\n</head>", 1), encoding="utf-8")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)


def write_index(folder: Path, report: AuditReport, run_id: str) -> None:
    """Write the first page: what failed, in words, then a line for every suite and table with a link to its page."""
    stops, warns = report.blocking_failures, report.warnings
    verdict = (
        f"Refused: {len(stops)} of {len(report.results)} checks failed and stop the publication."
        if stops
        else f"Passed: none of {len(report.results)} checks stops the publication."
    )
    failures = "".join(_failure(result) for result in (*stops, *warns))
    lines = "".join(_line(folder, *one) for one in _by_table(report))
    page = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="UTF-8"><title>Audit of run {html.escape(run_id)}</title>
{_POLICY}
{_STYLE}
</head><body>
<h1>Audit of run {html.escape(run_id)}</h1>
<p>{verdict} {len(warns)} more failed and are told, no more.</p>
<h2>What failed</h2>
<table><tr><th class="mark"></th><th>Check</th><th>Observed</th></tr>
{failures or "<tr><td></td><td>Nothing.</td><td></td></tr>"}</table>
<h2>Every suite and table</h2>
<table><tr><th class="mark"></th><th>Suite</th><th>Table</th>
<th class="number">Checks</th><th class="number">Failed</th></tr>
{lines}</table>
</body></html>
"""
    index = folder / "index.html"
    index.write_text(page, encoding="utf-8")
    index.chmod(0o600)


def _failure(result: CheckResult) -> str:
    mark = "stops" if result.is_blocking else "warns"
    told = html.escape(result.expectation), html.escape(result.observed)
    return f'<tr><td class="{mark}"></td><td>{told[0]}</td><td>{told[1]}</td></tr>\n'


def _by_table(report: AuditReport) -> list[tuple[str, str, list[CheckResult]]]:
    ordered = groupby(report.results, key=lambda result: (result.suite, result.table))
    return [(suite, table, list(results)) for (suite, table), results in ordered]


def _line(folder: Path, suite: str, table: str, results: list[CheckResult]) -> str:
    failed = [result for result in results if not result.is_success]
    mark = "passes" if not failed else "stops" if any(result.is_blocking for result in failed) else "warns"
    page = next(iter(sorted((folder / "validations" / f"{suite}-{table}").rglob("*.html"), reverse=True)), None)
    name = html.escape(table)
    link = f'<a href="{html.escape(page.relative_to(folder).as_posix())}">{name}</a>' if page else name
    numbers = f'<td class="number">{len(results)}</td><td class="number">{len(failed)}</td>'
    return f'<tr><td class="{mark}"></td><td>{html.escape(suite)}</td><td>{link}</td>{numbers}</tr>\n'
