"""Descriptions of library exceptions without their message, which may quote a value of a record or a secret."""

import traceback


def kind_and_location(error: BaseException) -> str:
    """Return the type of an exception and the line of code that raised it.

    >>> try:
    ...     int("a value nobody may see")
    ... except ValueError as error:
    ...     kind_and_location(error)
    'ValueError in definitions.foreign_errors:2'
    """
    frames = list(traceback.walk_tb(error.__traceback__))
    if not frames:
        return type(error).__name__
    frame, line = frames[-1]
    return f"{type(error).__name__} in {frame.f_globals.get('__name__', 'unknown')}:{line}"
