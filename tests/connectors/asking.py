"""One question to an imitated HubSpot, and answers to it one after the other."""

import httpx
import msgspec

from connectors.http.request import Call

CANARY = "canary-hubspot-token"


CALL = Call(stream="contacts", path="/crm/objects/2026-03/contacts", params={"properties": "canary-query"})


DECODER = msgspec.json.Decoder(dict[str, list[int]])


GOOD = {"results": [1, 2]}


def answers(*responses: httpx.Response | Exception) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """One answer after the other; the last one stays."""
    waiting, seen = list(responses), []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        given = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(given, Exception):
            raise given
        return httpx.Response(given.status_code, headers=given.headers, stream=httpx.ByteStream(given.content))

    return httpx.MockTransport(answer), seen


def good() -> httpx.Response:
    return httpx.Response(200, json=GOOD)
