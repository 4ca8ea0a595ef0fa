"""A large company to measure with: the sandbox's company, landed once and then copied under ids of its own.

A copy keeps every width, blank, fault and tie of the original; its record ids, e-mail addresses and telephone numbers
are its own, so that copies do not merge with each other and no value that is read one by one comes twice.
Owners and stages are shared. The same sizes give the same bytes.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks.example import CONFIG, DAY, RUN
from connectors.extract import PullResult
from connectors.landing.reader import inflate
from connectors.landing.writer import Landing
from connectors.registry import SOURCE_TYPES
from flows.run.open_run import OpenRun
from flows.run.request import RunRequest, read_request
from flows.streams.configured_streams import streams_of
from flows.streams.extraction import ExtractContext
from flows.streams.source_connection import connect_source
from flows.terminal.sandbox_process import sandbox_running

BASE_PEOPLE = 20_000
# Extra copies of these streams bring deals and activities to the shares that are asked for.
DEALS = ("deals", "deals_companies", "deals_contacts", "opportunity", "opportunity_contact_role")
SHARED = ("owners", "pipelines", "user", "opportunity_stage")
PEOPLE = ("contacts", "lead", "contact")
FIRST_CODE, LAST_CODE = 10, 99

_OWN = {
    "opportunity": "006",
    "opportunity_contact_role": "006|00K",
    "task": "00T",
    "deals": "006",
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many person records, opportunity records and tasks are wanted; counts are met to a copy.

    Activities are more than tasks: HubSpot keeps others as dates on contacts, about two for each person record.
    """

    people: int
    deals: int
    tasks: int


def job_in(home: Path) -> RunRequest:
    """Open a run over the landing in `home`, for the example's two sources; nothing is asked of them."""
    os.environ["BANTAM_HOME"] = str(home)
    for name in ("HUBSPOT_TOKEN", "SALESFORCE_CLIENT_ID", "SALESFORCE_CLIENT_SECRET"):
        os.environ.setdefault(name, "nobody is asked")
    os.environ.setdefault("SALESFORCE_URL", "https://bantam-sandbox.example")
    return read_request(str(CONFIG), data=None, as_of=DAY, sources=None)


def land_base(home: Path, people: int = BASE_PEOPLE) -> None:
    """Pull the sandbox's company of so many people into the landing of `home`, one stream after the other."""
    with sandbox_running(people, DAY) as sandbox:
        os.environ.update(sandbox.environment)
        job = job_in(home)
        context = ExtractContext(
            landing=Landing(job.home.landing), run_id=RUN, cursors={}, versions={}, now=job.started_at, full=False
        )
        for source in job.settings.sources:
            with connect_source(source, job.data) as access:
                for stream in streams_of(source, job.definitions):
                    stream.pull(context, access, lambda _: None)
    for name in sandbox.environment:
        del os.environ[name]


def land_copies(base: Path, home: Path, sizes: Sizes) -> dict[str, int]:
    """Write the wanted company into the landing of `home`; give the records landed by stream."""
    source, target = Landing(base / "landing"), Landing(home / "landing")
    streams = sorted((path.parent.name, path.name) for path in source.root.glob("*/*"))
    original = {stream: _records(source, system, stream) for system, stream in streams}
    people = max(1, round(sizes.people / sum(original[name] for name in PEOPLE)))
    deals = max(people, round(sizes.deals / (original["deals"] + original["opportunity"])))
    tasks = max(people, round(sizes.tasks / original["task"]))
    if FIRST_CODE + max(people, deals, tasks) > LAST_CODE:
        raise SystemExit("a copy has two digits: ask for fewer records")
    landed = {}
    for system, stream in streams:
        copies = {"task": tasks, **dict.fromkeys(DEALS, deals), **dict.fromkeys(SHARED, 1)}.get(stream, people)
        with target.writer(system, stream, RUN) as writer:
            for own, lines in _copied(source, system, stream, copies, people):
                text = lines.str.join("\n").item().encode() + b"\n"
                writer.write_file(
                    [text], suffix=".jsonl.zst", records=lines.len(), request=f"copy {own} of the sandbox"
                )
        landed[stream] = original[stream] * copies
    return landed


def _records(landing: Landing, system: str, stream: str) -> int:
    return sum(page.records for page in landing.read_manifest(system, stream, RUN))


def _copied(landing: Landing, system: str, stream: str, copies: int, people: int) -> Iterator[tuple[int, pl.Series]]:
    """Records of each landed page, once a copy; a copy beyond the people's own belongs to people of an earlier one."""
    for page in landing.pages_of(system, stream, [RUN]):
        lines = pl.Series("raw", inflate(landing.verified(page)).decode().splitlines()).to_frame().lazy()
        for number in range(copies):
            own, others = FIRST_CODE + number, FIRST_CODE + number % people
            yield own, lines.select(_renamed(system, stream, own, others)).collect().to_series()


def _renamed(system: str, stream: str, own: int, others: int) -> pl.Expr:
    """Put the copy's code into ids of records, and into addresses and numbers."""
    raw = pl.col("raw")
    if stream in SHARED:
        return raw
    own_ids = _OWN.get(stream, "none")
    raw = raw.str.replace_all(f'"({own_ids})5g00', f'"${{1}}5g{own}')
    raw = raw.str.replace_all('"(001|003|00Q|006|00T|00K)5g00', f'"${{1}}5g{others}')
    if system == "hubspot":
        raw = raw.str.replace_all(r'"(id|hs_object_id)":"(\d+)"', f'"${{1}}":"${{2}}{own}"')
        raw = raw.str.replace_all(
            r'"(toObjectId|associatedcompanyid|hs_parent_company_id)":"(\d+)"', f'"${{1}}":"${{2}}{others}"'
        )
        raw = raw.str.replace_all(r"(\d+);", f"${{1}}{own};")
        raw = raw.str.replace(r'("hs_merged_object_ids":"[^"]*\d)"', f'${{1}}{own}"')
    if stream in PEOPLE:
        raw = raw.str.replace_all("@", f".{own}@", literal=True)
        raw = raw.str.replace_all(r'("(?i:mobilephone|phone)":"[^"]*?)\d\d"', f'${{1}}{own}"')
    return raw


def pulled_before(run: OpenRun) -> list[tuple[str, PullResult]]:
    """What a pull would tell of every stream: the landed records the first time, nothing new from then on."""
    job, landing = run.request, Landing(run.request.home.landing)
    return [
        (
            source.name,
            PullResult(
                stream=stream.name,
                records=0 if run.published.last_run_id else _records(landing, source.name, stream.name),
                pages=0,
                rejected=0,
                repeated=0,
                is_full=False,
                cursor={},
                high_water_at=job.started_at,
                notes=(),
            ),
        )
        for source in job.settings.sources
        for stream in SOURCE_TYPES[source.kind].streams_of(source)
    ]
