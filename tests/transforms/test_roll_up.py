from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.polars_types import schema_of
from definitions.schema.columns import columns_named
from definitions.schema.tables import FCT_HYGIENE_ISSUE, OPS_CURSOR
from flows.alerts import roll_up
from flows.alerts.freshness import held_back, stale_reasons
from flows.alerts.message_text import MessageContext

DAY = date(2026, 11, 29)
SINCE = DAY - timedelta(days=7)
NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)
_OWNER = columns_named("owner_id owner_name owner_email is_active is_queue is_deleted manager_id team")
_ISSUE = [field for field in FCT_HYGIENE_ISSUE.columns if field.name in FCT_HYGIENE_ISSUE.content]
_HELD = columns_named("source_system stream reason_code")


def issue(number: int, **given) -> dict:
    return {
        "issue_id": f"i{number}",
        "rule_id": "OPP-01",
        "severity": "critical",
        "record_kind": "opportunity",
        "record_id": f"r{number}",
        "record_name": f"Deal {number}",
        "owner_id": "ann",
        "state": "open",
        "opened_on": SINCE,
        "last_seen_on": DAY,
        "is_baseline": False,
        "says": f"The close date passed {number} days ago.",
        "suggested_action": "Enter a new date.",
        **given,
    }


def told(*issues: dict, owners: tuple[dict, ...] = (), **given) -> roll_up.RollUp:
    usual = {
        "context": MessageContext(as_of=DAY, currency="USD", definitions="handoff 2026.1", is_draft=False),
        "run_id": "000002",
        "published_at": NOW - timedelta(hours=2),
        "since": SINCE,
        "issues": pl.DataFrame(list(issues), schema=schema_of(_ISSUE)),
        "owners": pl.DataFrame(list(owners), schema=schema_of(_OWNER)),
        "pipeline": (),
        "quarantined": pl.DataFrame(schema={**schema_of(_HELD), "records": pl.UInt32}),
        "cursors": pl.DataFrame(schema=schema_of(OPS_CURSOR.columns)),
    }
    return roll_up.RollUp(**(usual | given))


def lines_under(heading: str, said: str) -> list[str]:
    (part,) = (part for part in said.split("\n\n") if part.startswith(heading))
    return part.split("\n")[1:]


def test_a_deal_that_fails_two_rules_is_worth_its_amount_once():
    said = told(
        issue(1, value_at_risk=Decimal(500)),
        issue(2, record_id="r1", rule_id="OPP-10", severity="warning", value_at_risk=Decimal(500)),
        issue(3, record_kind="person", rule_id="LEAD-02"),
    )
    assert roll_up.subject(said) == "Pipeline hygiene 2026-11-29: 3 open issues, USD 500 at risk"
    assert "3 issues on 2 records, USD 500 at risk, every deal counted once." in roll_up.body(said)
    assert lines_under("BY OWNER", roll_up.body(said)) == ["- no owner: 3 issues on 2 records, USD 500"]


def test_what_moved_is_counted_since_the_last_roll_up():
    after = SINCE + timedelta(days=1)
    said = told(
        issue(1, opened_on=SINCE),
        issue(2, opened_on=after),
        issue(3, opened_on=after, is_baseline=True),
        issue(4, opened_on=after, state="resolved", resolved_on=after),
        issue(5, opened_on=SINCE, state="resolved", resolved_on=after),
        issue(6, opened_on=SINCE, state="resolved", resolved_on=SINCE),
    )
    text = roll_up.body(said)
    assert "3 issues on 3 records." in text
    assert "Since 2026-11-22: 2 opened, 2 resolved." in text
    assert "1 of the open ones were found by the first run, which alerts nobody." in text
    (rule,) = lines_under("BY RULE", text)
    assert rule == "- OPP-01 critical: 3 deals; 2 opened, 2 resolved. For example: The close date passed 1 days ago."


