"""Prefect artifacts: summary, balance and findings of a published run; advice for one that failed."""

from collections.abc import Mapping

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from definitions.counting import counted
from definitions.errors import (
    AlertPendingError,
    AnotherRunActiveError,
    AuditRefusedError,
    ConfigurationError,
    PipelineError,
    PublishError,
    TimeLimitError,
    TryAgainError,
    UnexpectedError,
)
from flows.run.run_report import Report

_UNCHANGED = "The tables, the cursors and the run log are unchanged."
_NEXT_STEPS: Mapping[type[PipelineError], str] = {
    ConfigurationError: f"Correct what the message names; the next scheduled run reads it. {_UNCHANGED}",
    TryAgainError: f"Nothing, if it happens once: the next scheduled run asks again. {_UNCHANGED}",
    AuditRefusedError: (
        "Look at the failed checks with `bantam status`. Where the data is right, run `bantam run --accept-volume "
        f'"why"` once; where it is not, correct the source and wait for the next scheduled run. {_UNCHANGED}'
    ),
    PublishError: f"Do what the message says about the warehouse; the next scheduled run publishes. {_UNCHANGED}",
    AnotherRunActiveError: "Nothing: the run at work, or the next scheduled one, publishes what this one would have.",
    AlertPendingError: "Correct the target that the message names. What is published stands; the rest is sent again.",
    TimeLimitError: (
        "Find what it waited for in the log. If the work is as long as that, raise `time_limit_minutes` of the "
        "deployment in `prefect.yaml` and deploy again. What is published stands; the next scheduled run goes on."
    ),
    UnexpectedError: "Report class and place as an error of the program. What is published stands.",
}


def keep_artifacts(report: Report) -> None:
    """Store the run report as artifacts in Prefect. Counts and amounts only, no personal data."""
    create_markdown_artifact(markdown=summary(report), key="run-summary", description=f"Run {report['run_id']}")
    create_table_artifact(table=report["balance"], key="balance", description="Every record shown, and where it is")
    create_table_artifact(table=report["findings"], key="findings", description="Open hygiene issues by rule")


def keep_advice(error: PipelineError, message: str) -> None:
    """Store the advice for a failed run as an artifact: exit code, message and next step."""
    create_markdown_artifact(
        markdown=advice(error, message), key="what-to-do", description=f"Exit code {error.exit_code}"
    )


def advice(error: PipelineError, message: str) -> str:
    """Return the advice as Markdown: exit code, message, next step."""
    steps = (_NEXT_STEPS[kind] for kind in type(error).__mro__ if kind in _NEXT_STEPS)
    step = next(steps, f"Do what the message says; the next scheduled run goes on from there. {_UNCHANGED}")
    # A name from a source or a file must not become a link or a tag on the page.
    escaped = message.replace("<", "&lt;").replace("](", "] (")
    return f"## Exit code {error.exit_code}\n\n{escaped}\n\n**Next step.** {step}\n"


def summary(report: Report) -> str:
    """Return one page of Markdown: definitions, pipeline, people, quarantine, audit."""
    agreed = report["definitions"]
    draft = " (draft: not signed by marketing and sales)" if agreed["is_draft"] else ""
    lines = [
        f"## Run {report['run_id']}, as of {report['as_of']}: {report['status']}",
        f"Definitions {agreed['profile']} {agreed['version']}{draft}.",
        "",
        f"| pipeline | deals | amount {agreed['currency']} | weighted |",
        "|---|---:|---:|---:|",
        *(_row(row) for row in report["pipeline"]),
        "",
        f"{counted(report['people']['persons'], 'person')} from {counted(report['people']['records'], 'live record')}.",
        f"{counted(sum(row['records'] for row in report['quarantined']), 'record')} set aside.",
        f"{counted(sum(row['values'] for row in report['values_set_to_null']), 'value')} set to null.",
        f"{len(report['audit']['failed'])} of {counted(report['audit']['checks'], 'check')} to look at.",
    ]
    return "\n".join(lines)


def _row(basis: Report) -> str:
    amounts = (basis["amount"] or "unknown", basis["weighted_amount"] or "unknown")
    return f"| {basis['basis']} | {basis['deals']:,} | {amounts[0]} | {amounts[1]} |"
