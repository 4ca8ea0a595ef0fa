"""How a target answered a message, and whether one without an answer may have arrived."""

import traceback
from dataclasses import dataclass

import requests
from urllib3.exceptions import MaxRetryError

from warehouse.publishing.deliveries import DeliveryOutcome

# A gateway that waited in vain for what is behind it: as good as no answer.
_GATEWAY_TIMEOUT = 504
# Raised before a request is written, or by a proxy that did not pass it on.
_BEFORE_SENDING = (
    requests.ConnectTimeout,
    requests.exceptions.SSLError,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidHeader,
    requests.URLRequired,
)
_AFTER_SENDING = (
    requests.ReadTimeout,
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """`outcome` of one message at one target: taken, refused for this reason, or perhaps taken: nobody said so.

    `is_late`: a time limit passed. The reason is null where the message was taken; it never has an address or a URL.
    """

    outcome: DeliveryOutcome
    reason: str | None = None
    is_late: bool = False


ACCEPTED = DeliveryResult("accepted")


def answered(code: int) -> DeliveryResult:
    """Read an HTTP status that is no success."""
    is_late = code == _GATEWAY_TIMEOUT
    return DeliveryResult("unconfirmed" if is_late else "refused", f"answered {code}", is_late)


def failed(error: BaseException) -> DeliveryResult:
    """Read the exception that ended an HTTP request.

    Whether the request was written decides: no connection, no TLS, no proxy means that nothing arrived. Everything that
    went wrong later leaves it open.
    """
    is_late = isinstance(error, requests.Timeout | TimeoutError)
    if _was_sent(error):
        return DeliveryResult("unconfirmed", "did not answer in time" if is_late else "gave no answer", is_late)
    if isinstance(error, requests.ConnectionError | OSError):
        return DeliveryResult("refused", "could not be reached in time" if is_late else "could not be reached", is_late)
    return DeliveryResult("refused", f"failed with {type(error).__name__}")


def _was_sent(error: BaseException) -> bool:
    if isinstance(error, _BEFORE_SENDING) or _is_of_handshake(error):
        return False
    if isinstance(error, requests.ConnectionError):
        # The pool gives up before it has a connection; what happens on one comes as it is.
        return not any(isinstance(cause, MaxRetryError) for cause in error.args)
    return isinstance(error, _AFTER_SENDING)


def _is_of_handshake(error: BaseException) -> bool:
    """Whether TLS was still being agreed on: the client calls a time-out there one of reading."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__context__) is not None:
        causes.append(cause)
    frames = (frame for cause in causes for frame in traceback.extract_tb(cause.__traceback__))
    return any(frame.name == "do_handshake" for frame in frames)
