"""HubSpot's error responses (status, category, message), and the frame of its batch responses."""

import uuid
from collections.abc import Sequence

import msgspec

from sandbox.server.web import Answer, json_answer


class HubSpotError(Exception):
    """A request that HubSpot refuses; the dialect turns it into an answer."""

    def __init__(self, category: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.category, self.message, self.status = category, message, status


def refusal(refused: HubSpotError) -> Answer:
    """Build the answer for a refusal; the correlation id is derived from its content."""
    correlation = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{refused.category}/{refused.message}"))
    body = {"message": refused.message, "correlationId": correlation, "category": refused.category}
    return json_answer({"status": "error", **body}, status=refused.status)


def words(parameters: dict[str, list[str]], name: str) -> list[str]:
    """Return the values of a parameter that is passed once, several times, or as a list with commas."""
    return [word.strip() for value in parameters.get(name, []) for word in value.split(",") if word.strip()]


def number(parameters: dict[str, list[str]], name: str, default: int, *, low: int, high: int) -> int:
    """Return an integer parameter within its bounds; raises `HubSpotError`."""
    values = parameters.get(name)
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
    """Build a batch answer: 200, or 207 when some inputs failed."""
    times = b'"startedAt":"%b","completedAt":"%b"' % (now.encode(), now.encode())
    frame = b'{"status":"COMPLETE","results":[%b],%b' % (b",".join(results), times)
    if not errors:
        return Answer(body=frame + b"}")
    return Answer(status=207, body=frame + b',"numErrors":%d,"errors":%b}' % (count, msgspec.json.encode(errors)))
