"""Whatever is wrong, wherever: a file that people write is refused in our words, by the line that is wrong."""

import re
from copy import deepcopy

import yaml
from hypothesis import given
from hypothesis import strategies as st

from definitions.agreement.load import load_text
from definitions.config.yaml_file import read_yaml
from definitions.errors import ConfigurationError
from flows.settings import load_settings
from tests.flows.line import ROOT

EXAMPLES = sorted(ROOT.glob("examples/*/bantam.yaml"))
PROFILES = sorted(ROOT.glob("definitions/profiles/*.yaml"))
ENVIRONMENT = dict.fromkeys(
    ("HUBSPOT_TOKEN", "SALESFORCE_CLIENT_ID", "SALESFORCE_CLIENT_SECRET", "SALESFORCE_URL"), "https://crm.example"
)
# How pydantic and PyYAML speak.
FOREIGN = re.compile(
    r"Input (should|tag)|Field required|Extra inputs|should have|Value error|validation error|pydantic|Unable to"
    r"|valid (string|integer|number|dictionary|boolean|tuple|date)|found (character|unexpected)|did not find expected"
)
# What no value of a setting or a definition may be, written on one line; the word in it must not be repeated.
SECRET = "CANARY"
NO_VALUES = f"{{a: [{SECRET}]}}", f"[[{SECRET}]]", f"[{{a: {SECRET}}}]", "-9999999999999.5", f"{{[a]: {SECRET}}}"
CONTENTS = {path: read_yaml(path)[0] for path in (*EXAMPLES, *PROFILES)}
HERE = "PLACE_OF_THE_MISTAKE"


def places(part, place=()):
    """Every place of a file but the file itself."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        yield (*place, key)
        yield from places(value, (*place, key))


def at(content, place):
    for key in place:
        content = content[key]
    return content


def written(content):
    """Block style, a line a key, so that a line is a place."""
    return yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, width=100_000, allow_unicode=True)


@st.composite
def spoiled(draw, paths):
    """The text of a file with one mistake in it, the line of the mistake, and which kind it is of."""
    path = draw(st.sampled_from(paths))
    content = deepcopy(CONTENTS[path])
    place = draw(st.sampled_from(list(places(content))))
    around, key = at(content, place[:-1]), place[-1]
    kind = draw(st.sampled_from(["value", "key", "twice"] if isinstance(around, dict) else ["value"]))
    new = draw(st.sampled_from(NO_VALUES))
    if kind == "value":
        around[key] = HERE
    elif kind == "key":
        new = f"{key}_odd"
        items = [(HERE if name == key else name, held) for name, held in around.items()]
        around.clear()
        around.update(items)
    else:
        around[key] = HERE
        new = "1"
    text = written(content)
    rows, line = text.splitlines(), text[: text.index(HERE)].count("\n")
    if kind == "twice":
        rows.insert(line + 1, rows[line].replace("- ", "  ", 1))
        line += 1
    return "\n".join(rows).replace(HERE, new) + "\n", line + 1, kind


def check(text, line, kind, load):
    try:
        load(text)
    except ConfigurationError as refused:
        told = str(refused)
    else:
        # A label of a source may be any word; nothing else may.
        assert kind == "key"
        return
    assert not FOREIGN.search(told), told
    assert SECRET not in told
    assert all(re.match(r"^[^\n]*:\d+: .+[.]$", row) for row in told.splitlines()), told
    assert line in [int(row.split(":")[1]) for row in told.splitlines()], (line, told)


@given(spoiled(EXAMPLES))
def test_a_mistake_anywhere_in_the_settings_is_named_by_its_line_in_our_words(tmp_path_factory, mistake):
    folder = tmp_path_factory.mktemp("settings")

    def load(text):
        (folder / "bantam.yaml").write_text(text)
        load_settings(folder / "bantam.yaml", ENVIRONMENT)

    check(*mistake, load)


@given(spoiled(PROFILES))
def test_a_mistake_anywhere_in_the_definitions_is_named_by_its_line_in_our_words(mistake):
    check(*mistake, lambda text: load_text(text, "ours.yaml"))