def test_rules_come_worst_first_and_the_rest_are_counted():
    severities = ["info", "warning", "critical"]
    issues = [
        issue(number, rule_id=f"OPP-{number:02}", severity=severities[number % 3], value_at_risk=Decimal(number))
        for number in range(20)
    ]
    lines = lines_under("BY RULE", roll_up.body(told(*issues)))
    assert [line.split()[1:3] for line in lines[:3]] == [
        ["OPP-17", "critical:"],
        ["OPP-14", "critical:"],
        ["OPP-11", "critical:"],
    ]
    assert lines[-1] == "- and 5 more"
    assert len(lines) == 16


def test_owners_and_teams_are_named_most_value_first():
    said = told(
        issue(1, owner_id="ann", value_at_risk=Decimal(10)),
        issue(2, owner_id="bob", value_at_risk=Decimal(20)),
        issue(3, owner_id="cat", value_at_risk=Decimal(5)),
        issue(4, owner_id=None),
        owners=(
            {"owner_id": "ann", "owner_name": "Ann [red]", "is_active": True, "team": "West"},
            {"owner_id": "bob", "owner_name": "<!here>", "is_active": False, "team": "East"},
            {"owner_id": "cat", "owner_name": None, "is_active": True, "team": "West"},
        ),
    )
    text = roll_up.body(said)
    assert lines_under("BY OWNER", text) == [
        "- <\u200b!here> (left): 1 issue on 1 record, USD 20",
        "- Ann [red]: 1 issue on 1 record, USD 10",
        "- cat: 1 issue on 1 record, USD 5",
        "- no owner: 1 issue on 1 record",
    ]
    assert lines_under("BY TEAM", text) == [
        "- East: 1 issue on 1 record, USD 20",
        "- West: 2 issues on 2 records, USD 15",
        "- no team: 1 issue on 1 record",
    ]


def test_a_company_without_teams_has_no_table_of_teams():
    assert "BY TEAM" not in roll_up.body(told(issue(1), owners=({"owner_id": "ann", "is_active": True},)))


def test_the_pipeline_stands_as_reported_and_as_agreed():
    rows = (
        {"basis": "reported", "deals": 36, "amount": "2283906.10", "without_amount": 3, "share_of_reported": 1.0},
        {"basis": "eligible", "deals": 12, "amount": "841856.00", "without_amount": 0, "share_of_reported": 0.3686},
    )
    assert lines_under("PIPELINE", roll_up.body(told(pipeline=rows))) == [
        "Reported by the systems: 36 deals, USD 2,283,906; 3 without an amount.",
        "Eligible under the definitions: 12 deals, USD 841,856, 36.9% of the reported amount.",
    ]


def test_a_pipeline_without_any_amount_is_not_worth_nothing():
    row = {"deals": 1, "amount": None, "without_amount": 1, "share_of_reported": None}
    rows = ({"basis": "reported", **row}, {"basis": "eligible", **row})
    assert "1 deal, no known amount; 1 without an amount." in roll_up.body(told(pipeline=rows))


def test_what_is_set_aside_and_how_fresh_the_data_is_are_told():
    held = pl.DataFrame(
        {
            "source_system": ["hubspot"] * 2,
            "stream": ["deals"] * 2,
            "reason_code": ["bad_amount", "no_id"],
            "records": [2, 7],
        }
    )
    cursors = cursors_of(("hubspot", "deals", 1, 3), ("hubspot", "contacts", 1, 1))
    text = roll_up.body(told(quarantined=held, cursors=cursors))
    assert lines_under("SET ASIDE: 9 records", text) == [
        "- hubspot.deals: 7 records, no_id",
        "- hubspot.deals: 2 records, bad_amount",
    ]
    assert lines_under("DATA", text) == ["- hubspot: 2 streams, complete up to 2026-11-29 05:00 UTC"]


