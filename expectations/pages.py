"""Web page of the audit: verdict, failed checks, and every check; it loads nothing from other hosts."""

import html
import shutil
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

from definitions.counting import counted
from expectations.report import CheckResult, ValidationResults

_LONGEST_SQL = 300  # longer SQL, such as a whole ladder of classes, is not readable on a page
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #6a6a6a; }
:root { --passed: #1a7f37; --warned: #9a6700; --failed: #c4221f; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1.5rem 2rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0; }
.verdict { font-size: 1.1rem; border-left: .3rem solid; padding: .4rem .9rem; margin: 1rem 0; background: #8881; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--quiet); font-weight: 600; font-size: .85rem; }
td.observed { width: 34%; font-variant-numeric: tabular-nums; }
td.mark { width: 1.4rem; }
code { display: block; color: var(--quiet); font-size: .8rem; overflow-wrap: anywhere; }
details { border-bottom: 1px solid var(--line); padding: .45rem 0; }
summary { cursor: pointer; }
summary .count { float: right; color: var(--quiet); font-variant-numeric: tabular-nums; }
details table { margin: .5rem 0 1rem 1.2rem; width: calc(100% - 1.2rem); }
.quiet { color: var(--quiet); }
.passed { color: var(--passed); } .warned { color: var(--warned); } .failed { color: var(--failed); }
b { display: inline-block; width: 1.1em; }
b.passed::before { content: "\\2713"; } b.warned::before { content: "!"; } b.failed::before { content: "\\2717"; }
@media (prefers-color-scheme: dark) {
:root { --quiet: #a0a0a0; --passed: #4ac26b; --warned: #d29922; --failed: #ff7b72; }
body { background: #16181c; color: #e2e2e2; }
}
"""
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="UTF-8"><title>Audit of run {run}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{style}</style>
</head><body>
<h1>Audit of run {run}</h1>
<p class="quiet">Checked at {moment}, before anything was published. Numbers only, no value of a record.</p>
<p class="verdict {state}">{verdict}</p>
<h2>What failed</h2>
{failed}
<p class="quiet"><b class="failed"></b> stops the publication, <b class="warned"></b> is told and stops nothing.</p>
<h2>Every check</h2>
{tables}
</body></html>
"""


def write_page(folder: Path, results: ValidationResults, *, run_id: str, now: datetime) -> str | None:
    """Replace the content of `folder` by the page of this audit, `index.html`; return the reason if that fails.

    The folder has the last audit, `ops.audit_result` the history. Nothing is raised: a missing page does not fail a
    published run. Folder and file are accessible to their owner only.
    """
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        page = folder / "index.html"
        page.touch(0o600)
        page.write_text(_page(results, run_id, now), encoding="utf-8")
    except OSError as error:
        return f"the page of the audit could not be written: {error.filename or folder}: {error.strerror or error}"
    return None


def _page(results: ValidationResults, run_id: str, now: datetime) -> str:
    failures = (*results.critical_failures, *results.warnings)
    groups = groupby(results.results, key=lambda result: (result.suite, result.table))
    return _PAGE.format(
        style=_STYLE,
        run=html.escape(run_id),
        moment=f"{now:%Y-%m-%d %H:%M:%S} {now:%Z}",
        state=_state(results.results),
        verdict=_verdict(results),
        failed=_rows(failures) if failures else "<p>Nothing.</p>",
        tables="\n".join(_group(suite, table, list(members)) for (suite, table), members in groups),
    )


def _verdict(results: ValidationResults) -> str:
    critical, warnings = len(results.critical_failures), len(results.warnings)
    checks = counted(len(results.results), "check")
    verdict = (
        f"Refused: {critical} of {checks} failed and stopped the publication."
        if critical
        else (f"Passed: of {checks} none stops the publication.")
    )
    return f"{verdict} {counted(warnings, 'warning')}." if warnings else verdict


def _group(suite: str, table: str, results: Sequence[CheckResult]) -> str:
    state, failed = _state(results), sum(not result.is_success for result in results)
    count = f"{failed} of {len(results)} failed" if failed else counted(len(results), "check")
    return (
        f"<details{' open' if failed else ''}><summary><b class='{state}'></b> {html.escape(suite)}: "
        f"{html.escape(table)}<span class='count'>{count}</span></summary>\n{_rows(results)}</details>"
    )


def _rows(results: Sequence[CheckResult]) -> str:
    rows = "\n".join(
        f"<tr><td class='mark'><b class='{_state([result])}'></b></td><td>{html.escape(result.expectation)}"
        f"{_sql(result.sql)}</td><td class='observed'>{html.escape(result.observed)}</td></tr>"
        for result in results
    )
    return f"<table><tr><th></th><th>Check</th><th>Observed</th></tr>\n{rows}\n</table>"


def _sql(sql: str) -> str:
    return f"<code>{html.escape(sql)}</code>" if 0 < len(sql) <= _LONGEST_SQL else ""


def _state(results: Sequence[CheckResult]) -> str:
    failed = [result for result in results if not result.is_success]
    if any(result.stops_publication for result in failed):
        return "failed"
    return "warned" if failed else "passed"
