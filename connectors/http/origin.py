"""Origin of a source: the scheme, host and port that requests may go to, whatever a link in a response says."""

import re
from dataclasses import dataclass

import httpx

from definitions.errors import ConfigurationError, OriginRefusedError

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f]*:[0-9a-f:.]*")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS = {"https": 443, "http": 80}
_NEVER_IN_A_LINK = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port; equal only when all three are."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """Format as in a URL, without any part that could hold a secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def origin_of(url: httpx.URL) -> Origin:
    """Return the origin of an absolute URL, with the default port filled in (0 for a scheme without one)."""
    return Origin(url.scheme, url.host, url.port or _DEFAULT_PORTS.get(url.scheme, 0))


def configured_url(setting: str, text: str) -> httpx.URL:
    """Parse a URL of the settings; `setting` names it in messages.

    Raises `ConfigurationError` unless it is https (or http to this machine itself) with a host, and without user,
    query or fragment.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise ConfigurationError(f"{setting}: is not a URL") from None
    if url.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(url.raw_host.decode("ascii").strip("[]")):
        raise ConfigurationError(f"{setting}: must be a full https URL")
    if url.scheme == "http" and url.host not in _LOOPBACK:
        raise ConfigurationError(f"{setting}: plain http would show the credentials to the network; use https")
    if url.userinfo or url.query or url.fragment:
        raise ConfigurationError(f"{setting}: must hold no user, query or fragment")
    return url


def own_url(base: httpx.URL, path: str) -> httpx.URL:
    """Append a path of ours (starting with a slash) to the configured URL."""
    return base.copy_with(path=base.path.rstrip("/") + path)


def linked_url(base: httpx.URL, link: str, where: str) -> httpx.URL:
    """Resolve a link of a response, if it stays at the configured origin; `where` names source and stream.

    Raises `OriginRefusedError`, which names only the other origin, never the rest of the link.
    """
    if _NEVER_IN_A_LINK.search(link):
        raise OriginRefusedError(
            f"{where}: a link holds a space, a backslash or a control character; it was not followed"
        )
    try:
        url = base.join(link)
    except httpx.InvalidURL:
        raise OriginRefusedError(f"{where}: a link is no URL; it was not followed") from None
    if origin_of(url) != origin_of(base) or url.userinfo:
        user = " with a user name" if url.userinfo else ""
        raise OriginRefusedError(
            f"{where}: a link points to {origin_of(url)}{user}, not to {origin_of(base)}; it was not followed. "
            "If the account moved, change its configured URL."
        )
    return url
