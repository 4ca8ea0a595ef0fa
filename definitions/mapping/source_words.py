"""Types for words in the settings of a source; each word is validated by itself, so that an error has its line."""

from collections.abc import Callable, Collection
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator

from definitions.config.suggestions import suggestion
from definitions.schema.vocabulary import CANONICAL_STAGE, LEAD_STATUS

# Classes that a lifecycle stage may claim; `inquiry` is a claim for which a profile needs no class.
CLAIMS = (
    "merged_or_deleted", "excluded", "customer", "in_opportunity", "disqualified", "dead", "recycled", "dormant", "sql",
    "sal", "mql", "lead", "inquiry", "suspect", "list_record", "unclassifiable",
)  # fmt: skip


def _one_of(allowed: Collection[str], what: str, *, may_be_empty: bool = True) -> Callable[[str], str]:
    """Return a validator that refuses other words; an empty word, where allowed, means deliberately none."""

    def checked(word: str) -> str:
        if word not in allowed and not (may_be_empty and word == ""):
            raise ValueError(f"this is no {what}{suggestion(word, allowed)}")
        return word

    return checked


def _zone(name: str) -> str:
    if name not in (allowed := available_timezones()):
        raise ValueError(f"no time zone is called so{suggestion(name, allowed) or '; write one such as Europe/Berlin'}")
    return name


# Meaning of the label of a stage, a status or a lifecycle stage; a file maps every stage.
FileStageWord = Annotated[str, AfterValidator(_one_of(CANONICAL_STAGE.names, "stage", may_be_empty=False))]
StageWord = Annotated[str, AfterValidator(_one_of(CANONICAL_STAGE.names, "stage"))]
StatusWord = Annotated[str, AfterValidator(_one_of(LEAD_STATUS.names, "status"))]
ClassWord = Annotated[str, AfterValidator(_one_of(CLAIMS, "class of people"))]
TimeZone = Annotated[str, AfterValidator(_zone)]
