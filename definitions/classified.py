"""The two kinds of records that are classified and checked, and the column that holds the class of each."""

from collections.abc import Mapping
from typing import Literal

Classified = Literal["person", "opportunity"]
CLASS_COLUMN: Mapping[Classified, str] = {"person": "lifecycle_class", "opportunity": "pipeline_class"}
