"""Every mistake in a definitions file is an error that names the line and says what to do."""

# ruff: noqa: E501  # in a table, a case a line reads best

from pathlib import Path

import pytest

from definitions.agreement.load import load_definitions, load_text, profiles, read_yaml
from definitions.errors import ConfigurationError
from definitions.fingerprint import fingerprint_of_text

GOOD = """\
definitions: small
version: "1"
status: draft
approved_by: []
because: To try things out.
reporting: {time_zone: Europe/Berlin, currency: EUR, fiscal_year_starts_in: 1}
engagement:
  passive: [newsletter]
  proactive: [demo_request]
lead_sources: {web: demo_request}
fit:
  - {when: employees > 50, points: 10, because: size}
engagement_points:
  - {activity: newsletter, points: 5, within_days: 30}
icp:
  passes: employees > 50
criteria:
  need:
    question: What hurts?
    met: need_status = 'acknowledged'
    evidence: need_status
  budget:
    question: What is set aside?
    met: budget_status = 'allocated'
    evidence: budget_status
policies:
  qualified: {at_least: 1, of: [need, budget], including: [need]}
people:
  - {class: customer, means: Bought., when: has_won_opportunity, because: won}
  - {class: dead, means: Silent., when: days_silent > 180, because: S4}
  - {class: list_record, means: A name., otherwise: true, because: S3}
opportunities:
  - {class: closed_won, means: Won., when: is_won, because: won, forecast: booked}
  - {class: overdue, means: Late., when: is_open and days_overdue > 7, because: S3, forecast: excluded, counts_as_open: true}
  - {class: active, means: Good., otherwise: true, because: S2, forecast: included, counts_as_open: true}
stages:
  - {stage: qualification, order: 1, phase: opportunity, probability: 0.1, forecast_category: pipeline, requires: [need]}
  - {stage: closed_won, order: 2, phase: closed, probability: 1, forecast_category: closed}
stage_age: {multiple: 1.5, minimum_exits: 30}
loss_reasons: {price: [too expensive], other: [other]}
decision_maker_roles: [economic buyer]
placeholders: {close_date: {years_ahead: 10}, next_step: [tbd]}
not_checked: [merged_or_deleted]
hygiene:
  - rule: OPP-01
    on: opportunity
    when: is_open and days_overdue > 0
    severity: warning
    critical_when: days_overdue > 30
    says: Late by {days_overdue} days.
    ask: When?
    action: Re-date.
    source: S3
"""

