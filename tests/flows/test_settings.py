"""bantam.yaml: every mistake is named by file and line before anything is asked, and no secret is ever shown."""

import logging
import re
from contextlib import ExitStack

import pytest

from connectors.registry import SOURCE_TYPES
from connectors.source_type import HttpSource
from definitions.agreement.load import load_definitions
from definitions.errors import ConfigurationError
from flows.alerts.targets import for_owner, for_revops
from flows.run.request import read_request
from flows.settings import Alerts, Settings, load_settings
from flows.streams.source_connection import connect_source
from tests.flows.line import ROOT, environment

HTTP_SETTINGS = [one.settings for one in SOURCE_TYPES.values() if isinstance(one, HttpSource)]
TOKEN, SECRET = "pat-CANARY-token", "CANARY-secret"
SET = {"TOKEN": TOKEN, "SECRET": SECRET, "EMPTY": ""}
WHOLE = """\
definitions: handoff
exchange_rates: {EUR: 1.08}
sources:
  - name: marketing
    kind: hubspot
    token: ${TOKEN}
    twin: crm
    stages: {closedwon: closed_won}
    fields:
      contact: {budget_status: bant_budget}
  - name: crm
    kind: salesforce
    base_url: ${URL:-https://example.my.salesforce.com}
    client_id: ${SECRET}
    client_secret: ${SECRET}
    stages: {Closed Won: closed_won}
    activity_types: {inbound call: inbound_call}
  - name: shop
    kind: files
    stages: {Won: closed_won}
    streams:
      - name: deals
        kind: opportunity
        path: deals.csv
        id: id
        columns: {source_stage: stage}
"""


def written(folder, text):
    config = folder / "bantam.yaml"
    config.write_text(text)
    return config


