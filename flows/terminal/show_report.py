"""Run report as tables that fit a terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from definitions.counting import counted
from definitions.quarantine_reasons import location_in_words, sentence
from flows.run.run_report import Report
from flows.terminal.tables import Table, as_text, money, number, table

_ROWS = 12


def show_report(report: Report, console: Console) -> None:
    """Print a run report: notes, balance, classes, reclassified records, findings, pipeline, people, audit."""
    agreed = report["definitions"]
    console.rule(f"Run {report['run_id']}  as of {report['as_of']}")
    if agreed["is_draft"]:
        console.print(
            f"[yellow]DRAFT[/]: marketing and sales have not both signed {agreed['profile']} {agreed['version']}."
        )
    for note in report["notes"]:
        console.print(Text(f"Note: {note}.", style="yellow"))
    for made in (_balance(report), *_classes(report), *_moved(report), _findings(report), _pipeline(report)):
        if made.row_count:
            console.print(made)
    off = sum(abs(row["difference"]) for row in report["balance"])
    fetched = sum(row["fetched"] for row in report["balance"])
    console.print(f"Balance: {counted(fetched, 'record')} shown, each in exactly one place; difference {off:,}.")
    people = report["people"]
    console.print(
        f"People: {counted(people['persons'], 'person')} from {counted(people['records'], 'live record')}; "
        f"{people['in_several_systems']:,} of them in several systems."
    )
    for row in people["untied"]:
        console.print(Text(_unmatched(row), style="yellow"))
    for row in report["references"]:
        console.print(Text(f"  {row['note']}.", style="yellow"))
    _print_summary(report, console)


_ADDRESSES_OF_NOBODY = {
    "shared_mailbox": "that names a desk or nobody (info@, noemail@)",
    "crowded_address": "that so many share that it is nobody's",
    "contradicting_names": "that records with contradicting names share",
}
_MISSING_RECORDS = {
    "source_merge": (
        "record that a source says was merged into one it never showed",
        "records that a source says were merged into one it never showed",
    ),
    "converted_lead": (
        "lead that was converted to a contact no source has shown",
        "leads that were converted to a contact no source has shown",
    ),
    "cross_system_id": (
        "id of another system under which no record was seen there",
        "ids of another system under which no record was seen there",
    ),
}


def _unmatched(row: Report) -> str:
    """Describe records that share a key but were not matched, with the reason."""
    if (address := _ADDRESSES_OF_NOBODY.get(row["reason"])) is not None:
        return f"  {counted(row['count'], 'record')} with an address {address}: not merged by it."
    return f"  {counted(row['count'], *_MISSING_RECORDS[row['match_rule']])}: not merged by it."


def _print_summary(report: Report, console: Console) -> None:
    written = {table: sum(counts.values()) for table, counts in report["written"].items()}
    total = sum(written.values())
    audit = report["audit"]
    failed = f", {len(audit['failed'])} to look at" if audit["failed"] else ""
    console.print(f"Audit: {counted(audit['checks'], 'check')} passed or tolerated{failed}.")
    for check in audit["failed"][:_ROWS]:
        console.print(Text(f"  {check['expectation']}: {check['observed']}", style="yellow"))
    if more := audit["failed"][_ROWS:]:
        console.print(f"  and {len(more)} more: `bantam status` names them.")
    for row in report["quarantined"][:_ROWS]:
        stream = f"{row['source_system']}.{row['stream']}"
        console.print(Text(f"  {stream}: {_quarantine_text(row)}", style="yellow"))
    if more := report["quarantined"][_ROWS:]:
        console.print(f"  and {sum(row['records'] for row in more):,} more: `bantam quarantine list` has them.")
    for row in report["values_set_to_null"][:_ROWS]:
        console.print(Text(f"  {row['source_system']}.{row['stream']}: {_null_text(row)}", style="yellow"))
    if more := report["values_set_to_null"][_ROWS:]:
        count = counted(sum(row["values"] for row in more), "other value")
        console.print(f"  and {count} set to null: `ops.value_fault` has their records.")
    _print_notes(report, console)
    console.print(
        f"Published: {counted(total, 'row')} written in {counted(sum(map(bool, written.values())), 'table')}, in one "
        "transaction."
    )


def _quarantine_text(row: Report) -> str:
    """Describe quarantined records: number, reason, field or lines, and what to do."""
    field = f" in {row['field_name']}" if row["field_name"] else ""
    places = ", ".join(location_in_words(**place) for place in row["places"])
    more = " …" if row["records"] > len(row["places"]) else ""
    why = sentence(row["reason_code"], expected=row["expected"], detail=row["detail"])
    return f"{row['records']:,} set aside, {row['reason_code']}{field} ({places}{more}): {why}"


def _null_text(row: Report) -> str:
    """Describe values of a field that were set to null: number, field, reason, and what to do."""
    detail = ", ".join(row["details"]) or None
    why = sentence(row["reason_code"], expected=row["expected"], detail=detail)
    return f"{counted(row['values'], 'value')} of {row['field_name']} set to null, {row['reason_code']}: {why}"


def _print_notes(report: Report, console: Console) -> None:
    """Print the notes on files and responses of the sources."""
    notes = [note for stream in report["streams"] for note in stream["notes"]]
    for note in notes[:_ROWS]:
        console.print(Text(f"  {note}", style="yellow"))
    if more := notes[_ROWS:]:
        console.print(f"  and {len(more)} more notes: the report file has them.")


_BALANCE_COLUMNS = {
    "curated": "#curated", "merged_into": "#merged", "deleted": "#deleted", "quarantined": "#aside",
    "excluded": "#left out",
}  # fmt: skip


def _balance(report: Report) -> Table:
    """Make the table of the balance; an outcome without records gets no column."""
    rows = report["balance"]
    used = [name for name in _BALANCE_COLUMNS if name == "curated" or any(row[name] for row in rows)]
    made = table(
        "Every record the sources have shown, and where it is",
        "stream",
        "#pulled",
        "#shown",
        *(_BALANCE_COLUMNS[name] for name in used),
    )
    for source in dict.fromkeys(row["source_system"] for row in rows):
        made.add_row(source, style="bold")
        for row in (row for row in rows if row["source_system"] == source):
            counts = (row["pulled"], row["fetched"], *(row[name] for name in used))
            made.add_row(f"  {row['stream']}", *map(number, counts))
    return made


def _classes(report: Report) -> Iterator[Table]:
    titles = {"person": "People: what the sources claim, what they are", "opportunity": "Deals: claimed, and assessed"}
    for kind, title in titles.items():
        made = table(title, "class", "#claimed", "#assessed", "#difference")
        for row in report["classes"][kind]:
            if row["claimed"] or row["assessed"]:
                name = row["class"] or "(no claim)"
                made.add_row(name, number(row["claimed"]), number(row["assessed"]), f"{row['difference']:+,}")
        yield made


def _moved(report: Report) -> Iterator[Table]:
    titles = {"person": "People reclassified by this run", "opportunity": "Deals reclassified by this run"}
    currency = report["definitions"]["currency"]
    for kind, title in titles.items():
        worth = [f"#amount {currency}"] if kind == "opportunity" else []
        made = table(title, "from", "to", "#records", *worth, "because it is now")
        most = sorted(report["moved"][kind], key=lambda row: -row["records"])
        for row in most[:_ROWS]:
            why = report["meanings"][kind].get(row["to_class"], "")
            amount = [money(row["amount"])] if worth else []
            made.add_row(row["from_class"], row["to_class"], number(row["records"]), *amount, why)
        if more := most[_ROWS:]:
            made.caption = f"and {sum(row['records'] for row in more):,} in {counted(len(more), 'other way')}"
        yield made


_KINDS = {"person": "people", "opportunity": "deals"}


def _findings(report: Report) -> Table:
    currency = report["definitions"]["currency"]
    made = table(
        "Open hygiene issues, worst first", "severity", "rule", "of", "#issues", f"#at risk {currency}", "what to do"
    )
    for row in report["findings"][:_ROWS]:
        value = money(row["value_at_risk"])
        action = report["actions"].get(f"{row['rule_id']} {row['record_kind']}", "")
        kind = _KINDS[row["record_kind"]]
        made.add_row(as_text(row["severity"]), row["rule_id"], kind, number(row["findings"]), value, action)
    if more := report["findings"][_ROWS:]:
        count = sum(row["findings"] for row in more)
        made.caption = f"and {count:,} of {counted(len(more), 'other kind')}: `bantam findings`"
    return made


def _pipeline(report: Report) -> Table:
    currency = report["definitions"]["currency"]
    made = table(
        "Pipeline: reported, and eligible under the definitions", "basis", "#deals", f"#amount {currency}",
        "#without amount", "#weighted", "#share of reported",
    )  # fmt: skip
    for row in report["pipeline"]:
        share = row["share_of_reported"]
        made.add_row(
            row["basis"], number(row["deals"]), money(row["amount"]), number(row["without_amount"]),
            money(row["weighted_amount"]), "" if share is None else f"{float(share):.1%}",
        )  # fmt: skip
    return made
