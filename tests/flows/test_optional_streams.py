"""Objects that a source does not let us read: the run goes on without them, and says so."""

from datetime import date

import httpx
import pytest

from definitions.errors import ConfigurationError, SourceRefusedError
from flows.settings import load_settings
from flows.terminal.sandbox_process import sandbox_running
from tests.flows.conftest import CONFIG
from tests.flows.line import Line, begun, pulled_and_refused, warehouse_in

DAY = date(2026, 11, 22)
ENVIRONMENT = {"HUBSPOT_TOKEN": "t", "SALESFORCE_URL": "https://x.example", "SALESFORCE_CLIENT_ID": "c",
               "SALESFORCE_CLIENT_SECRET": "s"}  # fmt: skip


def config_with(folder, streams):
    """The example, with `streams` of HubSpot."""
    path = folder / "bantam.yaml"
    path.write_text(CONFIG.read_text().replace("    kind: hubspot\n", f"    kind: hubspot\n    streams: {streams}\n"))
    return path


@pytest.fixture(scope="module")
def sandbox():
    with sandbox_running(60, DAY) as running:
        yield running


@pytest.fixture
def line(sandbox, server, migrated, tmp_path):
    variables = {**sandbox.environment, **warehouse_in(server, migrated)}
    return lambda streams: Line(config=config_with(tmp_path, streams), home=tmp_path / "home", variables=variables)


def refuse(sandbox, path):
    """Answer the next request of a path with 403."""
    fault = {"kind": "forbidden", "path": path, "times": 1}
    httpx.post(f"{sandbox.base_url}/_sandbox/faults", json=[fault], timeout=60).raise_for_status()


@pytest.mark.slow
def test_a_run_goes_on_without_an_object_that_is_refused(line, sandbox):
    refuse(sandbox, "/owners")
    with line("{}").opened(DAY, sources=["hubspot"]) as (job, engine):
        ended = pulled_and_refused(begun(job, engine))
    [note] = [pull for _, pull in ended if isinstance(pull, str)]
    assert "hubspot: owners" in note
    assert "went on without hubspot.owners" in note
    assert len(ended) == 8


@pytest.mark.slow
@pytest.mark.parametrize(("path", "streams"), [("/owners", "{owners: required}"), ("/objects/2026-03/deals", "{}")])
def test_a_run_fails_where_a_required_object_is_refused(line, sandbox, path, streams):
    refuse(sandbox, path)
    with line(streams).opened(DAY, sources=["hubspot"]) as (job, engine), pytest.raises(SourceRefusedError):
        pulled_and_refused(begun(job, engine))


@pytest.mark.slow
def test_the_advice_of_a_refusal_can_be_followed(line, sandbox):
    """It says to switch the stream off; then nothing is asked of it."""
    refuse(sandbox, "/owners")
    advice = pytest.raises(SourceRefusedError, match=r"streams: {owners: off}")
    with line("{owners: required}").opened(DAY, sources=["hubspot"]) as (job, engine), advice as refused:
        pulled_and_refused(begun(job, engine))
    assert "of hubspot" in str(refused.value)
    with line("{owners: off}").opened(DAY, sources=["hubspot"]) as (job, engine):
        ended = pulled_and_refused(begun(job, engine))
    assert [pull.stream for _, pull in ended] == [
        "pipelines", "companies", "contacts", "deals", "contacts_companies", "deals_companies", "deals_contacts"
    ]  # fmt: skip


def test_links_are_off_with_the_object_they_start_from(tmp_path):
    settings = load_settings(config_with(tmp_path, "{contacts: off}"), ENVIRONMENT)
    [hubspot, _] = settings.sources
    assert hubspot.streams == {"contacts": "off"}


def test_a_stream_that_a_vendor_has_not_is_named_with_what_may_be_meant(tmp_path):
    with pytest.raises(ConfigurationError, match="did you mean owners"):
        load_settings(config_with(tmp_path, "{owner: off}"), ENVIRONMENT)
