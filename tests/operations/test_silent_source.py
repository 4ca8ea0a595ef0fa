"""A source that does not answer ends a run within its budget, and a person sees meanwhile what is waited for."""

import re
import socket
import time

import pytest

from tests.flows.line import warehouse_in
from tests.flows.prefect_server import PrefectServer
from tests.flows.terminal import bantam

pytestmark = pytest.mark.slow

CONFIG = """
sources:
  - name: web
    kind: hubspot
    base_url: "http://127.0.0.1:{port}"
    token: canary-token
    portal_id: "1"
    retry_budget_seconds: 12
    stages: {{}}
"""


@pytest.fixture(scope="module")
def prefect(tmp_path_factory):
    server = PrefectServer(tmp_path_factory.mktemp("prefect"))
    with server.running():
        yield server


@pytest.mark.parametrize(("backlog", "word"), [(99, "did not answer"), (0, "did not accept a connection")])
def test_a_host_that_does_not_answer_ends_the_run_within_the_budget(prefect, server, migrated, tmp_path, backlog, word):
    """Eight streams wait at once: the budget bounds them all; the start of the command comes on top."""
    config = tmp_path / "bantam.yaml"
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as host:
        queue = [socket.socket() for _ in range(0 if backlog else 4)]
        for waiting in queue:
            waiting.settimeout(0)
            waiting.connect_ex(host.getsockname())
        port = host.getsockname()[1]
        config.write_text(CONFIG.format(port=port))
        variables = {
            "PREFECT_API_URL": prefect.api,
            "PREFECT_LOGGING_LEVEL": "WARNING",
            **warehouse_in(server, migrated),
        }
        began = time.monotonic()
        ended = bantam(tmp_path, "run", "--config", str(config), **variables)
        spent = time.monotonic() - began
        for waiting in queue:
            waiting.close()
    where = rf"web: \w+: page 1: http://127\.0\.0\.1:{port}"
    assert (ended.code, ended.out) == (3, "")
    assert re.search(where + rf" {word} within 12 s; the retry budget of 12 s is used up", ended.complaint)
    # Standard error is no terminal here.
    waited = re.findall(where + r" has sent nothing for 1\d s \(try 1\); is given up after 12 s", ended.complaint)
    assert waited
    assert "canary" not in ended.complaint
    # A minute for the start on a busy machine; without the budget it took eleven.
    assert spent < 12 + 60
    logged = [one["message"] for one in prefect.ask("logs")]
    assert [line for line in logged if re.match(where + r" has sent nothing for", line)]
