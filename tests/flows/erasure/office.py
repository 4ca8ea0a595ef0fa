"""An office that keeps people in two files, calls in a third and deals in a fourth, and what is found of a person."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import zstandard

from flows.erasure.erase import ErasureReport, erase_person, release_person
from flows.run.request import read_request
from tests.flows.line import Line, environment, warehouse_in
from warehouse.embedded.server import EmbeddedServer

CONFIG = """
definitions: handoff
sources:
  - name: crm
    kind: files
    currency: USD
    stages: {Talking: meeting_discovery}
    streams:
      - name: people
        kind: person
        path: people.csv
        id: id
        columns: {email: mail, first_name: first, last_name: last, phone: phone, company_name: company}
      - name: calls
        kind: activity
        path: calls.csv
        id: id
        complete: false
        columns:
          activity_type: {constant: call}
          is_completed: {constant: "true"}
          direction: {constant: outbound}
          occurred_at: at
          person_key: {column: who, refers_to: people}
      - name: deals
        kind: opportunity
        path: deals.csv
        id: id
        columns: {name: name, source_stage: stage, source_close_date: close, amount: amount}
  - name: mailer
    kind: files
    role: marketing
    currency: USD
    streams:
      - name: subscribers
        kind: person
        path: subscribers.jsonl
        id: id
        columns: {email: address, phone: phone, last_name: name}
"""
ADDRESS, FAMILY, PHONE = "ada.lovelace@engine.example.com", "Lovelacewood", "+15550001234"
SECRETS = (ADDRESS, ADDRESS.upper(), FAMILY, PHONE, PHONE[1:])
ADA = f"1,{ADDRESS.upper()},Ada,{FAMILY},{PHONE},Engine"
OTHERS = [
    f"{number},person{number}@shop{number}.example.com,Pat,Other{number},,Shop{number}" for number in range(2, 40)
]
ADAS_CALL = f'c1,1,2026-11-20T10:00:00Z,"spoke with {FAMILY}"'


def write_people(folder: Path, rows: list[str]) -> None:
    (folder / "people.csv").write_text("\n".join(["id,mail,first,last,phone,company", *rows]) + "\n")


def write_subscribers(folder: Path, *rows: dict[str, str]) -> None:
    (folder / "subscribers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_calls(folder: Path, rows: list[str]) -> None:
    (folder / "calls.csv").write_text("\n".join(["id,who,at,note", *rows]) + "\n")


def opened_office(folder: Path, server: EmbeddedServer) -> Line:
    """The office with Ada in both files, a call with her, and a deal that names her address."""
    folder.mkdir(parents=True)
    (folder / "bantam.yaml").write_text(CONFIG)
    write_people(folder, [ADA, *OTHERS])
    write_calls(folder, [ADAS_CALL, "c2,2,2026-11-20T11:00:00Z,hello"])
    deals = ["id,name,stage,close,amount", f"d1,Engine for {ADDRESS},Talking,2026-10-01,100", "d2,Pumps,Talking,,20"]
    (folder / "deals.csv").write_text("\n".join(deals) + "\n")
    write_subscribers(
        folder,
        {"id": "s1", "address": ADDRESS, "phone": PHONE, "name": FAMILY},
        {"id": "s2", "address": "person2@shop2.example.com", "phone": "", "name": "Other2"},
    )
    return Line(config=folder / "bantam.yaml", home=folder / "home", variables=warehouse_in(server))


def erase(line: Line, asked: str | None) -> ErasureReport:
    """Erase as the command does."""
    with environment(line.surroundings()):
        request = read_request(str(line.config), data=None, as_of=None, sources=None, pulls=False)
        return erase_person(request, asked)


def release(line: Line, asked: str) -> int:
    with environment(line.surroundings()):
        request = read_request(str(line.config), data=None, as_of=None, sources=None, pulls=False)
        return release_person(request, asked)


def traces(line: Line, secrets: tuple[str, ...] = SECRETS) -> list[str]:
    """Places that hold one of these texts: files of the home, unpacked, and text columns of every table."""
    return sorted({*_in_files(line.home, secrets), *_in_tables(line, secrets)})


def _in_files(home: Path, secrets: tuple[str, ...]) -> Iterator[str]:
    for path in sorted(home.rglob("*")):
        if path.is_file() and any(secret in _content(path) for secret in secrets):
            yield str(path.relative_to(home))


def _content(path: Path) -> str:
    if path.suffix == ".zst":
        with path.open("rb") as file:
            return zstandard.ZstdDecompressor().stream_reader(file).read().decode("utf-8", "replace")
    if path.suffix == ".parquet":
        return "\n".join(map(str, pl.read_parquet(path).rows()))
    return path.read_bytes().decode("utf-8", "replace")


def _in_tables(line: Line, secrets: tuple[str, ...]) -> Iterator[str]:
    tables = line.ask(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_schema IN ('curated', 'ops', 'staging')"
    )
    for schema, name in tables:
        found = any(
            line.ask(f"SELECT 1 FROM {schema}.{name} AS t WHERE strpos(t::text, '{secret}') > 0 LIMIT 1")
            for secret in secrets
        )
        if found:
            yield f"{schema}.{name}"