def test_nothing_wrong_is_good_news_and_still_told():
    said = told()
    assert roll_up.subject(said) == "Pipeline hygiene 2026-11-29: 0 open issues"
    assert roll_up.body(said) == (
        "As of 2026-11-29. Run 000002, published 2026-11-29 06:00 UTC.\n\n"
        "OPEN ISSUES\n0 issues on 0 records.\nSince 2026-11-22: 0 opened, 0 resolved.\n\n"
        "SET ASIDE: nothing"
    )


def test_a_draft_says_so_first():
    draft = MessageContext(as_of=DAY, currency="USD", definitions="handoff 2026.1", is_draft=True)
    said = told(issue(1), context=draft)
    assert roll_up.subject(said).startswith("[draft definitions] ")
    assert roll_up.body(said).startswith("DRAFT: ")


def test_the_worst_records_are_shown_in_full():
    issues = [issue(number, value_at_risk=Decimal(number)) for number in range(9)]
    text = roll_up.body(told(*issues, owners=({"owner_id": "ann", "owner_name": "Ann", "is_active": True},)))
    shown = text.split("WORST RECORDS\n\n")[1].split("\n\n")
    assert [part.split("\n")[0] for part in shown] == [
        f"{place}. Deal: Deal {9 - place} (USD {9 - place} at risk)" for place in range(1, 6)
    ]
    assert all("   Owner: Ann" in part for part in shown)


# Freshness


def cursors_of(*rows: tuple[str, str, int | None, int | None]) -> pl.DataFrame:
    """Streams with the hours since they were pulled and since they are complete."""

    def before(hours: int | None) -> datetime | None:
        return None if hours is None else NOW - timedelta(hours=hours)

    made = [
        {"source_system": source, "stream": stream, "pulled_at": before(pulled), "high_water_at": before(complete)}
        for source, stream, pulled, complete in rows
    ]
    return pl.DataFrame(made, schema=schema_of(OPS_CURSOR.columns))


@pytest.mark.parametrize(
    ("published", "cursors", "reasons"),
    [
        (26, [("crm", "deals", 26, 26)], []),
        (27, [("crm", "deals", 1, 1)], ["The last run was published at 2026-11-28 05:00 UTC."]),
        (1, [("crm", "deals", 27, 1)], ["crm is complete up to 2026-11-28 05:00 UTC (deals)."]),
        (1, [("crm", "deals", 1, 27)], ["crm is complete up to 2026-11-28 05:00 UTC (deals)."]),
        (1, [("crm", "deals", 1, None)], []),
        (1, [("crm", "deals", None, None)], ["crm is complete up to a time that is not known (deals)."]),
        (1, [("crm", "deals", 1, -200)], []),
        (
            1,
            [("crm", "tasks", 30, 30), ("crm", "deals", 40, 40), ("web", "contacts", 2, 2)],
            ["crm is complete up to 2026-11-27 16:00 UTC (deals, tasks)."],
        ),
        (1, [], []),
    ],
    ids=["at the limit", "run", "pull", "high water", "file", "never", "a clock ahead", "one source of two", "none"],
)
def test_data_is_stale_where_run_pull_or_source_is_older_than_the_limit(published, cursors, reasons):
    published_at = NOW - timedelta(hours=published)
    found = stale_reasons(cursors_of(*cursors), published_at=published_at, now=NOW, limit=timedelta(hours=26))
    assert list(found) == reasons


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 50), st.integers(0, 50)), max_size=6
    )
)
def test_one_stale_stream_makes_the_data_stale(streams):
    found = stale_reasons(cursors_of(*streams), published_at=NOW, now=NOW, limit=timedelta(hours=26))
    assert bool(found) == any(pulled > 26 or complete > 26 for _, _, pulled, complete in streams)


def test_revops_is_told_why_alerts_are_held_back_and_what_to_do():
    said = held_back(("crm is complete up to yesterday (deals).",), hours=26)
    assert "older than 26 hours" in said
    assert "\n- crm is complete up to yesterday (deals).\n" in said
    assert "bantam status" in said
