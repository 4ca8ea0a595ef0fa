"""What a run tells of its files: rows set aside, lines that repeat, and files that are not there."""

from datetime import date

import pytest
from rich.console import Console

from definitions.errors import FileUnreadableError
from flows.run.input_files import check_input_files
from flows.run.request import read_request
from flows.terminal.show_report import show_report
from tests.flows.line import environment
from tests.flows.shop import opened_shop
from tests.flows.terminal import bantam

AS_OF = date(2026, 11, 23)
GOOD = [f"{number},Deal {number},Talking,2026-12-01,100" for number in range(3, 60)]


def told_of(report) -> str:
    console = Console(width=240, force_terminal=False)
    with console.capture() as captured:
        show_report(report, console)
    return captured.get()


@pytest.mark.slow
def test_a_run_says_which_rows_of_its_files_it_set_aside_and_what_repeats(server, tmp_path):
    rows = [*GOOD, "1,Short", "90,Deal,Talking,31 Smarch 2026,1", "", GOOD[0], GOOD[0], "99,Later,Won,2026-01-01,5"]
    line = opened_shop(tmp_path / "shop", rows, server)
    (line.config.parent / "deals.csv").write_bytes(
        (line.config.parent / "deals.csv").read_bytes() + b"2,Zo\xeb,Talking,2026-12-01,7\n"
    )
    told = told_of(line.refresh(AS_OF))
    assert "None" not in told
    assert "shop.deals: 1 set aside, short_row (line 59): fewer cells than the header; compare `delimiter`" in told
    assert "shop.deals: 1 set aside, undecodable (line 65): not of the declared encoding; declare `encoding`" in told
    assert (
        "shop.deals: 1 value of source_close_date set to null, unreadable_value: not an ISO day, written as "
        "99 Xxxxxx 9999" in told
    )
    assert "shop.deals: deals.csv: 2 lines repeat others word for word (line 62, 63); each is counted once" in told
    assert "shop.deals: deals.csv: 1 blank lines passed over" in told
    again = line.refresh(AS_OF)
    assert "has not changed" not in told_of(again)
    # What was set aside stands until the file is read again.
    assert "short_row (line 59)" in told_of(again)


@pytest.mark.slow
def test_a_run_says_which_references_lead_to_no_record_and_where_cells_hold_several(server, tmp_path):
    line = opened_shop(tmp_path / "shop", GOOD, server)
    settings = line.config.read_text()
    keys = "account_key: {column: stage, refers_to: deals}, product_key: {column: lines, refers_to: deals}"
    line.config.write_text(settings.replace("amount: amount}", f"amount: amount, {keys}}}"))
    rows = [f"{row},w1;w2" if place == 0 else f"{row}," for place, row in enumerate(GOOD)]
    (line.config.parent / "deals.csv").write_text("\n".join(["id,name,stage,close,amount,lines", *rows]) + "\n")
    report = line.refresh(AS_OF)
    told = told_of(report)
    assert f"shop.deals: {len(GOOD)} records with account_key that leads to no record; there is no link." in told
    assert "shop.deals: 1 record with several ids in product_key; only the first is taken." in told
    assert [(row["stream"], row["field_name"], row["reason"], row["records"]) for row in report["references"]] == [
        ("deals", "account_key", "dangling", len(GOOD)),
        ("deals", "product_key", "dangling", 1),
        ("deals", "product_key", "several", 1),
    ]


def test_every_missing_file_is_named_at_once(tmp_path):
    line = opened_shop(tmp_path / "shop", GOOD)
    with environment(line.surroundings()):
        job = read_request(str(line.config), data=None, as_of=AS_OF, sources=None)
    check_input_files(job)
    (line.config.parent / "deals.csv").unlink()
    with pytest.raises(FileUnreadableError, match=r"shop: there is no file for shop\.deals: deals\.csv\. Put it"):
        check_input_files(job)


@pytest.mark.slow
def test_a_missing_data_folder_is_told_before_anything_starts(tmp_path):
    line = opened_shop(tmp_path / "shop", GOOD)
    ended = bantam(line.home, "run", "--config", str(line.config), "--data", str(tmp_path / "nowhere"))
    assert (ended.code, ended.out) == (3, "")
    assert f"{tmp_path}/nowhere: there is no such folder. Name the one with the files by --data." in ended.complaint
    # Neither Prefect nor PostgreSQL has left anything.
    assert not (line.home / "prefect").exists()
    assert not (line.home / "warehouse").exists()
