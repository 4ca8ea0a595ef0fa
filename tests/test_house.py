"""Rules of the house that no linter knows: who may import whom, how large a file is, what README and lock file say."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from connectors.registry import SOURCE_TYPES
from definitions.agreement.load import load_definitions
from flows.settings import load_settings
from flows.terminal.command_line import app

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = PROJECT["tool"]["importlinter"]["root_packages"]
CODE = sorted(path for room in (*ROOMS, "tests", "benchmarks") for path in ROOT.glob(f"{room}/**/*.py"))
EXAMPLES = sorted(ROOT.glob("examples/*/*.yaml"))
PROFILES = sorted(ROOT.glob("definitions/profiles/*.yaml"))
README = (ROOT / "README.md").read_text()
LOCK = (ROOT / "requirements.lock").read_text()
ENVIRONMENT = (ROOT / ".env.example").read_text()
REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(:-[^}]*)?\}")
LOCKED = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==[^\s;]+(?: ; [^\\\n]+)?(?: \\\n +--hash=sha256:[0-9a-f]{64})+\n", re.M
)


def of_file(path):
    return str(path.relative_to(ROOT))


def plain(name):
    """A package's name as an index compares it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", name)[0]).lower()


def needed_by(example):
    """Environment variables without which an example cannot be used."""
    said = re.sub(r"#.*", "", example.read_text())
    return {name for name, default in REFERENCE.findall(said) if not default}


@pytest.mark.slow
def test_imports_point_one_way():
    lint = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    told = subprocess.run([sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"{len(PROJECT['tool']['importlinter']['contracts'])} kept, 0 broken" in told.stdout


def test_every_room_is_under_the_contract_and_every_package_is_installed():
    packages = {
        of_file(path.parent).replace("/", ".") for room in ROOMS for path in ROOT.glob(f"{room}/**/__init__.py")
    }
    with_code = {of_file(path.parent).replace("/", ".") for path in CODE}
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"benchmarks"}
    assert rooms == set(ROOMS)
    assert {name for name in with_code if name.split(".")[0] in ROOMS} == packages
    assert packages == set(PROJECT["tool"]["setuptools"]["packages"])


def test_a_vendor_is_named_by_its_own_folder_and_the_registry_only():
    vendors = set(SOURCE_TYPES) - {"files"}
    assert len(vendors) > 1
    named = re.compile(rf"^\s*(?:from|import) connectors(?:\.| import )({'|'.join(sorted(vendors))})\b", re.M)
    rooms = [path for path in CODE if path.relative_to(ROOT).parts[0] in ROOMS]
    strangers = {of_file(path): set(named.findall(path.read_text())) - {path.parent.name} for path in rooms}
    assert {name: found for name, found in strangers.items() if found} == {}


def test_no_file_is_too_long_to_be_read_at_once():
    lines = {of_file(path): len(path.read_text().splitlines()) for path in CODE}
    assert len(lines) > 200
    assert {name: count for name, count in lines.items() if count > 300} == {}


def test_no_file_is_named_after_nothing():
    empty = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [of_file(path) for path in CODE if empty & {*path.relative_to(ROOT).parts, *path.stem.split("_")}] == []


def test_no_flow_hides_a_room():
    """A file entrypoint puts `flows/` first on the import path."""
    assert not {path.stem for path in (ROOT / "flows").iterdir()} & set(ROOMS)


def test_no_two_test_files_share_a_name():
    names = [path.name for path in CODE if path.name.startswith("test_")]
    assert sorted(names) == sorted(set(names))


def test_the_readme_shows_the_two_commands_first_and_make_knows_what_it_names():
    shown = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert re.findall(r"^make ([a-z]+)", shown[0], re.M) == ["demo", "test"]
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    assert set(re.findall(r"`make ([a-z]+)`", README)) <= set(targets)
    assert {"demo", "test"} <= set(targets)


def test_the_readme_names_only_commands_that_are_there():
    named = set(re.findall(r"(?:^|`|bin/)bantam ([a-z]+)(?: ([a-z]+)\b(?=[`\s]))?", README, re.M))
    assert len(named) > 5
    for command, part in named:
        assert command in app, command
        if part and not app[command].default_command:
            assert part in app[command], f"{command} {part}"


def test_the_readme_names_only_files_that_are_there():
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    named = re.findall(r"(?:^|[`\s])((?:[a-z_]+/)+[a-z_]+\.(?:py|yaml)|prefect\.yaml|\.env\.example)\b", README, re.M)
    assert linked
    assert len(named) > 5
    assert [name for name in {*linked, *named} if not (ROOT / name).exists()] == []


def test_the_lock_pins_every_package_by_hash_and_names_no_host():
    entries = list(LOCKED.finditer(LOCK))
    assert len(entries) > 100
    assert LOCKED.sub("", LOCK) == ""
    assert "://" not in LOCK


def test_the_lock_holds_what_the_project_asks_for():
    project = PROJECT["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["test"], *PROJECT["build-system"]["requires"]]
    pinned = {plain(entry.group(1)) for entry in LOCKED.finditer(LOCK)}
    assert {plain(name) for name in asked} - pinned == set()


@pytest.mark.parametrize("path", PROFILES, ids=of_file)
def test_every_profile_can_be_used(path):
    by_name = load_definitions(path.stem)
    assert by_name.profile == path.stem
    assert by_name.text_sha256 == load_definitions(str(path)).text_sha256


@pytest.mark.parametrize("path", EXAMPLES, ids=of_file)
def test_every_example_can_be_used(path):
    settings = load_settings(path, dict.fromkeys(needed_by(path), "https://example.my.salesforce.com"))
    assert settings.sources
    assert load_definitions(settings.definitions).people


def test_the_environment_is_described_as_it_is():
    described = set(re.findall(r"^([A-Z_]+)=", ENVIRONMENT, re.M))
    assert set().union(*map(needed_by, EXAMPLES)) <= described
    read = "\n".join(path.read_text() for path in [*ROOT.glob("flows/**/*.py"), *EXAMPLES])
    assert [name for name in sorted(described) if name not in read] == []
