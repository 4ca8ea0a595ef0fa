"""Entries of `fields`: a mistake is told by its line, with what may have been meant."""

import pytest

from definitions.agreement.load import load_definitions, load_text
from definitions.errors import ConfigurationError
from definitions.schema.column import Kind
from flows.settings import load_settings
from tests.flows.test_settings import SET, WHOLE, written

ENTRY = "contact: {budget_status: bant_budget}"


def fields(folder, entries: str):
    return load_settings(written(folder, WHOLE.replace(ENTRY, entries)), SET)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ("contact: {custom.x: {from: a, kind: numbr}}", "'kind' must be text, number, .* did you mean number?"),
        ("contact: {custom.x: {frm: a, kind: number}}", "unknown key 'frm'; did you mean from?"),
        ("contact: {custom.x: a}", r"say of which kind it is, too: \{from: a, kind: text\}"),
        ("contact: {custom.X: {from: a, kind: text}}", "lower case words joined by _"),
        ("contact: {custom.unreadable: {from: a, kind: text}}", "and not custom.unreadable"),
        ("contact: {budget_status: {from: a, kind: text}}", "a field of ours; write budget_status: a"),
        (
            "contact: {budget_statu: b}",
            "mean budget_status?.* your own is called custom.budget_statu",
        ),
        ("contact: {custom: b}", "contact has no field 'custom'"),
        ("contact: {budget_status: {}}", r"say which field of the source it comes from: budget_status: \{from: NAME\}"),
        ("contact: {custom.x: {kind: text, on_unreadable: stop}}", "say which field of the source it comes from"),
        ("contact: {budget_status: {from: a, on_unreadable: halt}}", "'on_unreadable' must be "),
        ("contct: {custom.x: {from: a, kind: text}}", "no object 'contct' has fields to map; did you mean contact?"),
    ],
)
def test_a_mistake_is_told_by_its_line(tmp_path, entries, told):
    with pytest.raises(ConfigurationError, match=rf"bantam\.yaml:10: .*{told}"):
        fields(tmp_path, entries)


def test_what_an_unreadable_value_costs_is_said_with_a_field_or_alone(tmp_path):
    entries = "contact: {budget_status: {from: a, on_unreadable: stop}, mql_at: {on_unreadable: null}, domain: b}"
    (source, *_) = fields(tmp_path, entries).sources
    meaning = source.mapping(load_definitions("handoff"))
    assert meaning.fields == {"contact": {"budget_status": "a", "domain": "b"}}
    assert meaning.on_unreadable == {"contact": {"budget_status": "stop", "mql_at": None, "domain": None}}


def test_two_sources_give_a_field_one_kind(tmp_path):
    text = WHOLE.replace(ENTRY, "contact: {custom.x: {from: a, kind: text}}").replace(
        "    activity_types:", "    fields: {lead: {custom.x: {from: a, kind: day}}}\n    activity_types:"
    )
    with pytest.raises(ConfigurationError, match=r"bantam\.yaml:17: .*of kind text; give both one kind"):
        load_settings(written(tmp_path, text), SET)


FILE_ENTRY = "columns: {source_stage: stage, custom.x: {column: a, kind: day, means: Ours.}}"


def test_a_file_has_fields_of_a_customers_own_too(tmp_path):
    settings = load_settings(written(tmp_path, WHOLE.replace("columns: {source_stage: stage}", FILE_ENTRY)), SET)
    named = {kind: [column.name for column in columns] for kind, columns in settings.custom.items()}
    assert named == {"opportunity": ["custom.x", "custom.unreadable"]}


def test_a_file_and_an_account_give_a_field_one_kind(tmp_path):
    text = WHOLE.replace("columns: {source_stage: stage}", FILE_ENTRY)
    text = text.replace(ENTRY, "deal: {custom.x: {from: a, kind: text}}")
    with pytest.raises(ConfigurationError, match=r"bantam\.yaml:26: .*of kind text; give both one kind"):
        load_settings(written(tmp_path, text), SET)


def test_what_the_environment_does_not_set_stands_for_nothing_where_nothing_is_asked(tmp_path):
    config = written(tmp_path, WHOLE.replace(ENTRY, "contact: {custom.x: {from: a, kind: text}}"))
    assert load_settings(config, {}, needs_environment=False).custom["person"][0].kind is Kind.TEXT
    with pytest.raises(ConfigurationError, match="the environment does not set TOKEN"):
        load_settings(config, {})


def test_an_advised_entry_is_taken(tmp_path):
    assert fields(tmp_path, "contact: {custom.x: {from: a, kind: text}}").custom["person"][0].kind is Kind.TEXT


@pytest.fixture
def custom(tmp_path):
    entries = "{deal: {custom.region_score: {from: s__c, kind: number}, custom.won_on: {from: w__c, kind: day}}}"
    return fields(tmp_path, entries).custom


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("custom.regon_score > 5", "unknown name 'custom.regon_score'; did you mean custom.region_score?"),
        ("custom.region_score = 'high'", "cannot compare custom.region_score"),
        ("deal.region_score > 5", "names have no dots, but for custom.… of your own"),
    ],
)
def test_a_rule_that_names_a_field_wrongly_is_told(custom, when, told):
    text = load_definitions("handoff").text.replace("when: pipeline_class = 'closed_lost' and", f"when: {when} and")
    with pytest.raises(ConfigurationError, match=told):
        load_text(text, "ours.yaml", custom)


def test_a_rule_that_names_a_field_is_read_and_its_sentence_too(custom):
    text = load_definitions("handoff").text
    text = text.replace("when: pipeline_class = 'closed_lost' and", "when: custom.region_score > 5 and")
    text = text.replace("The system says {claimed_class}", "The system says {claimed_class}")
    names = {name for rule in load_text(text, "ours.yaml", custom).hygiene for name in rule.when.names}
    assert "custom.region_score" in names
