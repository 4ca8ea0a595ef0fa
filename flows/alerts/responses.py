"""Delivery results: response of a target to a message, and whether one without a response may have arrived."""

import traceback
from dataclasses import dataclass

import requests
from urllib3.exceptions import MaxRetryError

from warehouse.publishing.deliveries import DeliveryOutcome

# The upstream server of the gateway did not respond: the same as no response.
_GATEWAY_TIMEOUT = 504
# Raised before a request is written, or by a proxy that did not forward it.
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
    """Result of one message at one target: accepted, refused with a reason, or unconfirmed (it may have arrived).

    `is_late`: a time limit passed. `reason` is null if the message was accepted; it never has an address or a URL.
    """

    outcome: DeliveryOutcome
    reason: str | None = None
    is_late: bool = False


ACCEPTED = DeliveryResult("accepted")


def result_of_status(code: int) -> DeliveryResult:
    """Convert an HTTP status that is no success."""
    is_late = code == _GATEWAY_TIMEOUT
    return DeliveryResult("unconfirmed" if is_late else "refused", f"answered {code}", is_late)


def result_of_error(error: BaseException) -> DeliveryResult:
    """Convert the exception that ended an HTTP request.

    An error before the request was written (connection, TLS, proxy) means that nothing arrived. After a later error
    the message may have arrived.
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
        # The pool raises this before it has a connection; errors on a connection are raised unwrapped.
        return not any(isinstance(cause, MaxRetryError) for cause in error.args)
    return isinstance(error, _AFTER_SENDING)


def _is_of_handshake(error: BaseException) -> bool:
    """Return whether it was raised in the TLS handshake, where the client reports a time-out as a read time-out."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__context__) is not None:
        causes.append(cause)
    frames = (frame for cause in causes for frame in traceback.extract_tb(cause.__traceback__))
    return any(frame.name == "do_handshake" for frame in frames)
