"""How HubSpot refuses: status, category, message; and the frame its batch answers come in."""

import uuid
from collections.abc import Sequence

import msgspec

from sandbox.server.web import Answer, says


class HubSpotError(Exception):
    """HubSpot says no; the dialect turns it into an answer."""

    def __init__(self, category: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.category, self.message, self.status = category, message, status


def refusal(refused: HubSpotError) -> Answer:
    """The answer for a refusal; the correlation id is made of its content."""
    correlation = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{refused.category}/{refused.message}"))
    told = {"message": refused.message, "correlationId": correlation, "category": refused.category}
    return says({"status": "error", **told}, status=refused.status)


def words(asked: dict[str, list[str]], name: str) -> list[str]:
    """Values of a parameter given once, several times, or as a list with commas."""
    return [word.strip() for value in asked.get(name, []) for word in value.split(",") if word.strip()]


def number(asked: dict[str, list[str]], name: str, default: int, *, low: int, high: int) -> int:
    """A whole number parameter within its bounds; raises `HubSpotError`."""
    values = asked.get(name)
    if not values or not values[-1]:
        return default
    try:
        value = int(values[-1])
    except ValueError:
        raise HubSpotError("VALIDATION_ERROR", f"Invalid input: {name} must be an integer") from None
    if not low <= value <= high:
        raise HubSpotError("VALIDATION_ERROR", f"Invalid input: {name} must be between {low} and {high}")
    return value


def batch(results: Sequence[bytes], errors: list[dict[str, object]], now: str, *, count: int) -> Answer:
    """A batch answer: 200, or 207 when some inputs failed."""
    times = b'"startedAt":"%b","completedAt":"%b"' % (now.encode(), now.encode())
    frame = b'{"status":"COMPLETE","results":[%b],%b' % (b",".join(results), times)
    if not errors:
        return Answer(body=frame + b"}")
    return Answer(status=207, body=frame + b',"numErrors":%d,"errors":%b}' % (count, msgspec.json.encode(errors)))
