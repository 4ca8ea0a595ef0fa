"""Home and warehouse restored alone, or from different moments: an undisturbed home has published the same."""

import shutil
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from definitions.errors import LandingError
from flows.terminal.sandbox_process import sandbox_running
from tests.flows.conftest import CONFIG, advance
from tests.flows.line import Line, warehouse_in
from tests.flows.terminal import bantam
from tests.operations.keepsakes import Kept, advised, differences, flip, kept, newest, restored, states

pytestmark = pytest.mark.slow

PEOPLE, FIRST = 120, date(2026, 11, 23)
SECOND, THIRD = FIRST + timedelta(7), FIRST + timedelta(14)

# Versions of deals that came and went between two moments, and the days on which a run saw something.
ONLY_LANDING_KNEW = ("last_meaningful_change_on", "push_count")
ONLY_THE_WAREHOUSE_KNEW = (
    "lifecycle_class_since", "pipeline_class_since", "fct_classification_change", "fct_hygiene_issue",
    "fct_opportunity_daily_snapshot",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """A line that met the company in three weeks, how it stood after each, and what it published in the end."""

    line: Line
    first: Kept
    second: Kept
    third: Kept
    tables: dict


@pytest.fixture(scope="module")
def weeks(server, migrated, tmp_path_factory):
    folder = tmp_path_factory.mktemp("weeks")
    with sandbox_running(PEOPLE, FIRST) as sandbox:
        variables = {**sandbox.environment, **warehouse_in(server, migrated)}
        line = Line(config=CONFIG, home=folder / "home", variables=variables)
        moments = {}
        for name, day in (("first", FIRST), ("second", SECOND), ("third", THIRD)):
            line.refresh(day)
            moments[name] = kept(line, folder / name, server)
            if day != THIRD:
                advance(sandbox, 7)
        yield Weeks(line=line, tables=line.published(), **moments)


def again(weeks, tmp_path, server, *, home, warehouse):
    return restored(weeks.line, tmp_path / "home", server, home=home, warehouse=warehouse.warehouse)


def examined(line, *asked):
    return bantam(line.home, "doctor", *asked, **line.variables)


def test_a_state_that_is_gone_is_made_again_byte_for_byte(weeks, server, tmp_path):
    line = again(weeks, tmp_path, server, home=weeks.third, warehouse=weeks.third)
    before = states(line.home)
    shutil.rmtree(line.home / "state")
    told = examined(line)
    assert told.code == 4
    assert "is missing" in told.out
    assert "the next run makes it again from landing, the same rows" in told.out
    report = line.refresh(THIRD)
    assert (report["status"], differences(line.published(), weeks.tables)) == ("unchanged", [])
    made = [note for note in report["notes"] if "the state was made again from landing" in note]
    assert len(made) == len(line.ask("SELECT 1 FROM ops.cursor WHERE state_version IS NOT NULL"))
    after = states(line.home)
    named = {name: content for name, content in before.items() if name in after}
    assert len(named) >= len(made) / 2
    assert all(after[name] == content for name, content in named.items())
    assert examined(line).code == 0, examined(line).out


@pytest.mark.parametrize(
    ("home", "warehouse"),
    [
        ("first", "third"),
        ("second", "third"),
        ("third", "first"),
        ("third", "second"),
        ("first", "second"),
    ],
    ids=lambda name: name,
)
def test_halves_of_different_moments_come_to_the_same(weeks, server, tmp_path, home, warehouse):
    """An older home is asked again from where its landing ends; of an older warehouse the state is there or made."""
    line = again(weeks, tmp_path, server, home=getattr(weeks, home), warehouse=getattr(weeks, warehouse))
    shown = examined(line, "--quick")
    if home < warehouse:
        assert shown.code == 4, shown.out
        assert "asks the source from there on" in shown.out
    report = line.refresh(THIRD)
    lost = ONLY_LANDING_KNEW if home < warehouse else ONLY_THE_WAREHOUSE_KNEW if warehouse == "first" else ()
    assert differences(line.published(), weeks.tables, without=lost) == []
    assert [row["difference"] for row in report["balance"] if row["difference"]] == []
    assert examined(line).code == 0, examined(line).out


def test_a_state_of_which_a_bit_flipped_is_not_believed(weeks, server, tmp_path):
    line = again(weeks, tmp_path, server, home=weeks.third, warehouse=weeks.third)
    for path in line.home.glob("state/*/*/*.parquet"):
        flip(path)
    report = line.refresh(THIRD)
    assert any("does not match its checksum" in note for note in report["notes"])
    assert differences(line.published(), weeks.tables) == []


def test_a_home_without_landing_goes_on_from_its_states(weeks, server, tmp_path):
    line = again(weeks, tmp_path, server, home=weeks.third, warehouse=weeks.third)
    shutil.rmtree(line.home / "landing")
    assert "landing lacks what was pulled" in examined(line).out
    assert line.refresh(THIRD)["status"] == "unchanged"
    assert differences(line.published(), weeks.tables) == []


@pytest.mark.parametrize("lost", ["home", "landing and states"])
def test_where_nothing_is_left_a_full_run_starts_anew_and_the_books_stay(weeks, server, tmp_path, lost):
    home = None if lost == "home" else weeks.third
    line = again(weeks, tmp_path, server, home=home, warehouse=weeks.third)
    if home is not None:
        for part in ("landing", "state"):
            shutil.rmtree(line.home / part)
    with pytest.raises(LandingError) as refused:
        line.refresh(THIRD)
    assert refused.value.exit_code == 4
    with pytest.raises(LandingError):
        line.reclassify(THIRD)
    report = line.refresh(THIRD, **advised(refused.value))
    assert any("its state starts anew from the full listing" in note for note in report["notes"])
    after = line.published()
    for table, key in (("dim_person", "person_id"), ("fct_opportunity", "opportunity_id")):
        assert sorted(after[table][key]) == sorted(weeks.tables[table][key])
    since = ["person_id", "lifecycle_class", "lifecycle_class_since"]
    assert after["dim_person"].select(since).equals(weeks.tables["dim_person"].select(since))
    ledger = "fct_classification_change"
    assert after[ledger].height >= weeks.tables[ledger].height
    assert line.refresh(THIRD)["notes"] == []
    assert examined(line).code == 0, examined(line).out


def test_a_page_that_landing_needs_is_asked_again_as_the_message_says(weeks, server, tmp_path):
    """Deals keep their versions, so their state is made of every run; what is readable of the old ones is kept."""
    line = again(weeks, tmp_path, server, home=weeks.third, warehouse=weeks.third)
    shutil.rmtree(line.home / "state" / "hubspot" / "deals")
    page = newest(line.home.glob("landing/hubspot/deals/*/0*-*.jsonl.zst"))
    flip(page)
    with pytest.raises(LandingError, match="does not match its checksum") as refused:
        line.refresh(THIRD)
    assert str(page) in str(refused.value)
    asked = advised(refused.value)
    assert asked["sources"] == ["hubspot"]
    report = line.refresh(THIRD, **asked)
    assert any(str(page) in note and "was put aside" in note for note in report["notes"])
    assert sorted(line.published()["fct_opportunity"]["opportunity_id"]) == sorted(
        weeks.tables["fct_opportunity"]["opportunity_id"]
    )
    assert line.refresh(THIRD)["notes"] == []
    assert examined(line).code == 0, examined(line).out
