"""A run that is refused says why, ends with its exit code, and leaves curated and ops tables as they were."""

from datetime import date

import pytest
import sqlalchemy as sa

from definitions.agreement.load import load_definitions
from definitions.errors import (
    AuditRefusedError,
    ConfigurationError,
    FileUnreadableError,
    SourceRefusedError,
    TransformError,
)
from flows.run.failures import failed_since
from flows.terminal.sandbox_process import sandbox_running
from tests.flows.line import ROOT, Line
from tests.flows.shop import HEADER, copied_shop, opened_shop, write_deals
from tests.flows.terminal import bantam

pytestmark = pytest.mark.slow

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
DEALS = [f"{number},Deal {number},Talking,2027-01-{number % 28 + 1:02},{number}00" for number in range(1, 151)]
PROFILE = ROOT / "definitions" / "profiles" / "handoff.yaml"


@pytest.fixture(scope="module")
def monday(server, tmp_path_factory):
    """A shop of 150 deals, published; one line of its file has no id and one a day that is none."""
    folder = tmp_path_factory.mktemp("monday") / "shop"
    line = opened_shop(folder, [*DEALS, ",Nobody's,Talking,2027-01-01,1", "151,Odd,Talking,never,1"], server)
    profile = PROFILE.read_text().replace("definitions: handoff", "definitions: ours", 1)
    (folder / "ours.yaml").write_text(profile)
    line.config.write_text(line.config.read_text().replace("definitions: handoff", "definitions: ours.yaml"))
    line.refresh(MONDAY)
    return line


@pytest.fixture
def shop(server, monday, tmp_path):
    return copied_shop(monday, tmp_path / "shop", server)


def standing(line):
    """Everything a reader or the next run may see."""
    tables = {name: frame.rows() for name, frame in line.published().items()}
    ops = "ops.run", "ops.cursor", "ops.quarantine", "ops.value_fault", "ops.conservation", "ops.definitions_version"
    return tables, {table: sorted(map(str, line.ask(f"SELECT * FROM {table}"))) for table in ops}


WITHOUT_STAGE = "id,name,phase,close,amount"


def mistyped(rows):
    return [row.replace("Talking", "Tlaking") for row in rows]


def rewritten(line, rows, header=HEADER):
    write_deals(line.config.parent, rows)
    path = line.config.parent / "deals.csv"
    path.write_text(path.read_text().replace(HEADER, header, 1))


def edited_profile(line):
    path = line.config.parent / "ours.yaml"
    path.write_text(path.read_text().replace("lead_days: 180", "lead_days: 90", 1))


@pytest.mark.parametrize(
    ("change", "error", "code", "words"),
    [
        (lambda line: rewritten(line, mistyped(DEALS)), TransformError, 4, ["shop.deals", "source_stage", "150 of 15"]),
        (lambda line: rewritten(line, DEALS, WITHOUT_STAGE), FileUnreadableError, 3, ["deals.csv", "stage"]),
        (lambda line: (line.config.parent / "deals.csv").unlink(), FileUnreadableError, 3, ["shop.deals", "deals.csv"]),
        (lambda line: rewritten(line, [row.replace("2027-01-", "01/2027/") for row in DEALS]), FileUnreadableError, 3,
         ["'close'", "not an ISO day, in lines 2, 3, 4"]),
        (edited_profile, ConfigurationError, 2, ["ours 2026.1", "version of its own"]),
    ],
    ids=["unknown words", "a column is gone", "no file", "unreadable dates", "edited definitions"],
)  # fmt: skip
def test_a_refused_run_changes_nothing_and_says_why(shop, change, error, code, words):
    before = standing(shop)
    change(shop)
    with pytest.raises(error) as refused:
        shop.refresh(TUESDAY)
    assert refused.value.exit_code == code
    assert [word for word in words if word not in str(refused.value)] == [], str(refused.value)
    assert standing(shop) == before
    # What is wrong with the words of the agreement is told before there is a run.
    told = failed_since("000001-9", shop.home / "reports") or {"exit_code": 2, "error": str(refused.value)}
    assert (told["exit_code"], told["error"]) == (code, str(refused.value))


def test_definitions_fingerprinted_by_an_earlier_release_are_used_on_and_still_refused_once_edited(shop):
    with shop.opened(TUESDAY) as (_, engine), engine.begin() as connection:
        connection.execute(sa.text("UPDATE ops.definitions_version SET text_sha256 = repeat('0a', 32)"))
    fingerprint = load_definitions(shop.config.parent / "ours.yaml").text_sha256
    told = [note for note in shop.refresh(TUESDAY)["notes"] if fingerprint in note]
    assert len(told) == 1
    assert shop.ask("SELECT text_sha256 FROM ops.definitions_version") == [(fingerprint,)]
    assert [note for note in shop.reclassify(TUESDAY)["notes"] if fingerprint in note] == []
    edited_profile(shop)
    with pytest.raises(ConfigurationError, match="version of its own"):
        shop.refresh(TUESDAY)


