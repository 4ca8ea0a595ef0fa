"""Parameter types shared by several commands."""

from typing import Annotated

from cyclopts import Parameter, validators

# A count of at least one.
Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]
