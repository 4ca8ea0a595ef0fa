"""`docs/files.md` says what the declarations say, and its example can be used."""

import re

import pytest
import yaml

from connectors.files.settings import FilesSource
from definitions.mapping.file_columns import NOT_MAPPED, Column
from definitions.mapping.file_stream import FileStream
from definitions.schema.records import RECORD_KINDS
from flows.terminal.files_reference import PAGE, page


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("model", [FilesSource, FileStream, Column], ids=lambda model: model.__name__)
def test_every_option_is_described(model):
    assert {name for name, option in model.model_fields.items() if not option.description} == set()
    assert {name for name in model.model_fields if f"| `{name}` |" not in page()} == set()


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_every_field_that_can_be_mapped_is_described(kind):
    part = page().split(f"### `kind: {kind}`")[1].split("###")[0]
    told = set(re.findall(r"^\| \**`(\w+)`\** \|", part, re.M))
    assert told == set(RECORD_KINDS[kind].names) - NOT_MAPPED


def test_its_example_is_a_source():
    [shown] = re.findall(r"```yaml\n(.*?)```", page(), re.DOTALL)
    [source] = yaml.safe_load(shown)["sources"]
    assert [stream.name for stream in FilesSource.model_validate(source).streams] == ["deals", "owners"]
