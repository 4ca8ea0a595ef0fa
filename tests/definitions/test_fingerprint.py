"""The fingerprint of an agreement changes when its content does, and for no other reason."""

import subprocess
import sys
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from definitions.agreement.load import load_definitions
from definitions.config.yaml_file import read_yaml_text
from definitions.fingerprint import fingerprint_of, fingerprint_of_text

HANDOFF = load_definitions("handoff")
SMALL = """\
version: "1"
silence: {lead_days: 180, inbound_days: 90}
stage_age: {multiple: 2.0}
placeholders: {dates: [2099-12-31]}
people:
  - {class: dead, when: days_silent > 180 and not is_deleted}
  - {class: lead, when: true}
"""


def test_the_fingerprint_of_the_shipped_profile_is_the_one_that_warehouses_store():
    """On failure: text that changed needs a version of its own, code that changed a scheme of its own."""
    pinned = "yaml1:4574dfad785d71169d0e534c6653bfc8985e70a5b7dab28fced2ac791d8d6239"
    assert (HANDOFF.version, HANDOFF.text_sha256) == ("2026.1", pinned)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version: "1"\n', "# agreed on Monday\n\nversion: '1'   # the first\n"),
        ("{lead_days: 180, inbound_days: 90}", "\n  inbound_days: 90\n  lead_days: 180"),
        ("2.0", "2"),
        ("2099-12-31", '"2099-12-31"'),
        ("when: true", 'when: "true"'),
        (
            "{class: dead, when: days_silent > 180 and not is_deleted}",
            "class: dead\n    when: >-\n      days_silent > 180\n      and not is_deleted",
        ),
        ('version: "1"\n', "version: \"1\"\nstatus: approved\napproved_by: [{team: sales, name: Bo}]\n"),
    ],
    ids=["comments and quotes", "order", "a whole number", "a quoted day", "a quoted yes", "layout", "signatures"],
)  # fmt: skip
def test_what_says_the_same_has_the_same_fingerprint(old, new):
    assert old in SMALL
    assert fingerprint_of_text(SMALL.replace(old, new), "x") == fingerprint_of_text(SMALL, "x")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("lead_days: 180", "lead_days: 181"),
        ("2.0", "2.5"),
        ("2099-12-31", "2099-12-30"),
        ('"1"', '"1.0"'),
        ("days_silent > 180", "days_silent >= 180"),
        ("class: lead, when: true", "class: lead, when: false"),
        ("class: lead", "class: mql"),
        ("inbound_days", "activity_days"),
        (", inbound_days: 90", ""),
    ],
)
def test_what_says_something_else_has_another_fingerprint(old, new):
    assert old in SMALL
    assert fingerprint_of_text(SMALL.replace(old, new), "x") != fingerprint_of_text(SMALL, "x")


def test_the_order_of_classes_is_agreed_too():
    ladder = SMALL.index("  - {class: dead")
    dead, lead = SMALL[ladder:].splitlines(keepends=True)
    assert fingerprint_of_text(SMALL[:ladder] + lead + dead, "x") != fingerprint_of_text(SMALL, "x")


SCALARS = st.booleans() | st.integers(-9999, 9999) | st.dates(date(1970, 1, 1)) | st.text("ab: #'\né", max_size=8)
WORDS = st.text("abc_", min_size=1, max_size=4).filter(lambda word: word not in ("status", "approved_by"))
CONTENTS = st.dictionaries(
    WORDS,
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)),
    min_size=1,
    max_size=4,
)


def rewritten(content, **style):
    text = yaml.safe_dump(content, allow_unicode=True, **style)
    return read_yaml_text(text, "x")[0]


@given(CONTENTS)
def test_neither_the_layout_nor_the_order_of_keys_matters(content):
    backwards = dict(reversed(content.items()))
    layouts = [
        rewritten(content),
        rewritten(backwards, sort_keys=False, default_flow_style=True, width=20),
        rewritten(content, indent=8, width=1000),
    ]
    assert {fingerprint_of(one) for one in layouts} == {fingerprint_of(content)}


@pytest.mark.slow
def test_no_test_is_parsed_and_no_word_of_the_code_is_read():
    """So that neither a new word of a vocabulary nor a renamed class of a node can change a stored fingerprint."""
    unknown = SMALL.replace("days_silent > 180", "a_name_nobody_knows = 'a word of no vocabulary' and (")
    assert fingerprint_of_text(unknown, "x") != fingerprint_of_text(SMALL, "x")
    program = (
        "import sys, definitions.fingerprint\n"
        "print(*sorted(name for name in sys.modules if name.startswith('definitions.')))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == [
        "definitions.config", "definitions.config.yaml_faults", "definitions.config.yaml_file", "definitions.errors",
        "definitions.fingerprint",
    ]  # fmt: skip