DEAD = "  - {class: dead, means: Silent., when: days_silent > 180, because: S4}"
LATE = "when: is_open and days_overdue > 7, because: S3, forecast: excluded"
# What is replaced, by what (`# HERE` marks the line the error must name), and the words the error must use.
BROKEN = [
    ("unknown key", "because: To try things out.", "because: x\nreportign: 1 # HERE", "unknown key 'reportign'; did you mean reporting? There are definitions, version"),
    ("unknown key in a part", "    ask: When?", "    ask: When?\n    severty: info # HERE", "unknown key 'severty'; did you mean severity?"),
    ("missing key", "    ask: When?\n", "", "the key 'ask' is missing"),
    ("key twice", "because: To try things out.", "because: x\nstatus: draft # HERE", "the key 'status' stands twice, first on line 3"),
    ("number for text", 'version: "1"', "version: 2026.1 # HERE", "must be text; put it in quotes"),
    ("text for number", "multiple: 1.5", "multiple: often # HERE\n ", "'multiple' must be a number"),
    ("too many points", "points: 10", "points: 101", "must be at most 100"),
    ("word outside a choice", "status: draft", "status: final # HERE", "'status' must be draft or approved"),
    ("currency", "currency: EUR", "currency: euro", "write a currency such as USD"),
    ("time zone", "time_zone: Europe/Berlin", "time_zone: Europe/Berln", "no time zone is called 'Europe/Berln'"),
    ("approved by nobody", "status: draft", "status: approved # HERE", "a signature of marketing and of sales"),
    (
        "approved by half",
        "status: draft\napproved_by: []",
        "status: approved # HERE\napproved_by: [{team: marketing, name: Ada, on: 2026-01-01}]",
        "a signature of sales",
    ),
    ("name in a test", DEAD, DEAD.replace("days_silent", "days_silnt") + " # HERE", "did you mean days_silent?"),
    ("name not known yet", DEAD, DEAD.replace("days_silent > 180", "lifecycle_class = 'dead'") + " # HERE", "unknown name 'lifecycle_class'"),
    ("word in a test", "need_status = 'acknowledged'", "need_status = 'acknowleged' # HERE", "did you mean 'acknowledged'?"),
    ("test is not text", "met: budget_status = 'allocated'", "met: [1] # HERE", "is not a test"),
    ("test of two lines", "met: budget_status = 'allocated'", "met: >- # HERE\n      budget_status = 'allocated'\n      or zebra", "unknown name 'zebra'"),
    ("class in a test that no ladder has", "[merged_or_deleted]", "[customr] # HERE", "no class is called 'customr'"),
    ("class twice", DEAD, DEAD + "\n" + DEAD.replace("180", "90") + " # HERE", "the class dead stands twice"),
    ("after otherwise", DEAD, "  - {class: lead, means: x, otherwise: true, because: x} # HERE\n" + DEAD, "no class after lead can be reached"),
    ("no otherwise", "means: A name., otherwise: true", "means: A name., when: is_deleted", "must say `otherwise: true`"),
    ("neither test nor otherwise", DEAD, "  - {class: dead, means: Silent., because: S4} # HERE", "needs `when`"),
    ("test and otherwise", "means: A name., otherwise: true", "means: A name., otherwise: true, when: is_deleted", "keep one"),
    ("same test as earlier", DEAD, DEAD.replace("days_silent > 180", "has_won_opportunity") + " # HERE", "is customer already"),
    ("narrower than earlier", DEAD, DEAD + "\n  - {class: dormant, means: x, when: days_silent > 200 and is_deleted, because: x} # HERE", "the class dormant can never be reached"),
    ("never true", DEAD, DEAD.replace("days_silent > 180", "1 = 2") + " # HERE", "no record can ever meet"),
    ("false", DEAD, DEAD.replace("days_silent > 180", "false") + " # HERE", "no record can ever meet"),
    ("contradiction", DEAD, DEAD.replace("days_silent > 180", "days_silent > 180 and days_silent < 90") + " # HERE", "no record can ever meet"),
    ("always true", DEAD, DEAD.replace("days_silent > 180", "true") + " # HERE", "every record meets"),
    ("forecast of people", DEAD, DEAD.replace("because: S4", "because: S4, forecast: included") + " # HERE", "are for opportunities"),
    ("no forecast", LATE, LATE.replace(", forecast: excluded", ""), "must say `forecast: included`"),
    ("order twice", "order: 2", "order: 1", "the order 1 is used by qualification already"),
    ("stage twice", "{stage: closed_won,", "{stage: qualification,", "the stage qualification stands twice"),
    ("stage unknown", "{stage: closed_won,", "{stage: closed_wn,", "did you mean closed_won?"),
    ("required criterion unknown", "requires: [need]", "requires: [needs]", "no criterion is called 'needs'; did you mean need?"),
    ("forecast category unknown", "forecast_category: pipeline", "forecast_category: pipelin", "did you mean pipeline?"),
    ("policy of a stranger", "of: [need, budget]", "of: [need, money]", "no criterion is called money"),
    ("policy including an outsider", "of: [need, budget], including: [need]", "of: [need], including: [budget]", "must also stand in `of`"),
    ("policy asks too much", "at_least: 1", "at_least: 3", "choose between 1"),
    ("policy named like a criterion", "  qualified: {at_least", "  need: {at_least", "is a criterion already"),
    ("criterion named like a field", "policies:\n", "  amount: {question: q, met: is_deleted, evidence: is_deleted} # HERE\npolicies:\n", "amount is the name of a field already"),
    ("evidence unknown", "evidence: need_status", "evidence: need_state # HERE", "did you mean need_status?"),
    ("field in braces", "says: Late by {days_overdue} days.", "says: Late by {days_overdu} days. # HERE", "did you mean days_overdue?"),
    ("brace left open", "says: Late by {days_overdue} days.", "says: Late by {days_overdue days. # HERE", "a brace is not closed"),
    (
        "personal field in an alert",
        "on: opportunity\n    when: is_open and days_overdue > 0\n    severity: warning\n    critical_when: days_overdue > 30\n    says: Late by {days_overdue} days.",
        "on: person\n    when: is_deleted\n    severity: warning\n    says: Write to {email}. # HERE",
        "email is personal",
    ),
    ("rule twice", "hygiene:\n", "hygiene:\n  - {rule: OPP-01, on: opportunity, when: is_won, severity: info, says: a, ask: b, action: c, source: d}\n", "OPP-01 stands twice"),
    ("rule id", "rule: OPP-01", "rule: opp1 # HERE", "write a rule id such as OPP-01"),
    ("rule never true", "when: is_open and days_overdue > 0", "when: is_open and not is_open # HERE", "no record can ever meet"),
    ("activity twice", "proactive: [demo_request]", "proactive: [newsletter, demo_request] # HERE", "stands under passive already"),
    ("lead source to nowhere", "{web: demo_request}", "{web: demo_reqest}", "did you mean demo_request?"),
    ("lead source in capitals", "{web: demo_request}", "{Web: demo_request}", "write 'web'"),
    ("points for nothing", "{activity: newsletter", "{activity: newsletters", "did you mean newsletter?"),
    ("family unknown", "{price: [too expensive]", "{prize: [too expensive]", "did you mean price?"),
    ("reason in two families", "other: [other]}", "other: [other, too expensive]}", "belongs to price already"),
    ("role in capitals", "[economic buyer]", "[Economic Buyer]", "write 'economic buyer'"),
    ("class not checked is unknown", "[merged_or_deleted]", "[merged]", "no class is called 'merged'"),
    ("anchor", "because: To try things out.", "because: &why To try things out. # HERE", "anchors"),
    ("tag", "because: To try things out.", "because: !!str To try things out. # HERE", "not allowed"),
    ("no such day", "approved_by: []", "approved_by: [{team: sales, name: Bo, on: 2026-02-30}] # HERE", "not a day of the calendar"),
    ("broken YAML", "currency: EUR", 'currency: "EUR" "USD"', "not valid YAML"),
    ("worked out by us", 'version: "1"', 'version: "1"\ntext: mine # HERE', "remove it"),
]  # fmt: skip


