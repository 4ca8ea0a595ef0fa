"""The profile that comes with the package as a whole; `page/` runs what each sentence of it says."""

from definitions.schema import vocabulary as words
from tests.definitions.handoff_records import HANDOFF


def test_stages_are_all_there_and_ask_for_more_as_they_go_on():
    assert tuple(stage.stage for stage in HANDOFF.stages) == words.CANONICAL_STAGE.names
    assert [stage.order for stage in HANDOFF.stages] == list(range(1, 8))
    probabilities = [stage.probability for stage in HANDOFF.stages[:6]]
    assert probabilities == sorted(probabilities)
    asked = [len(stage.requires) for stage in HANDOFF.stages[:5]]
    assert asked == sorted(asked)


def test_every_number_says_where_it_comes_from():
    for rule in (*HANDOFF.people, *HANDOFF.opportunities):
        if rule.when is not None and any(char.isdigit() for char in rule.when.text):
            assert "practice" in rule.because or any(source in rule.because for source in HANDOFF.sources), rule.name
    for rule in HANDOFF.hygiene:
        assert "practice" in rule.source or any(source in rule.source for source in HANDOFF.sources), rule.rule


def test_it_is_a_draft_until_it_is_signed():
    assert HANDOFF.is_draft
    assert HANDOFF.version == "2026.1"
