"""Words that settings may use of a source, checked one by one, so that a wrong one is named by its own line."""

from collections.abc import Callable, Collection
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator

from definitions.config.suggestions import suggestion
from definitions.schema.vocabulary import CANONICAL_STAGE, LEAD_STATUS

# What a lifecycle stage of a source may claim; `inquiry` is a claim that no profile need have a class for.
CLAIMS = (
    "merged_or_deleted", "excluded", "customer", "in_opportunity", "disqualified", "dead", "recycled", "dormant", "sql",
    "sal", "mql", "lead", "inquiry", "suspect", "list_record", "unclassifiable",
)  # fmt: skip


def _one_of(known: Collection[str], what: str, *, may_be_empty: bool = True) -> Callable[[str], str]:
    """Refuse a word that is none of these; where it may be empty, that stands for none of them, on purpose."""

    def checked(word: str) -> str:
        if word not in known and not (may_be_empty and word == ""):
            raise ValueError(f"this is no {what}{suggestion(word, known)}")
        return word

    return checked


def _zone(name: str) -> str:
    if name not in (known := available_timezones()):
        raise ValueError(f"no time zone is called so{suggestion(name, known) or '; write one such as Europe/Berlin'}")
    return name


# What the label of a stage, a status or a lifecycle stage means; a file says of every stage what it means.
FileStageWord = Annotated[str, AfterValidator(_one_of(CANONICAL_STAGE.names, "stage", may_be_empty=False))]
StageWord = Annotated[str, AfterValidator(_one_of(CANONICAL_STAGE.names, "stage"))]
StatusWord = Annotated[str, AfterValidator(_one_of(LEAD_STATUS.names, "status"))]
ClassWord = Annotated[str, AfterValidator(_one_of(CLAIMS, "class of people"))]
TimeZone = Annotated[str, AfterValidator(_zone)]