def line_of(text: str, old: str, new: str) -> int:
    """The marked line, or the line on which the replaced words stand."""
    broken = text.replace(old, new)
    if "# HERE" in broken:
        return broken[: broken.index("# HERE")].count("\n") + 1
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(("old", "new", "said"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_mistake_is_named_with_its_line(old, new, said):
    assert old in GOOD
    with pytest.raises(ConfigurationError) as refusal:
        load_text(GOOD.replace(old, new, 1), "ours.yaml")
    first = str(refusal.value).splitlines()[0]
    assert said in first
    expected = line_of(GOOD, old, new)
    if old == "hygiene:\n":
        expected += 2  # the second of the two is the one that is wrong
    if said.startswith("the key 'ask'"):
        expected = GOOD[: GOOD.index("- rule:")].count("\n") + 1  # a missing key is said of what lacks it
    assert first.startswith(f"ours.yaml:{expected}: ")


def test_signing_and_commenting_change_nothing_of_what_is_agreed():
    signatures = ", ".join(f"{{team: {team}, name: Ada, on: 2026-01-15}}" for team in ("marketing", "sales"))
    signed = GOOD.replace("status: draft", "status: approved", 1).replace("by: []", f"by: [{signatures}]", 1)
    draft, approved = load_text(GOOD, "ours.yaml"), load_text(f"# Agreed on Monday.\n{signed}", "ours.yaml")
    assert (draft.is_draft, approved.is_draft) == (True, False)
    assert draft.text_sha256 == approved.text_sha256
    other = load_text(GOOD.replace("has_won_opportunity", "claims_customer", 1), "ours.yaml")
    assert draft.text_sha256 != other.text_sha256


def test_the_good_file_is_good():
    definitions = load_text(GOOD, "ours.yaml")
    assert definitions.profile == "small"
    assert definitions.is_draft
    assert definitions.text == GOOD
    assert definitions.text_sha256 == fingerprint_of_text(GOOD, "ours.yaml")
    assert definitions.people[0].when.text == "has_won_opportunity"
    assert definitions.people[-1].when is None
    assert [rule.is_open_class for rule in definitions.opportunities] == [False, True, True]
    assert definitions.engagement.level_of("demo_request") == "proactive"
    assert definitions.engagement.level_of("sky_writing") == "none"
    assert definitions.silence.lead_days == 180


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    broken = GOOD.replace("days_silent > 180", "days_silnt > 180").replace(
        "fiscal_year_starts_in: 1", "fiscal_year_starts_in: 13"
    )
    broken = broken.replace("    ask: When?", "    aks: When?")
    with pytest.raises(ConfigurationError) as refusal:
        load_text(broken, "ours.yaml")
    lines = [int(line.split(":")[1]) for line in str(refusal.value).splitlines()]
    assert lines == sorted(lines)
    assert len(lines) == 4  # the month, the name, the missing key and the unknown one


def test_signed_by_both_it_is_no_draft():
    signed = GOOD.replace("status: draft", "status: approved").replace(
        "approved_by: []",
        "approved_by: [{team: marketing, name: Ada, on: 2026-01-01}, {team: sales, name: Bo, on: 2026-01-02}]",
    )
    assert not load_text(signed, "ours.yaml").is_draft


def test_a_policy_can_be_used_by_name_in_a_class():
    named = GOOD.replace("when: days_silent > 180", "when: days_silent > 180 and not qualified")
    dead = load_text(named, "ours.yaml").people[1].when
    assert dead.text == "days_silent > 180 and not qualified"
    assert dead.names == {"days_silent", "need_status", "budget_status"}


def test_a_rule_may_stand_for_persons_and_for_opportunities():
    both = GOOD.replace(
        "hygiene:\n",
        "hygiene:\n  - {rule: OPP-01, on: person, when: is_deleted, severity: info, says: a, ask: b, action: c, source: d}\n",
    )
    assert [rule.on for rule in load_text(both, "ours.yaml").hygiene] == ["person", "opportunity"]


@pytest.mark.parametrize("profile", profiles())
def test_every_profile_loads_by_name(profile):
    assert load_definitions(profile).profile == profile


def test_a_file_loads_by_path(tmp_path: Path):
    path = tmp_path / "ours.yaml"
    path.write_text("\ufeff" + GOOD, encoding="utf-8")
    assert load_definitions(path).profile == "small"


@pytest.mark.parametrize(
    ("name", "said"),
    [("handof", "did you mean handoff"), ("nowhere/ours.yaml", "cannot be read"), ("../x", "cannot be read")],
)
def test_a_profile_that_is_not_there(name, said):
    with pytest.raises(ConfigurationError, match=said):
        load_definitions(name)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "expected `key: value`"),
        ("- a\n", 1, "expected `key: value`"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: 1\n? [x]\n: 2\n", 2, "plain word"),
        ("a: *b\n", 1, "anchors"),
        ("a: &a {b: *a}\n", 1, "anchors"),
        ("a: \x00\n", 1, "not valid YAML"),
        ("\ta: 1\n", 1, "not valid YAML"),
    ],
    ids=["empty", "a list", "two documents", "odd key", "alias", "itself", "NUL", "tab"],
)
def test_yaml_we_do_not_read(text, line, said):
    with pytest.raises(ConfigurationError) as refusal:
        load_text(text, "ours.yaml")
    assert str(refusal.value).startswith(f"ours.yaml:{line}: ")
    assert said in str(refusal.value)


def test_a_file_that_is_not_utf8(tmp_path: Path):
    path = tmp_path / "ours.yaml"
    path.write_bytes(b"because: caf\xe9\n")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_yaml(path)


def test_deep_nesting_is_an_error_and_not_a_crash():
    with pytest.raises(ConfigurationError):
        load_text("a: " + "[" * 1500 + "]" * 1500, "ours.yaml")


def test_plain_words_stay_words(tmp_path: Path):
    path = tmp_path / "words.yaml"
    path.write_text(
        "on: yes\nno: 'true'\nempty:\nbig: 007\nday: 2026-01-31\nreal: 1.0\nnegative: -3\n", encoding="utf-8"
    )
    content, lines = read_yaml(path)
    assert repr(content) == (
        "{'on': 'yes', 'no': 'true', 'empty': None, 'big': '007', 'day': datetime.date(2026, 1, 31), 'real': 1.0, "
        "'negative': -3}"
    )
    assert lines["day",] == 5
