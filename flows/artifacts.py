"""What Prefect shows of a run: the summary, the balance and the findings, as artifacts of the flow run."""

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from definitions.counting import counted
from flows.run_report import Report


def keep_artifacts(report: Report) -> None:
    """Keep the run report where the scheduler's users look. Counts and amounts only: no person's data."""
    create_markdown_artifact(markdown=summary(report), key="run-summary", description=f"Run {report['run_id']}")
    create_table_artifact(table=report["balance"], key="balance", description="Every record shown, and where it is")
    create_table_artifact(table=report["findings"], key="findings", description="Open hygiene issues by rule")


def summary(report: Report) -> str:
    """One page of Markdown: what was published, what the pipeline is worth, what was set aside."""
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
        f"{len(report['audit']['failed'])} of {counted(report['audit']['checks'], 'check')} to look at.",
    ]
    return "\n".join(lines)


def _row(basis: Report) -> str:
    amounts = (basis["amount"] or "unknown", basis["weighted_amount"] or "unknown")
    return f"| {basis['basis']} | {basis['deals']:,} | {amounts[0]} | {amounts[1]} |"
