"""Printed page of the definitions in Markdown, to read aloud and sign: short sentences, every test with its reason.

The page is rendered from the loaded object, never from the file's comments, so that it states what runs.
"""

from collections.abc import Iterator

from definitions.agreement.model import ClassRule, Definitions, HygieneRule, Policy
from definitions.agreement.page.markdown import code_of, listed, table
from definitions.agreement.page.words import fit, interest, names, words
from definitions.counting import counted

_TEAMS = ("marketing", "sales")
_FORECAST = {"included": "yes", "excluded": "no", "booked": "booked"}


def render_markdown(definitions: Definitions) -> str:
    """Render the page; equal definitions render to equal bytes."""
    sections = (
        _opening(definitions),
        _reading(definitions),
        _ladder("Where a person stands", definitions.people, "person"),
        _ladder("Where an opportunity stands", definitions.opportunities, "opportunity"),
        _criteria(definitions),
        _stages(definitions),
        interest(definitions),
        fit(definitions),
        _hygiene(definitions),
        words(definitions),
        names(definitions),
        _signatures(definitions),
    )
    return "\n".join(line for section in sections for line in section).rstrip() + "\n"


def _opening(definitions: Definitions) -> Iterator[str]:
    yield f"# What we mean by lead and opportunity: {definitions.profile}, version {definitions.version}"
    yield ""
    if definitions.is_draft:
        yield "**This is a draft.** Until marketing and sales have signed it, every report made from it says so."
    else:
        signed = ", ".join(f"{who.name} for {who.team} on {who.on}" for who in definitions.approved_by)
        yield f"**Approved** by {signed}."
    yield ""
    yield definitions.because
    yield ""


def _reading(definitions: Definitions) -> Iterator[str]:
    reporting = definitions.reporting
    yield "## How to read this page"
    yield ""
    yield "- A test is written in `this type`. The last section but one says what each name in it means."
    yield "- `null` means nobody knows. A test answers yes, no or unknown, and only yes counts."
    yield "- The word `unknown` in a field is read as `null`."
    yield "- `and` needs both sides, `or` one of them. `coalesce(a, b)` is the first of the two that is known."
    yield "- `like` compares text with a pattern, in which `%` stands for any text."
    yield "- Where the words beside a test say more or less than it does, the test decides."
    yield '- "Practice" marks a number that others use and that you should calibrate from your own history.'
    yield from (f"- {key} stands for: {source}" for key, source in definitions.sources.items())
    yield (
        f"- A day is a day in {reporting.time_zone}, amounts are reported in {reporting.currency}, "
        f"and the fiscal year starts in month {reporting.fiscal_year_starts_in}."
    )
    yield ""


def _ladder(title: str, rules: tuple[ClassRule, ...], subject: str) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield f"Ask from the top. The first class whose test answers yes is the one; every {subject} is in exactly one."
    yield ""
    is_forecast = any(rule.forecast for rule in rules)
    columns = ["", "Class", "Means", "Test", "Why", "Leaves it when"]
    yield from table(
        [*columns, "In the forecast", "Counts as open"] if is_forecast else columns,
        (
            [
                str(number),
                f"**{rule.name}**",
                rule.means,
                code_of(rule.when) or "everyone else",
                _reason(rule.because, rule.source),
                rule.leaves_when or "",
                *(
                    [_FORECAST.get(rule.forecast or "", ""), "yes" if rule.is_open_class else "no"]
                    if is_forecast
                    else []
                ),
            ]
            for number, rule in enumerate(rules, start=1)
        ),
    )


def _criteria(definitions: Definitions) -> Iterator[str]:
    yield "## What makes an opportunity worth pursuing"
    yield ""
    yield "Each criterion is met, not met or unknown. Unknown means: ask the question."
    yield ""
    yield from table(
        ["Criterion", "The question to ask", "Met when", "Proved by", "Why"],
        (
            [
                f"**{name}**",
                criterion.question,
                code_of(criterion.met),
                f"`{criterion.evidence}`",
                criterion.because or "",
            ]
            for name, criterion in definitions.criteria.items()
        ),
    )
    for name, policy in definitions.policies.items():
        yield f"- **{name}**: {_policy(policy)}"
    yield ""


def _policy(policy: Policy) -> str:
    text = f"at least {policy.at_least} of {listed(policy.of)} are met"
    if policy.including:
        text += f", {listed(policy.including)} among them"
    unknown = "counts as not met" if policy.unknown_as == "not_met" else "leaves it pending"
    return f"{text}. What is unknown {unknown}. {policy.because or ''}".rstrip()


def _stages(definitions: Definitions) -> Iterator[str]:
    yield "## Stages, and what each requires"
    yield ""
    yield from table(
        ["", "Stage", "Phase", "Probability", "Forecast category", "Required", "Slow after (days)", "Why"],
        (
            [
                str(stage.order),
                f"**{stage.stage}**",
                stage.phase,
                f"{stage.probability:.0%}",
                stage.forecast_category,
                listed(stage.requires) or "nothing",
                str(stage.max_age_days or ""),
                stage.because or "",
            ]
            for stage in sorted(definitions.stages, key=lambda stage: stage.order)
        ),
    )
    yield "Probability and forecast category hold where neither the deal nor its stage has one in the source."
    age = definitions.stage_age
    yield (
        f"Once a stage was left {counted(age.minimum_exits, 'time')}, a deal is slow in it after {age.multiple:g} "
        f"times the median stay, one day at least. {age.because or ''}".rstrip()
    )
    yield ""


def _hygiene(definitions: Definitions) -> Iterator[str]:
    yield "## What we tell the owner of a record"
    yield ""
    skipped = f" Records in {listed(definitions.not_checked)} are not checked." if definitions.not_checked else ""
    yield f"None of these stops a refresh. Each names one thing to ask and one to do.{skipped}"
    yield ""
    yield from table(
        ["Rule", "About", "How bad", "Test", "It says", "Ask", "Do", "Why"],
        (
            [
                f"**{rule.rule}**",
                rule.on,
                _severity(rule),
                code_of(rule.when),
                rule.says,
                rule.ask,
                rule.action,
                rule.source,
            ]
            for rule in definitions.hygiene
        ),
    )


def _severity(rule: HygieneRule) -> str:
    return f"{rule.severity}; critical when {code_of(rule.critical_when)}" if rule.critical_when else rule.severity


def _signatures(definitions: Definitions) -> Iterator[str]:
    yield "## Signatures"
    yield ""
    yield "By signing, we agree to run the pipeline by this page until the next version is signed."
    yield ""
    signed = {signature.team: signature for signature in definitions.approved_by}
    teams = (*_TEAMS, *(team for team in signed if team not in _TEAMS))
    yield from table(
        ["For", "Name", "Date"],
        (
            [f"**{team}**", signed[team].name, str(signed[team].on)] if team in signed else [f"**{team}**", "", ""]
            for team in teams
        ),
    )
    yield f"Fingerprint of what is agreed: `{definitions.text_sha256}`."


def _reason(because: str, source: str | None) -> str:
    return f"{because} ({source})" if source else because
