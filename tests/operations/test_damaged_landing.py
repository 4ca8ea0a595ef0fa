"""Damaged pages and manifests: what no cursor covers is put aside and asked again, what one covers is refused."""

import json
from datetime import date

import pytest

from definitions.errors import LandingError
from tests.flows.shop import CONFIG, copied_shop, opened_shop, write_deals
from tests.flows.terminal import bantam
from tests.operations.keepsakes import advised, differences, flip, newest

pytestmark = pytest.mark.slow

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)
FIRST = ("1,Acme,Talking,2026-12-01,100", "2,Beta,Talking,2026-10-01,200", "3,Cyan,Won,2026-09-01,300")
SECOND = ("1,Acme,Talking,2027-01-15,100", *FIRST[1:], "4,Delta,Talking,2026-12-05,50")
THIRD = (*SECOND, "5,Echo,Talking,2026-12-24,10")


@pytest.fixture(scope="module")
def monday(server, tmp_path_factory):
    """The shop as published on Monday; a run of Tuesday died when it had landed, and published nothing."""
    line = opened_shop(tmp_path_factory.mktemp("monday") / "shop", FIRST, server)
    line.refresh(MONDAY)
    write_deals(line.config.parent, SECOND)
    assert line.refresh_in_a_process(TUESDAY, "state.before_save") == -9
    return line


@pytest.fixture(scope="module")
def undisturbed(server, monday, tmp_path_factory):
    line = copied_shop(monday, tmp_path_factory.mktemp("undisturbed") / "shop", server)
    line.refresh(TUESDAY)
    return line.published()


@pytest.fixture
def shop(server, monday, tmp_path):
    return copied_shop(monday, tmp_path / "shop", server)


def landed(line, name="0*-*.csv.zst"):
    return newest(line.home.glob(f"landing/shop/deals/*/{name}"))


DAMAGES = {
    "a bit flipped": lambda line: flip(landed(line)),
    "a page is missing": lambda line: landed(line).unlink(),
    "the manifest": lambda line: flip(landed(line, "manifest.jsonl"), bit=90),
    "the manifest, in a number": lambda line: recounted(landed(line, "manifest.jsonl")),
}


def recounted(manifest):
    """Damage that leaves JSON: a count that is not so."""
    text = manifest.read_text()
    told = json.loads(text.splitlines()[0])["records"]
    manifest.write_text(text.replace(f'"records":{told}', f'"records":{told + 5}', 1))


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_a_dead_run_landed_is_put_aside_and_asked_again(shop, undisturbed, damage):
    DAMAGES[damage](shop)
    told = bantam(shop.home, "doctor", **shop.variables)
    assert told.code == 4, told.out
    report = shop.refresh(TUESDAY)
    assert ["was put aside, its records are pulled again" in note for note in report["notes"]] == [True]
    assert differences(shop.published(), undisturbed) == []
    assert shop.refresh(TUESDAY)["notes"] == []
    assert bantam(shop.home, "doctor", **shop.variables).code == 0


def test_the_night_puts_it_aside_too_and_the_morning_asks_again(shop, undisturbed):
    flip(landed(shop))
    assert len(shop.reclassify(TUESDAY)["notes"]) == 1
    assert shop.refresh(TUESDAY)["notes"] == []
    assert differences(shop.published(), undisturbed) == []


def test_a_page_that_a_cursor_covers_is_not_missed_while_the_state_is_whole(shop, undisturbed):
    shop.refresh(TUESDAY)
    flip(landed(shop))
    told = bantam(shop.home, "doctor", **shop.variables)
    assert (told.code, "none is needed while the state is whole" in told.out) == (4, True), told.out
    assert shop.refresh(TUESDAY)["notes"] == []
    assert differences(shop.published(), undisturbed) == []


def test_where_the_state_is_gone_too_the_run_is_refused_and_its_advice_helps(shop, undisturbed):
    shop.refresh(TUESDAY)
    page = landed(shop)
    flip(page)
    for state in shop.home.glob("state/*/*/*.parquet"):
        state.unlink()
    before = shop.published()
    with pytest.raises(LandingError) as refused:
        shop.refresh(WEDNESDAY)
    assert (refused.value.exit_code, str(page) in str(refused.value)) == (4, True)
    assert differences(shop.published(), before) == []
    report = shop.refresh(TUESDAY, **advised(refused.value))
    assert any(str(page) in note for note in report["notes"])
    # The file of Monday could be read: what it told of the deal that was put off is kept.
    assert differences(shop.published(), undisturbed) == []
    assert shop.refresh(TUESDAY)["notes"] == []
    assert bantam(shop.home, "doctor", **shop.variables).code == 0


@pytest.fixture
def increments(server, tmp_path):
    """A shop each of whose files adds to those before it; Tuesday's was landed by a run that died."""
    line = opened_shop(tmp_path / "shop", FIRST[:2], server)
    line.config.write_text(CONFIG.replace("        id: id\n", "        id: id\n        complete: false\n"))
    line.refresh(MONDAY)
    write_deals(line.config.parent, SECOND[2:])
    assert line.refresh_in_a_process(TUESDAY, "state.before_save") == -9
    return line


def names(line):
    return sorted(line.published()["fct_opportunity"]["name"])


def test_an_increment_that_is_at_hand_is_read_again(increments):
    flip(landed(increments))
    assert len(increments.refresh(TUESDAY)["notes"]) == 1
    assert names(increments) == ["Acme", "Beta", "Cyan", "Delta"]


def test_an_increment_that_no_other_file_holds_is_not_dropped_in_silence(increments):
    flip(landed(increments))
    write_deals(increments.config.parent, THIRD[4:])
    with pytest.raises(LandingError, match="no other file holds the rows of this increment") as refused:
        increments.refresh(WEDNESDAY)
    assert names(increments) == ["Acme", "Beta"]
    # First remedy of the message: Tuesday's file in its place again, then Wednesday's.
    write_deals(increments.config.parent, SECOND[2:])
    increments.refresh(TUESDAY)
    write_deals(increments.config.parent, THIRD[4:])
    increments.refresh(WEDNESDAY)
    assert names(increments) == ["Acme", "Beta", "Cyan", "Delta", "Echo"]
    assert "--full" in str(refused.value)


def test_an_increment_that_is_given_up_is_said_to_be_lost(increments):
    flip(landed(increments))
    write_deals(increments.config.parent, THIRD[4:])
    with pytest.raises(LandingError) as refused:
        increments.refresh(WEDNESDAY)
    report = increments.refresh(WEDNESDAY, **advised(refused.value))
    assert [note.endswith("records found only in it are lost") for note in report["notes"]] == [True]
    assert names(increments) == ["Acme", "Beta", "Echo"]
