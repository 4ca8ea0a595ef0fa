"""A run killed at any named point leaves what was published, and the next run finishes the job."""

from datetime import date

import pytest

from definitions.crash_points import CRASH_POINTS
from definitions.errors import AnotherRunActiveError
from definitions.tables import CURATED
from definitions.tables import FCT_CLASSIFICATION_CHANGE as LEDGER
from tests.flows.line import Line, same_rows
from warehouse.lock import run_lock

CONFIG = """
definitions: handoff
sources:
  - name: shop
    kind: files
    currency: USD
    stages: {Talking: meeting_discovery, Won: closed_won, Lost: closed_lost}
    streams:
      - name: deals
        kind: opportunity
        path: deals.csv
        id: id
        columns:
          name: name
          source_stage: stage
          source_close_date: close
          amount: amount
"""
MOVES = ("record_id", "from_class", "to_class", "changed_on")
FIRST = """id,name,stage,close,amount
1,Acme,Talking,2026-12-01,100
2,Beta,Talking,2026-10-01,200
3,Cyan,Won,2026-09-01,300
"""
SECOND = FIRST.replace("1,Acme,Talking", "1,Acme,Won") + "4,Delta,Talking,2026-12-05,50\n"
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
# A file is landed whole, not fetched, and nobody is told: the points of those steps are proved in their own rooms.
REACHED = sorted(CRASH_POINTS - {"fetch.after_response", "alert.before_send"})


def shop(folder):
    folder.mkdir()
    (folder / "bantam.yaml").write_text(CONFIG)
    (folder / "deals.csv").write_text(FIRST)
    line = Line(config=folder / "bantam.yaml", home=folder / "home", variables={}, data=folder)
    line.refresh(MONDAY)
    (folder / "deals.csv").write_text(SECOND)
    return line


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    line = shop(tmp_path_factory.mktemp("undisturbed") / "shop")
    before = line.published()
    line.refresh(TUESDAY)
    return before, line.published()


def differences(one, other):
    """Tables that differ; a change of class is keyed by its run, so the ledger is compared by what it says."""
    told = [same_rows(one[table.name], other[table.name], table) for table in CURATED if table is not LEDGER]
    said = [sorted(frame[LEDGER.name].select(MOVES).rows()) for frame in (one, other)]
    return [*filter(None, told), *(["the ledger"] if said[0] != said[1] else [])]


@pytest.mark.slow
@pytest.mark.parametrize("point", REACHED)
def test_a_killed_run_publishes_all_or_nothing_and_the_next_one_finishes(tmp_path, undisturbed, point):
    before, after = undisturbed
    line = shop(tmp_path / "shop")
    assert line.refresh_in_a_process(TUESDAY, point) == -9
    expected = after if point == "publish.after_commit" else before
    assert differences(line.published(), expected) == []
    report = line.refresh(TUESDAY)
    assert differences(line.published(), after) == []
    assert [row["difference"] for row in report["balance"]] == [0]


def test_a_second_run_is_turned_away_at_once(tmp_path):
    line = shop(tmp_path / "shop")
    with line.opened(TUESDAY) as (_, engine), run_lock(engine), pytest.raises(AnotherRunActiveError) as turned_away:
        line.refresh(TUESDAY)
    assert turned_away.value.exit_code == 75