def test_a_refused_audit_changes_nothing_says_why_and_can_be_looked_up(shop):
    before = standing(shop)
    rewritten(shop, DEALS[:60])
    with pytest.raises(AuditRefusedError, match=r"fct_opportunity.*-20%.*60 rows") as refused:
        shop.refresh(TUESDAY)
    assert refused.value.exit_code == 5
    assert standing(shop) == before
    failed = (
        "SELECT a.table_name, a.observed, r.run_id FROM ops.audit_result a LEFT JOIN ops.run r USING (run_id) "
        "WHERE NOT a.is_success AND a.is_blocking"
    )
    assert [(table, "60 rows" in told, run) for table, told, run in shop.ask(failed) if table == "fct_opportunity"] == [
        ("fct_opportunity", True, None)
    ]
    told = bantam(shop.home, "status", **shop.variables)
    assert (told.code, "was refused" in told.out, "60 rows" in told.out) == (0, True, True), told.complaint
    narrow, wide = (bantam(shop.home, "status", **shop.variables, COLUMNS=columns).out for columns in ("80", "2000"))
    assert [word for word in narrow.split() if word not in wide.split() and set(word) != {"─"}] == []
    assert max(map(len, narrow.splitlines())) <= 80
    shop.refresh(TUESDAY, accept_volume="the old region was sold")
    assert "was refused" not in bantam(shop.home, "status", **shop.variables).out


def test_a_change_of_volume_is_let_through_with_its_reason_which_is_kept(shop):
    rewritten(shop, DEALS[:60])
    report = shop.refresh(TUESDAY, accept_volume="the old region was sold")
    assert shop.ask("SELECT count(*) FROM curated.fct_opportunity") == [(60,)]
    assert [(row["deleted"], row["difference"]) for row in report["balance"]] == [(91, 0)]
    kept = shop.ask(f"SELECT observed FROM ops.audit_result WHERE NOT is_success AND run_id = '{report['run_id']}'")
    assert any("let through: the old region was sold" in observed for (observed,) in kept)


def test_what_could_not_be_read_is_named_until_its_file_is_read_again(shop):
    """The record without an id is in no state, and the next run must not forget it; the odd day costs itself alone."""
    named = "SELECT reason_code, first_seen_on::text, last_seen_on::text FROM ops."
    monday, tuesday, wednesday = "2026-11-23", "2026-11-24", "2026-11-25"
    assert shop.ask(f"{named}quarantine") == [("missing_id", monday, monday)]
    assert shop.ask(f"{named}value_fault") == [("unreadable_value", monday, monday)]
    report = shop.refresh(TUESDAY)
    assert shop.ask(f"{named}quarantine") == [("missing_id", monday, tuesday)]
    assert shop.ask(f"{named}value_fault") == [("unreadable_value", monday, tuesday)]
    assert [(row["fetched"], row["quarantined"], row["difference"]) for row in report["balance"]] == [(152, 1, 0)]
    told = [(row["stream"], row["field_name"], row["values"]) for row in report["values_set_to_null"]]
    assert told == [("deals", "source_close_date", 1)]
    odd = "SELECT amount::int, close_date FROM curated.fct_opportunity WHERE name = 'Odd'"
    assert shop.ask(odd) == [(1, None)]
    rewritten(shop, [*DEALS, "151,Odd,Talking,never,2"])
    report = shop.refresh(date.fromisoformat(wednesday))
    assert shop.ask(f"{named}quarantine") == []
    assert shop.ask(f"{named}value_fault") == [("unreadable_value", monday, wednesday)]
    assert [(row["fetched"], row["quarantined"], row["difference"]) for row in report["balance"]] == [(151, 0, 0)]
    assert shop.ask(odd) == [(2, None)]


@pytest.mark.parametrize(
    ("rows", "setting", "held"),
    [
        ([f"{number},Short" for number in range(200, 211)], "quarantine_ceiling: 1", 11),
        ([f"{number},Odd,Talking,never,1" for number in range(200, 209)], "unreadable_ceiling: 0.1", 9),
    ],
    ids=["rows", "values of a column"],
)
def test_how_many_that_cannot_be_read_are_too_many_is_a_setting(shop, rows, setting, held):
    rewritten(shop, [*DEALS, *rows])
    with pytest.raises(FileUnreadableError, match=f"{held} of {150 + held}"):
        shop.refresh(TUESDAY)
    shop.config.write_text(f"{setting}\n{shop.config.read_text()}")
    shop.refresh(TUESDAY)
    faults = (
        "SELECT record_key, reason_code FROM ops.quarantine UNION SELECT record_key, reason_code FROM ops.value_fault"
    )
    of_monday = "reason_code = 'missing_id' OR right(record_key, 3) = '151'"
    assert shop.ask(f"SELECT count(*) FROM ({faults}) named WHERE NOT ({of_monday})") == [(held,)]


def test_a_source_that_refuses_our_token_is_named_and_the_token_is_not(tmp_path, server):
    with sandbox_running(20, date(2026, 11, 22)) as sandbox:
        wrong = {**sandbox.environment, "HUBSPOT_TOKEN": "pat-CANARY-wrong"}
        config = ROOT / "examples" / "hubspot_salesforce" / "bantam.yaml"
        line = Line(config=config, home=tmp_path, variables=wrong)
        with pytest.raises(SourceRefusedError, match="hubspot") as refused:
            line.refresh(MONDAY)
    assert refused.value.exit_code == 3
    assert "CANARY" not in str(refused.value)
    assert line.ask("SELECT count(*) FROM ops.run") == [(0,)]
    told = bantam(line.home, "status")
    assert ("failed with exit code 3" in told.out, "CANARY" in told.out) == (True, False)


def test_nothing_of_the_home_is_open_to_others(shop):
    """The warehouse of this shop is elsewhere; that of the embedded server is proved in its own room."""
    modes = {path: path.stat().st_mode & 0o077 for path in [shop.home, *shop.home.rglob("*")]}
    assert [str(path) for path, open_to in modes.items() if open_to] == []
