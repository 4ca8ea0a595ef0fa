"""One version of the definitions has one text, in whichever way a release fingerprinted it."""

from datetime import UTC, datetime

import pytest

from definitions.agreement.load import load_definitions
from definitions.errors import ConfigurationError
from definitions.fingerprint import fingerprint_of_text
from definitions.schema.tables import DIM_OWNER, OPS_DEFINITIONS_VERSION
from warehouse.publishing.definitions_used import check_definitions

pytestmark = pytest.mark.slow

HANDOFF = load_definitions("handoff")
EDITED = HANDOFF.text.replace("lead_days: 180", "lead_days: 90", 1)
RESTYLED = f"# signed on Monday\n{HANDOFF.text.replace('lead_days: 180', 'lead_days:   180', 1)}"
# What the release before the prefix stored for the shipped profile, and printed on its page.
OLD = "706ba4b1f45807d4eb071d706b93e0a7a7db52b9e80bd1d55367eaad7c9ce826"
OTHER_TEXT = r"handoff 2026\.1 were used before with another text\. Give the changed text a version of its own"


@pytest.fixture
def publish(warehouse_of, frame):
    """Publish a run that used a text; by default with the fingerprint of today."""
    warehouse = warehouse_of(DIM_OWNER)

    def published(run_id, text, fingerprint=None):
        row = {
            "profile": "handoff",
            "text_sha256": fingerprint or fingerprint_of_text(text, run_id),
            "definitions_text": text,
            "first_used_at": datetime(2026, 11, 22, int(run_id[1:]), tzinfo=UTC),
        }
        warehouse.publish(warehouse.stage(run_id), {"definitions_version": frame(OPS_DEFINITIONS_VERSION, [row])})
        return warehouse

    return published


def stored(warehouse):
    return warehouse.all("SELECT text_sha256, run_id, first_used_at FROM ops.definitions_version")


def checked(warehouse, text):
    return check_definitions(warehouse.engine, "handoff", "2026.1", fingerprint_of_text(text, "ours.yaml"))


@pytest.mark.parametrize("text", [HANDOFF.text, RESTYLED], ids=["the same file", "another layout"])
def test_a_warehouse_of_an_earlier_release_goes_on_and_is_told_once(publish, text):
    warehouse = publish("r1", HANDOFF.text, OLD)
    (note,) = checked(warehouse, text)
    assert note.startswith("the definitions handoff 2026.1 are the ones used before")
    assert note.endswith(f"is replaced by {HANDOFF.text_sha256}")
    assert stored(warehouse) == [(OLD, "r1", datetime(2026, 11, 22, 1, tzinfo=UTC))]
    publish("r2", text)
    assert stored(warehouse) == [(HANDOFF.text_sha256, "r2", datetime(2026, 11, 22, 1, tzinfo=UTC))]
    assert checked(warehouse, text) == ()


def test_a_changed_text_is_refused_before_and_after_the_fingerprint_is_replaced(publish):
    warehouse = publish("r1", HANDOFF.text, OLD)
    with pytest.raises(ConfigurationError, match=OTHER_TEXT):
        checked(warehouse, EDITED)
    with pytest.raises(ConfigurationError, match=OTHER_TEXT):
        publish("r2", EDITED)
    assert stored(warehouse)[0][:2] == (OLD, "r1")
    publish("r3", HANDOFF.text)
    with pytest.raises(ConfigurationError, match=OTHER_TEXT):
        checked(warehouse, EDITED)
    with pytest.raises(ConfigurationError, match=OTHER_TEXT):
        publish("r4", EDITED)
    assert stored(warehouse)[0][:2] == (HANDOFF.text_sha256, "r3")


def test_an_earlier_text_that_cannot_be_read_any_more_is_another_text(publish):
    warehouse = publish("r1", "a text of which nothing is known", OLD)
    with pytest.raises(ConfigurationError, match=OTHER_TEXT):
        checked(warehouse, HANDOFF.text)


def test_a_version_that_was_never_used_is_told_nothing_of(publish):
    warehouse = publish("r1", HANDOFF.text, OLD)
    assert check_definitions(warehouse.engine, "handoff", "2026.2", HANDOFF.text_sha256) == ()
