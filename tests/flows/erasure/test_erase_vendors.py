"""A person that HubSpot and Salesforce both hold is erased, and stays so while both go on sending them."""

from datetime import date

import pytest

from definitions.errors import ConfigurationError
from flows.terminal.sandbox_process import sandbox_running
from tests.flows.erasure.office import erase, traces
from tests.flows.line import ROOT, Line, warehouse_in

pytestmark = pytest.mark.slow

MONDAY = date(2026, 11, 23)
CONFIG = ROOT / "examples" / "hubspot_salesforce" / "bantam.yaml"
IN_BOTH = """
    SELECT p.person_id, p.email, p.phone FROM curated.dim_person AS p
    WHERE p.source_count = 2 AND p.phone_e164 IS NOT NULL
    AND EXISTS (SELECT FROM curated.fct_activity AS a WHERE a.person_id = p.person_id AND NOT a.is_inferred)
    AND NOT EXISTS (
        SELECT FROM curated.dim_person AS o
        WHERE o.person_id <> p.person_id AND (o.phone_e164 = p.phone_e164 OR o.email_normalised = p.email_normalised)
    )
    ORDER BY p.person_id LIMIT 1
"""


@pytest.fixture(scope="module")
def line(server, tmp_path_factory):
    with sandbox_running(150, MONDAY) as sandbox:
        variables = {**sandbox.environment, **warehouse_in(server)}
        yield Line(config=CONFIG, home=tmp_path_factory.mktemp("homes") / "home", variables=variables)


def test_neither_vendor_brings_an_erased_person_back(line):
    line.refresh(MONDAY)
    ((person_id, email, phone),) = line.ask(IN_BOTH)
    secrets = (email, email.lower(), phone)
    calls = line.ask("SELECT count(*) FROM curated.fct_activity")
    assert traces(line, secrets)
    ((owner,),) = line.ask("SELECT owner_email FROM curated.dim_owner WHERE owner_email IS NOT NULL LIMIT 1")
    with pytest.raises(ConfigurationError, match="user of the CRM"):
        erase(line, owner)
    report = erase(line, email)
    assert report.records >= 2
    assert traces(line, secrets) == []
    assert line.ask("SELECT count(*) FROM curated.fct_activity") < calls
    known = f"SELECT 1 FROM curated.fct_classification_change WHERE record_id = '{person_id}'"
    assert line.ask(known) == []
    assert line.refresh(MONDAY)["status"] == "unchanged"
    full = line.refresh(MONDAY, full=True)
    assert full["status"] == "unchanged"
    assert {row["difference"] for row in full["balance"]} == {0}
    assert traces(line, secrets) == []
    assert line.ask(known) == []
