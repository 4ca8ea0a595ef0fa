"""Registrable web domains: what a company registers, of any address under it."""

import idna
import polars as pl

from transforms.values.distinct import Values, map_distinct, read_distinct

# Second levels that registries sell names under, in most countries that sell names under second levels.
_EVERYWHERE = ("ac", "co", "com", "edu", "gob", "gouv", "gov", "govt", "mil", "net", "org")
# The further ones of single countries, as far as companies use them; from general knowledge, not a published list.
_IN_COUNTRY = {
    "ar": "int tur", "at": "gv or", "au": "asn id", "az": "biz info name pp pro", "bd": "info",
    "br": "adm adv agr app arq art blog dev eco emp eng far flog fm ind inf jor leg log med mus odo ong pro psi rec"
    " srv tec tmp tur tv vet wiki",
    "ca": "ab bc gc mb nb nf nl ns nt nu on pe qc sk yk", "cn": "bj cq gd gz hb js sc sh tj zj", "cr": "ed fi go or sa",
    "cy": "biz ltd press pro tm", "fr": "asso nom prd tm", "hk": "idv", "hu": "info priv sport tm",
    "id": "biz desa go my or sch web", "il": "idf k12 muni", "in": "biz firm gen ind info nic res",
    "jp": "ad ed go gr lg ne or", "ke": "go info me mobi ne or sc", "kr": "es go hs kg ms ne or pe re sc",
    "my": "biz name", "ng": "i mobi name sch", "nz": "cri geek gen health iwi kiwi maori parliament school",
    "pe": "nom", "ph": "ngo", "pk": "biz fam info web", "pl": "biz info nom priv shop", "pt": "int nome publ",
    "ro": "firm info nom store tm", "sg": "per", "th": "go in mi or",
    "tr": "av bbs bel biz dr gen info k12 kep name pol tel tsk tv web", "tw": "club ebiz game idv",
    "tz": "go hotel info me mobi ne or sc tv", "ua": "dp in kh kharkov kherson kiev kyiv lviv od odesa odessa",
    "ug": "go ne or sc", "uk": "ltd me nhs plc police sch", "ve": "info web", "vn": "biz health info int name pro",
    "za": "law ngo nom school web", "zm": "biz info sch",
}  # fmt: skip
_SECOND_LEVELS = "|".join(
    [rf"(?:{'|'.join(_EVERYWHERE)})\.[a-z]{{2}}"]
    + [rf"(?:{'|'.join(names.split())})\.{country}" for country, names in _IN_COUNTRY.items()]
)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_TOP = r"(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})"
_REGISTRABLE = rf"(?:^|\.)({_LABEL}\.(?:(?:{_SECOND_LEVELS})|{_TOP}))$"
_HOST = rf"^(?:{_LABEL}\.)+{_TOP}$"


def web_domain(address: pl.Expr) -> pl.Expr:
    """Make the registrable domain of a web address, an e-mail address or a bare host name: lower case, IDN as ASCII.

    Null where there is no text or no host in it, for IP addresses and for names without a dot. Which part
    of a host is registrable is told by a short list of second-level registries, without the network: right for what
    companies use (co.uk, com.br), not for towns that register names of their own (city.kobe.jp).

    >>> rows = pl.LazyFrame({"site": ["https://www.Acme.co.uk:443/about?x=1", "ada@mail.acme.com", "Bücher.de", "n/a"]})
    >>> rows.select(web_domain(pl.col("site"))).collect().to_series().to_list()
    ['acme.co.uk', 'acme.com', 'xn--bcher-kva.de', None]
    """
    return read_distinct(_read, dtype=pl.String, address=address)


def _read(addresses: pl.DataFrame) -> pl.Series:
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
    encoded = map_distinct(foreign, answer=_encode, names=("host",)).struct.field("host")
    hosts = addresses.select(host=ascii_host.fill_null(encoded))
    is_registry = pl.col("host").str.contains(rf"^(?:{_SECOND_LEVELS})$")
    is_host = pl.col("host").str.contains(_HOST)
    return hosts.select(pl.when(is_host & ~is_registry).then(pl.col("host").str.extract(_REGISTRABLE))).to_series()


def _encode(host: str) -> Values:
    try:
        return (idna.encode(host, uts46=True).decode("ascii"),)
    except idna.IDNAError:
        return (None,)