def test_the_whole_file_is_read(tmp_path):
    settings = load_settings(written(tmp_path, WHOLE), SET)
    assert [(source.name, source.kind, source.role) for source in settings.sources] == [
        ("marketing", "hubspot", "marketing"),
        ("crm", "salesforce", "crm"),
        ("shop", "files", "crm"),
    ]
    assert settings.sources[0].token.get_secret_value() == TOKEN
    assert settings.sources[1].base_url == "https://example.my.salesforce.com"
    assert (settings.config_folder, settings.warehouse_url) == (tmp_path, None)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "definitions: handoff",
            "definition: handoff",
            1,
            ["unknown key", "did you mean definitions? There are"],
        ),
        ("definitions: handoff", "\tdefinitions: handoff", 1, ["not valid YAML: a tab"]),
        ("exchange_rates: {EUR: 1.08}", "definitions: other", 2, ["'definitions'", "twice", "line 1"]),
        ("EUR: 1.08", "EUR: 0", 2, ["exchange_rates", "EUR", "not above 0"]),
        ("exchange_rates: {EUR: 1.08}", "audit_minutes: 0", 2, ["audit_minutes", "more than 0"]),
        ("EUR: 1.08", "EUR: much", 2, ["exchange_rates.EUR", "number"]),
        ("kind: hubspot", "kind: hubspt", 5, ["must be hubspot, salesforce or files; did you mean hubspot?"]),
        ("name: marketing", "name: Marketing!", 4, ["sources.0.name", "write lower case words joined by _"]),
        ("name: crm", "name: shop", 7, ["two sources are called 'shop'", "bantam.yaml:18"]),
        ("    token: ${TOKEN}\n", "", 4, ["sources.0.token", "the key 'token' is missing"]),
        ("token: ${TOKEN}", "token: ${TOKEN_OF_NOBODY}", 6, ["does not set TOKEN_OF_NOBODY", ".env.example"]),
        ("token: ${TOKEN}", "token: ${EMPTY}", 6, ["does not set EMPTY"]),
        ("twin: crm", "twin: crn", 7, ["no source is called so; did you mean crm?"]),
        ("twin: crm", "role: sales", 7, ["sources.0.role", "must be crm or marketing"]),
        ("twin: crm", "page_size: 0", 7, ["sources.0.page_size", "must be at least 1"]),
        ("twin: crm", "time_zone: Mars/Olympus", 7, ["sources.0.time_zone", "Europe/Berlin"]),
        ("twin: crm", "region: USA", 7, ["sources.0.region"]),
        (
            "closedwon: closed_won",
            "closedwon: won",
            8,
            ["stages.closedwon", "did you mean closed_won?"],
        ),
        ("twin: crm", "statuses: {hot: very_hot}", 7, ["this is no status", "marketing_qualified"]),
        ("twin: crm", "lifecycle_stages: {mql: hot}", 7, ["this is no class of people", "mql"]),
        ("contact:", "contacts:", 10, ["no object 'contacts'", "did you mean contact"]),
        ("budget_status:", "budget_stat:", 10, ["contact has no field 'budget_stat'; did you mean budget_status?"]),
        ("columns: {source_stage: stage}", "columns: {stage: stage}", 26, ["sources.2.streams.0", "'stage'"]),
        ("path: deals.csv", "path: ../deals.csv", 24, ["sources.2.streams.0.path", "stays inside"]),
        ("stages: {Won: closed_won}\n", "stages: {}\n", 26, ["sources.2", "needs `stages`"]),
        (WHOLE[WHOLE.index("sources:") :], "sources: []\n", 3, ["sources", "must not be empty"]),
    ],
    ids=lambda part: part.strip().split("\n")[0] if isinstance(part, str) else "",
)
def test_a_mistake_is_named_by_file_and_line(tmp_path, old, new, line, words):
    assert old in WHOLE
    config = written(tmp_path, WHOLE.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as refused:
        load_settings(config, SET)
    told = str(refused.value)
    assert told.startswith(f"{config}:{line}: "), told
    assert [word for word in words if word not in told] == []
    assert "CANARY" not in told


def test_every_mistake_is_told_at_once(tmp_path):
    config = written(tmp_path, WHOLE.replace("closedwon: closed_won", "closedwon: won").replace("EUR: 1.08", "EUR: -1"))
    with pytest.raises(ConfigurationError) as refused:
        load_settings(config, SET)
    assert [line.split(": ")[0] for line in str(refused.value).splitlines()] == [f"{config}:2", f"{config}:8"]


@pytest.mark.parametrize(
    ("said", "environment", "url"),
    [
        ("${URL:-https://a.example}", {}, "https://a.example"),
        ("${URL:-https://a.example}", {"URL": ""}, "https://a.example"),
        ("${URL:-https://a.example}", {"URL": "https://b.example"}, "https://b.example"),
        ("https://${HOST}.${ZONE:-example}/api", {"HOST": "crm"}, "https://crm.example/api"),
        ("${URL:-}", {}, ""),
        ("$URL", {"URL": "https://b.example"}, "$URL"),
        ("${HOST}", {"HOST": "${TOKEN}"}, "${TOKEN}"),
    ],
    ids=["default", "empty is not set", "set", "within a text", "empty default", "no braces", "never twice"],
)
def test_the_environment_fills_in(tmp_path, said, environment, url):
    config = written(tmp_path, WHOLE.replace("${URL:-https://example.my.salesforce.com}", f'"{said}"'))
    assert load_settings(config, {**SET, **environment}).sources[1].base_url == url


def test_a_secret_is_in_no_text_of_the_settings(tmp_path):
    settings = load_settings(written(tmp_path, WHOLE), {**SET, "BANTAM_WAREHOUSE_URL": f"postgresql://a:{SECRET}@b/c"})
    assert "CANARY" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_a_secret_is_in_no_text_of_what_is_opened_with_it(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    alerted = f"{WHOLE}alerts: {{revops: '${{HOOK}}', owners: '${{HOOK}}'}}\n"
    settings = load_settings(written(tmp_path, alerted), {**SET, "HOOK": f"jsons://a:{SECRET}@h.example/{SECRET}"})
    alerts = settings.alerts
    targets = for_revops(1, alerts.revops[0]), for_owner(alerts.owners, "crm:owner:1", "a@b.example")
    with ExitStack() as stack:
        sources = [stack.enter_context(connect_source(source, tmp_path)) for source in settings.sources[:2]]
        told = [*settings.sources, alerts, *sources, *(source.account for source in sources), *targets]
        assert "CANARY" not in f"{told!r} {[str(one) for one in told]} {caplog.text}"


@pytest.mark.parametrize("model", [*HTTP_SETTINGS, Alerts, Settings])
def test_every_setting_that_holds_a_secret_hides_it(model):
    """Ids of clients and URLs of warehouses and targets open something too."""
    secrets = re.compile("token$|secret|password|client_id|key$|revops|owners$|warehouse_url")
    told = {name: str(field.annotation) for name, field in model.model_fields.items() if secrets.search(name)}
    assert told
    assert [name for name, kind in told.items() if "SecretStr" not in kind and name != "ignored_owners"] == []


@pytest.mark.parametrize("around", ["{}\n", " {}", "{}\r\n"])
def test_white_space_around_a_secret_is_left_out(tmp_path, around):
    settings = load_settings(written(tmp_path, WHOLE), {"TOKEN": around.format(TOKEN), "SECRET": around.format(SECRET)})
    hubspot, salesforce, _ = settings.sources
    found = [hubspot.token, salesforce.client_id, salesforce.client_secret]
    assert [secret.get_secret_value() for secret in found] == [TOKEN, SECRET, SECRET]


@pytest.mark.parametrize("secret", ["CANARY\nsecret", "CANARY\u2026", "CANARY\x00", "CANARY\N{NO-BREAK SPACE}s", " \n"])
@pytest.mark.parametrize(("name", "line", "setting"), [("TOKEN", 6, "0.token"), ("SECRET", 14, "1.client_id")])
def test_a_secret_that_cannot_be_sent_is_refused_and_not_shown(tmp_path, name, line, setting, secret):
    config = written(tmp_path, WHOLE)
    with pytest.raises(ConfigurationError, match=rf"bantam.yaml:{line}: .*at sources.{setting}") as refused:
        load_settings(config, {**SET, name: secret})
    assert "CANARY" not in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_value_of_the_wrong_type_is_not_repeated(tmp_path):
    """It may be a secret that slipped into the wrong line."""
    config = written(tmp_path, WHOLE.replace("twin: crm", "lag_seconds: ${TOKEN}"))
    with pytest.raises(ConfigurationError, match="lag_seconds") as refused:
        load_settings(config, SET)
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("definitions: handoff", "definitions: handof", ["handof", "handoff"]),
        ("definitions: handoff", "definitions: ours.yaml", ["ours.yaml", "cannot be read"]),
        (
            "inbound call: inbound_call",
            "inbound call: inbound_cal",
            ["bantam.yaml:17: ", "activity_types.inbound call", "did you mean inbound_call?"],
        ),
    ],
    ids=["no such profile", "no such file", "no such activity"],
)
def test_settings_must_fit_the_definitions(tmp_path, old, new, words):
    config = written(tmp_path, WHOLE.replace(old, new, 1))
    with environment(SET), pytest.raises(ConfigurationError) as refused:
        read_request(str(config), data=None, as_of=None, sources=None)
    assert [word for word in words if word not in str(refused.value)] == []


