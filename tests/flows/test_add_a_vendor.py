"""connectors/README.md followed to the letter: a vendor is one folder and one line, and its records are published."""

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.flows.line import ROOT, Line, warehouse_in

pytestmark = pytest.mark.slow

README = (ROOT / "connectors" / "README.md").read_text()
FILES = dict(re.findall(r"```python\n# (connectors/\S+)\n(.*?)```", README, re.DOTALL))
REGISTRY_LINE = re.search(r"## 5\..*?```text\n(.*?)```", README, re.DOTALL).group(1)
CONFIG = re.search(r"```yaml\n(# bantam\.yaml\n.*?)```", README, re.DOTALL).group(1)
MOST_LINES = 150
TOKEN = "canary-token"


@dataclass
class Tiny:
    """The vendor: records by stream, each request that came, and where it listens."""

    records: dict[str, list[dict]]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, params: dict[str, str]) -> dict:
        stream, since = path.rpartition("/")[2], params.get("changed_since", "")
        found = [one for one in self.records[stream] if one["changed"] >= since]
        start, size = int(params.get("cursor", 0)), int(params["limit"])
        more = {"next": str(start + size)} if start + size < len(found) else {"next": None}
        return {"items": found[start : start + size], "paging": more}


def records() -> dict[str, list[dict]]:
    made, person = "2026-11-01T08:00:00Z", {"status": "busy", "owner": 1, "deleted": False}
    users = [{"id": 1, "name": "Olga", "email": "olga@us.example", "active": True}]
    people = [
        {"id": 10, "email": "ada@corp.example", "given": "Ada", "company": {"name": "Corp"}, **person},
        {"id": 11, "email": "bob@corp.example", "given": "Bob", "mobile": "", "phone": "+49 30 901820", **person},
        {"id": 12, "email": "eve@corp.example", "given": "Eve", **person},
    ]
    value = {"hoped": 900, "agreed": None, "currency": "USD"}
    deals = [
        {"id": 20, "title": "Big", "value": value, "person": 10, "owner": 1, "stage": "talking",
         "decision_day": "2026-12-31", "closed": False, "won": False},
        {"id": 21, "title": "Odd", "value": value, "person": 11, "owner": 1, "stage": "unheard of",
         "decision_day": "2026-12-31", "closed": False, "won": False},
    ]  # fmt: skip
    return {
        stream: [{"made": made, "changed": made, **one} for one in rows]
        for stream, rows in (("users", users), ("people", people), ("deals", deals))
    }


@pytest.fixture
def tiny() -> Iterator[Tiny]:
    vendor = Tiny(records())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            params = {name: values[0] for name, values in parse_qs(asked.query).items()}
            vendor.asked.append((asked.path, params))
            is_known = self.headers["Authorization"] == f"Bearer {TOKEN}"
            body = json.dumps(vendor.answer(asked.path, params) if is_known else {}).encode()
            self.send_response(200 if is_known else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    vendor.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield vendor
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository, with the vendor of the README added as it says."""
    target = tmp_path / "copy"
    unwanted = shutil.ignore_patterns(".venv", ".git", ".bantam", "__pycache__", ".*_cache", "*.egg-info")
    shutil.copytree(ROOT, target, ignore=unwanted)
    for name, content in FILES.items():
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text(content)
    registry = target / "connectors" / "registry.py"
    registry.write_text(registry.read_text().replace("_FOLDERS = (\n", f"_FOLDERS = (\n{REGISTRY_LINE}", 1))
    return target


def test_a_vendor_is_one_folder_of_a_page_and_one_line():
    assert {str(Path(name).parent) for name in FILES} == {"connectors/tiny"}
    assert sum(len(content.splitlines()) for content in FILES.values()) <= MOST_LINES
    assert len(REGISTRY_LINE.splitlines()) == 1


def test_its_files_are_as_the_house_wants_them(copy):
    for command in (["check"], ["format", "--check"]):
        told = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "connectors"],
            cwd=copy,
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stdout


def test_its_records_are_pulled_conformed_and_published(copy, tiny, server, migrated, tmp_path):
    config = tmp_path / "bantam.yaml"
    config.write_text(CONFIG.replace("kind: tiny\n", "kind: tiny\n    page_size: 2\n"))
    variables = {"TINY_URL": tiny.url, "TINY_TOKEN": TOKEN, **warehouse_in(server, migrated)}
    line = Line(config=config, home=tmp_path / "home", variables=variables)
    refresh(copy, line)
    assert line.ask("SELECT first_name, phone, lead_status FROM curated.dim_person ORDER BY 1") == [
        ("Ada", None, "working"), ("Bob", "+49 30 901820", "working"), ("Eve", None, "working"),
    ]  # fmt: skip
    assert line.ask("SELECT name, amount, close_date FROM curated.fct_opportunity ORDER BY opportunity_id") == [
        ("Big", 900, date(2026, 12, 31)), ("Odd", 900, date(2026, 12, 31)),
    ]  # fmt: skip
    assert line.ask("SELECT record_key, field_name FROM ops.value_fault") == [("tiny:deal:21", "source_stage")]
    assert [params.get("cursor") for path, params in tiny.asked if path.endswith("people")] == [None, "2"]

    tiny.asked.clear()
    tiny.records["people"][2] |= {"deleted": True, "changed": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    refresh(copy, line)
    assert all("changed_since" in params for _, params in tiny.asked)
    assert line.ask("SELECT first_name FROM curated.dim_person WHERE NOT is_deleted ORDER BY 1") == [("Ada",), ("Bob",)]


def refresh(copy: Path, line: Line) -> None:
    """Pull and publish with the code of the copy."""
    script = "import sys; from datetime import date; from tests.flows.line import refresh; "
    script += "refresh(sys.argv[1], None, date.today())"
    told = subprocess.run(
        [sys.executable, "-c", script, str(line.config)],
        cwd=copy,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(copy), **line.surroundings()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
