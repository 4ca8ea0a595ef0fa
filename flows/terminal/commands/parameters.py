"""Kinds of values that several commands take."""

from typing import Annotated

from cyclopts import Parameter, validators

# How many, of what there is at least one.
Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]
