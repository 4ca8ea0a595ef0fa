"""A server that goes away during the commit and stays away: the run says unknown, the next one finds out."""

import json
from datetime import date

import pytest
from sqlalchemy import make_url

from definitions.errors import PublicationUnknownError
from tests.commit_proxy import commit_proxy
from tests.flows.line import warehouse_in
from tests.flows.shop import opened_shop, write_deals

pytestmark = pytest.mark.slow

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


@pytest.mark.parametrize("is_forwarded", [True, False], ids=["the answer is lost", "the commit is lost"])
def test_a_run_whose_commit_was_not_answered_is_settled_by_the_next(server, migrated, tmp_path, is_forwarded):
    line = opened_shop(tmp_path / "shop", ["1,Acme,Talking,2026-12-01,100"])
    direct = warehouse_in(server, migrated)
    url = make_url(direct["BANTAM_WAREHOUSE_URL"])
    line.variables.update(direct)
    line.refresh(MONDAY)
    write_deals(line.config.parent, ["1,Acme,Won,2026-12-01,200"])

    with commit_proxy(url, is_forwarded=is_forwarded) as proxy:
        line.variables["BANTAM_WAREHOUSE_URL"] = proxy.url.render_as_string(hide_password=False)
        with pytest.raises(PublicationUnknownError) as unknown:
            line.refresh(TUESDAY)
    assert unknown.value.exit_code == 6
    path = max(line.home.glob("reports/*.json"))
    lost = json.loads(path.read_text())
    assert (lost["status"], lost["exit_code"]) == ("unknown", 6)

    line.variables.update(direct)
    report = line.refresh(TUESDAY)
    became = "was published" if is_forwarded else "was not published"
    assert report["notes"] == [
        f"run {lost['run_id']}, whose commit was not answered, {became}; its report is corrected"
    ]
    assert report["status"] == ("unchanged" if is_forwarded else "published")
    corrected = json.loads(path.read_text())
    assert corrected["status"] == ("published" if is_forwarded else "failed")
    assert line.ask("SELECT count(*) FROM ops.run") == [(3 if is_forwarded else 2,)]
    assert line.ask("SELECT amount FROM curated.fct_opportunity") == [(200,)]