def test_definitions_beside_the_settings_are_found(tmp_path):
    profile = (
        (ROOT / "definitions" / "profiles" / "handoff.yaml")
        .read_text()
        .replace("definitions: handoff", "definitions: ours")
    )
    (tmp_path / "ours.yaml").write_text(profile)
    config = written(tmp_path, WHOLE.replace("definitions: handoff", "definitions: ours.yaml", 1))
    with environment({**SET, "BANTAM_HOME": str(tmp_path / "home")}):
        job = read_request(str(config), data=None, as_of=None, sources=None)
    assert (job.definitions.profile, job.data) == ("ours", tmp_path)


def test_an_unknown_source_is_refused_by_the_names_there_are(tmp_path):
    with (
        environment(SET),
        pytest.raises(ConfigurationError, match="no source is called hub; there are crm, marketing, shop"),
    ):
        read_request(str(written(tmp_path, WHOLE)), data=None, as_of=None, sources=["hub"])


PORTAL = "https://app.hubspot.com/contacts/7/record"
ORG = "https://example.my.salesforce.com/lightning/r"
LINKS = {
    "marketing": {"contact": f"{PORTAL}/0-1/{{}}", "company": f"{PORTAL}/0-2/{{}}", "deal": f"{PORTAL}/0-3/{{}}"},
    "crm": {
        "lead": f"{ORG}/Lead/{{}}/view",
        "contact": f"{ORG}/Contact/{{}}/view",
        "account": f"{ORG}/Account/{{}}/view",
        "opportunity": f"{ORG}/Opportunity/{{}}/view",
    },
}


@pytest.mark.parametrize(
    ("old", "new", "links"),
    [
        ("twin: crm", 'portal_id: "7"', LINKS),
        ("twin: crm", "page_size: 10", LINKS | {"marketing": {}}),
        (
            "twin: crm",
            'record_url: {deal: "https://ours.example/{}"}',
            LINKS | {"marketing": {"deal": "https://ours.example/{}"}},
        ),
        ("salesforce.com}", "salesforce.com/}", LINKS | {"marketing": {}}),
    ],
    ids=["a portal", "no portal", "links of its own", "a slash at the end"],
)
def test_a_link_leads_to_the_record_as_its_vendor_shows_it(tmp_path, old, new, links):
    settings = load_settings(written(tmp_path, WHOLE.replace(old, new, 1)), SET)
    meanings = [source.mapping(load_definitions("handoff")) for source in settings.sources[:2]]
    assert {meaning.source: meaning.record_url for meaning in meanings} == links
