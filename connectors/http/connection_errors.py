"""Messages of connection failures: origin and kind of failure; never a path, a query or a token."""

import socket
import ssl
from collections.abc import Iterator

import httpx

from connectors.http.origin import Origin


def failure_in_words(error: httpx.RequestError, origin: Origin, seconds: float) -> str:
    """Describe why a request to `origin` got no response; `seconds` is how long it took."""
    if isinstance(error, httpx.ConnectTimeout):
        return f"{origin} did not accept a connection within {in_seconds(seconds)}"
    if isinstance(error, httpx.ReadTimeout):
        return f"{origin} did not answer within {in_seconds(seconds)}"
    if isinstance(error, httpx.ConnectError):
        if any(isinstance(cause, ConnectionRefusedError) for cause in _causes(error)):
            return f"{origin} refused the connection"
        if any(isinstance(cause, socket.gaierror) for cause in _causes(error)):
            return f"the name of {origin} is not known to DNS"
    return f"the connection to {origin} failed ({type(error).__name__})"


def certificate_problem(error: httpx.RequestError) -> str | None:
    """Return why the certificate is not trusted; None where that is not the problem."""
    problems = (cause for cause in _causes(error) if isinstance(cause, ssl.SSLCertVerificationError))
    return next((problem.verify_message or "not verified" for problem in problems), None)


def in_seconds(seconds: float) -> str:
    """Format a duration: tenths below ten seconds, whole seconds above.

    >>> in_seconds(0.24), in_seconds(30.004), in_seconds(1800)
    ('0.2 s', '30 s', '1,800 s')
    """
    return f"{seconds:.1f} s".replace(".0 s", " s") if seconds < 10 else f"{seconds:,.0f} s"  # noqa: PLR2004 - see the docstring


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
