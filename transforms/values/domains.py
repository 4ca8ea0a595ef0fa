"""Registrable domains of web addresses, e-mail addresses and host names."""

import idna
import polars as pl
from tldextract import TLDExtract

from transforms.values.distinct import Values, map_distinct, read_distinct

# The library's snapshot of the Public Suffix List: nothing is fetched, no cache is written. Without its private part:
# a subdomain of a hosting service (acme.github.io) is not registered by its user.
_SUFFIXES = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_TOP = r"(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})"
_HOST = rf"^(?:{_LABEL}\.)+{_TOP}$"


def web_domain(address: pl.Expr) -> pl.Expr:
    """Compile the registrable domain of a web address, e-mail address or host name: lower case, IDN as ASCII.

    Null without a host, for IP addresses, names without a dot and public suffixes (co.uk). The Public Suffix List
    defines the registrable part; under a top-level domain that is not in it, the last two labels are.

    >>> rows = pl.LazyFrame({"site": ["https://www.Acme.co.uk:443/about?x=1", "ada@mail.acme.com", "Bücher.de", "n/a"]})
    >>> rows.select(web_domain(pl.col("site"))).collect().to_series().to_list()
    ['acme.co.uk', 'acme.com', 'xn--bcher-kva.de', None]
    """
    return read_distinct(_parse, dtype=pl.String, address=address)


def _parse(addresses: pl.DataFrame) -> pl.Series:
    visible = pl.col("address").str.replace_all(r"[\p{Cf}\p{Cc}]", "").str.normalize("NFKC").str.strip_chars()
    lower = visible.str.replace_all("İ", "i", literal=True).str.to_lowercase()
    host = (
        lower.str.replace(r"^(?:[a-z][a-z0-9+.-]*:)?//|^mailto:", "")
        .str.extract(r"^([^/?#\\\s,;]*)")
        .str.replace(r"^.*@", "")
        .str.replace(r"(?::[0-9]*)?\.*$", "")
    )
    ascii_host = pl.when(host.str.contains(r"^[\x00-\x7F]*$")).then(host)
    foreign = pl.when(ascii_host.is_null()).then(host)
    encoded = map_distinct(foreign, function=_encode, names=("host",)).struct.field("host")
    hosts = addresses.select(host=ascii_host.fill_null(encoded))
    whole = pl.when(pl.col("host").str.contains(_HOST)).then("host")
    return hosts.select(
        map_distinct(whole, function=_registrable, names=("domain",)).struct.field("domain")
    ).to_series()


def _registrable(host: str) -> Values:
    parts = _SUFFIXES.extract_str(host)
    if not parts.suffix:
        return (".".join(host.split(".")[-2:]),)
    return (parts.top_domain_under_public_suffix or None,)


def _encode(host: str) -> Values:
    try:
        return (idna.encode(host, uts46=True).decode("ascii"),)
    except idna.IDNAError:
        return (None,)
