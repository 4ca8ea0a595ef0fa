"""What a home keeps of a library's answers saves asking, and changes no row whatever becomes of it."""

import stat
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from definitions.schema.tables import DIM_PERSON
from flows.home.library_answers import keep_answers, read_answers
from flows.run.read_records import read_records
from tests.flows.conftest import WEEKS_LATER
from tests.flows.line import afresh, begun
from transforms.pipeline.compute import compute
from transforms.values.library_answers import LibraryAnswers
from transforms.values.phone import LIBRARY, NO_ANSWERS

SOME = pl.DataFrame([("+4930901820", None, "+4930901820"), ("12", "DE", None)], schema=NO_ANSWERS.schema, orient="row")
OTHER = SOME.with_columns(number=pl.lit("030901820"), region=pl.lit("DE"))


def kept_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_what_was_kept_is_read_by_the_same_version_and_by_no_other(tmp_path):
    keep_answers(tmp_path, "phones-1", SOME)
    assert read_answers(tmp_path, "phones-1", NO_ANSWERS).equals(SOME)
    assert read_answers(tmp_path, "phones-2", NO_ANSWERS).is_empty()
    assert read_answers(tmp_path, "phones-1", NO_ANSWERS.drop("region")).is_empty()


def test_only_the_newest_answers_of_the_newest_version_stay_and_only_the_owner_reads_them(tmp_path):
    keep_answers(tmp_path, "phones-1", SOME)
    keep_answers(tmp_path, "phones-2", SOME)
    (tmp_path / "phones-2" / "left.part").touch()
    keep_answers(tmp_path, "phones-2", OTHER)
    assert read_answers(tmp_path, "phones-2", NO_ANSWERS).equals(OTHER)
    folder, file = kept_in(tmp_path)
    assert (folder, (tmp_path / file).suffix) == ("phones-2", ".parquet")
    assert stat.S_IMODE((tmp_path / file).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700


def test_the_same_answers_are_not_written_again(tmp_path):
    keep_answers(tmp_path, "phones-1", SOME)
    (file,) = tmp_path.rglob("*.parquet")
    written = file.stat().st_mtime_ns
    keep_answers(tmp_path, "phones-1", SOME.clone())
    assert file.stat().st_mtime_ns == written


def test_whatever_byte_is_damaged_nothing_counts_as_kept(tmp_path):
    keep_answers(tmp_path, "phones-1", SOME)
    (file,) = tmp_path.rglob("*.parquet")
    whole = file.read_bytes()
    for place in range(0, len(whole), 7):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read_answers(tmp_path, "phones-1", NO_ANSWERS).is_empty()
        file.write_bytes(whole[:place])
        assert read_answers(tmp_path, "phones-1", NO_ANSWERS).is_empty()
    keep_answers(tmp_path, "phones-1", OTHER)
    assert read_answers(tmp_path, "phones-1", NO_ANSWERS).equals(OTHER)


def test_a_file_damaged_in_place_is_mended_by_the_same_answers(tmp_path):
    keep_answers(tmp_path, "phones-1", SOME)
    (file,) = tmp_path.rglob("*.parquet")
    file.write_bytes(b"")
    keep_answers(tmp_path, "phones-1", SOME)
    assert read_answers(tmp_path, "phones-1", NO_ANSWERS).equals(SOME)


def test_what_cannot_be_written_or_read_stops_nobody(tmp_path):
    (tmp_path / "phones-1").write_text("a file where a folder should be")
    keep_answers(tmp_path, "phones-1", SOME)
    assert read_answers(tmp_path, "phones-1", NO_ANSWERS).is_empty()
    assert read_answers(tmp_path / "nowhere", "phones-1", NO_ANSWERS).is_empty()


def test_many_at_once_leave_whole_answers_or_none(tmp_path):
    many = [SOME.with_columns(number=pl.lit(str(number))) for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        for written in [threads.submit(keep_answers, tmp_path, "phones-1", one) for one in many]:
            written.result()
        read = [threads.submit(read_answers, tmp_path, "phones-1", NO_ANSWERS) for _ in range(8)]
    assert all(one.result().is_empty() or any(one.result().equals(other) for other in many) for one in read)


@pytest.mark.slow
def test_a_run_asks_only_what_no_earlier_run_asked(lived, monkeypatch):
    line = lived.fresh_line
    folder = line.home / "answers"
    kept = read_answers(folder, LIBRARY, NO_ANSWERS)
    published = set(lived.fresh.tables["dim_person"]["phone_e164"].drop_nulls())
    assert len(published) > 100
    assert published <= set(kept["answer"])

    def phones(answers):
        with line.opened(WEEKS_LATER) as (job, engine):
            run = afresh(begun(job, engine))
            records, _ = read_records(run, [])
            batches = compute(records, run.published, run.context, run.spill, phone_answers=answers).batches
            people = [batch.rows.lazy().collect() for batch in batches if batch.table == DIM_PERSON]
            return pl.concat(people).sort("person_id")["phone_e164"]

    unasked, asked = LibraryAnswers(kept), LibraryAnswers(NO_ANSWERS)
    assert phones(unasked).equals(phones(asked))
    assert asked.used().equals(kept)
    assert unasked.used().equals(kept)
    # What is kept is believed: were the library asked again, no answer of another country would come out.
    moved = LibraryAnswers(kept.with_columns(answer=pl.lit("+999") + pl.col("answer")))
    assert set(phones(moved).drop_nulls().str.head(4)) == {"+999"}
