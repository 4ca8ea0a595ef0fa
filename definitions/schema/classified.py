"""The two kinds of records that are classified and checked: their golden table and class column."""

from collections.abc import Mapping
from typing import Literal

from definitions.schema import vocabulary as words
from definitions.schema.column import Vocabulary
from definitions.schema.tables import DIM_PERSON, FCT_OPPORTUNITY, Table

Classified = Literal["person", "opportunity"]
CLASS_TABLE: Mapping[Classified, Table] = {"person": DIM_PERSON, "opportunity": FCT_OPPORTUNITY}
CLASS_COLUMN: Mapping[Classified, str] = {"person": "lifecycle_class", "opportunity": "pipeline_class"}
CLASS_WORDS: Mapping[Classified, Vocabulary] = {"person": words.PERSON_CLASS, "opportunity": words.OPPORTUNITY_CLASS}
# Class of a published record that is no longer computed.
GONE = "merged_or_deleted"
