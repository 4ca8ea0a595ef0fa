from pathlib import Path

import pytest

from definitions.errors import ConfigurationError
from flows.settings import Alerts, load_settings
from tests.flows.alerts.company import CONFIG


def alerts_of(folder: Path, written: str, **environment: str) -> Alerts:
    config = folder / "bantam.yaml"
    config.write_text(f"{CONFIG[: CONFIG.index('alerts:')]}alerts: {written}\n")
    return load_settings(config, {"TOKEN": "t", **environment}).alerts


@pytest.mark.parametrize(
    ("written", "revops", "owners"),
    [
        ("{}", [], None),
        ("{revops: [], owners: null}", [], None),
        ('{revops: "${UNSET:-}", owners: "${UNSET:-}"}', [], None),
        ('{revops: "", owners: " "}', [], None),
        ('{revops: "json://a", owners: "mailto://b/{email}"}', ["json://a"], "mailto://b/{email}"),
        ('{revops: "json://a  slack://b"}', ["json://a", "slack://b"], None),
        ('{revops: ["json://a", "${SET} slack://b", ""]}', ["json://a", "json://set", "slack://b"], None),
        ('{owners: "${SET}"}', [], "json://set"),
    ],
    ids=str,
)
def test_targets_are_read_one_by_one_and_empty_text_is_none(tmp_path, written, revops, owners):
    read = alerts_of(tmp_path, written, SET="json://set")
    assert [url.get_secret_value() for url in read.revops] == revops
    assert (read.owners and read.owners.get_secret_value()) == owners
    assert "json" not in repr(read)
    assert "slack" not in repr(read)


@pytest.mark.parametrize(
    "written", ["{revops: 5}", "{revops: [[json://s3cr3t]]}", "{owners: [json://s3cr3t]}", "{record_limit: 11}"]
)
def test_a_wrong_setting_is_named_by_line_without_its_value(tmp_path, written):
    with pytest.raises(ConfigurationError, match=r"bantam\.yaml:\d+: .*at alerts") as refused:
        alerts_of(tmp_path, written)
    assert "s3cr3t" not in str(refused.value)
