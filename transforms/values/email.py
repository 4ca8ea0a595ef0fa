"""E-mail addresses: normal form for matching, and type of domain.

The source's spelling is kept; the normal form is a further column. Two spellings have the same normal form when they
differ only in case, in surrounding white space, in invisible characters, or in how Unicode writes the same text
(composed or not, full width, an internationalised domain or its ASCII form). A dotted capital I is an i.
Tags are kept: ada+events@ and ada@ are two addresses, as a tag may also be part of another person's alias.
Of a cell with a name or several addresses (`transforms.values.address_texts`) the first valid one has the normal form.
"""

import unicodedata
from collections.abc import Iterator

import polars as pl
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from transforms.step import ROW, step
from transforms.values.address_texts import address_texts
from transforms.values.distinct import Values, map_distinct, read_distinct
from transforms.values.mailboxes import DISPOSABLE_DOMAINS, PERSONAL_BRANDS, PERSONAL_DOMAINS, SHARED_LOCAL_PARTS

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[a-z]{{2,63}}$"
_LONGEST, _LONGEST_LOCAL, _LONGEST_DOMAIN = 254, 64, 253
_SEVERAL_AT = "@[^@]*@"
_BETWEEN_CELLS = "\x1e"
_BRAND = rf"^(?:{'|'.join(PERSONAL_BRANDS)})\.(?:[a-z]{{2,3}}|com?\.[a-z]{{2}})$"


def normalise_email(email: pl.Expr) -> pl.Expr:
    """Compile the normal form of an address: lower case, NFKC, IDN as ASCII; null where the syntax is not valid.

    Validity is that of email-validator without network access: a local part of at most 64 characters that needs no
    quotes, a domain with a dot, no special-use domain (`.test`, `.local`, `.invalid`).

    >>> rows = pl.LazyFrame({"email": [" Ada@Bücher.EXAMPLE ", "ada at example", None]})
    >>> rows.select(normalise_email(pl.col("email"))).collect().to_series().to_list()
    ['ada@xn--bcher-kva.example', None, None]
    """
    lower = email.str.strip_chars().str.to_lowercase()
    is_plain = _is_plain(lower)
    unusual = pl.when(~is_plain & ~_is_blank(email)).then(email)
    validated = map_distinct(unusual, function=_validate, names=("email",)).struct.field("email")
    return pl.when(is_plain).then(lower).otherwise(validated)


def further_addresses(email: pl.Expr, further_emails: pl.Expr) -> pl.Expr:
    """Compile the list of valid normal forms beside that of `email`: the others in its cell, and all in further cells.

    `further_emails` is a list of cells. Null where there is none. The first of `email` may be among them.

    >>> rows = pl.LazyFrame({"email": ["a@acme.com; b@acme.com", "c@acme.com"], "further": [["D@acme.com", "?"], None]})
    >>> rows.select(further_addresses(pl.col("email"), pl.col("further"))).collect().to_series().to_list()
    [['a@acme.com', 'b@acme.com', 'd@acme.com'], None]
    """
    cells = pl.concat_str(
        pl.when(email.str.contains(_SEVERAL_AT)).then(email),
        further_emails.list.join(_BETWEEN_CELLS, ignore_nulls=True),
        separator=_BETWEEN_CELLS,
        ignore_nulls=True,
    )

    def read(distinct: pl.DataFrame) -> pl.Series:
        texts = (cells.split(_BETWEEN_CELLS) for cells in distinct.get_column("cells"))
        found = [list(dict.fromkeys(address for text in each for address in _addresses(text))) for each in texts]
        return pl.Series(found, dtype=pl.List(pl.String))

    return read_distinct(read, dtype=pl.List(pl.String), cells=pl.when(cells != "").then(cells))


@step(partition_by=ROW, delivers=("email_domain", "email_domain_type", "is_email_valid"))
def with_email_domain(people: pl.LazyFrame) -> pl.LazyFrame:
    """Add `email_domain`, `email_domain_type` and `is_email_valid` to rows that have `email` and `email_normalised`.

    `is_email_valid` is null without an address; the others are null unless it is true.
    """
    email, normalised = pl.col("email"), pl.col("email_normalised")
    return people.with_columns(
        email_domain=_domain(normalised),
        email_domain_type=domain_type(_domain(normalised)),
        is_email_valid=pl.when(~_is_blank(email)).then(normalised.is_not_null()),
    )


def domain_type(domain: pl.Expr) -> pl.Expr:
    """Classify a mail domain: personal, disposable, or else business; null for null.

    The lists are in `transforms.values.mailboxes`.
    """
    is_personal = domain.is_in(sorted(PERSONAL_DOMAINS)) | domain.str.contains(_BRAND)
    return (
        pl.when(domain.is_in(sorted(DISPOSABLE_DOMAINS)))
        .then(pl.lit("disposable"))
        .when(is_personal)
        .then(pl.lit("personal"))
        .when(domain.is_not_null())
        .then(pl.lit("business"))
    )


def is_shared_mailbox(normalised: pl.Expr) -> pl.Expr:
    """Return whether a normalised address is shared (info@, sales+fairs@) or unattended (noreply@); null for null.

    Such an address does not identify a person.
    """
    local = normalised.str.extract(r"^([^@+]+)", 1)
    return local.is_in(sorted(SHARED_LOCAL_PARTS))


def _is_blank(email: pl.Expr) -> pl.Expr:
    return email.str.contains(r"^[\s\p{Cf}]*$")


def _domain(normalised: pl.Expr) -> pl.Expr:
    return normalised.str.extract(r"@([^@]+)$", 1)


def _is_plain(lower: pl.Expr) -> pl.Expr:
    """Return whether the address is valid and in normal form, without calling the library: true for nearly all."""
    special = "|".join(sorted(SPECIAL_USE_DOMAIN_NAMES))
    at = lower.str.find("@", literal=True)
    return (
        lower.str.contains(_PLAIN)
        & ~lower.str.contains("--", literal=True)
        & ~lower.str.contains(rf"[@.](?:{special})$")
        & (lower.str.len_bytes() <= _LONGEST)
        & (at <= _LONGEST_LOCAL)
        & (lower.str.len_bytes() - at - 1 <= _LONGEST_DOMAIN)
    )


def _validate(email: str) -> Values:
    return (next(_addresses(email), None),)


def _addresses(cell: str) -> Iterator[str]:
    """Yield the normal forms of the valid addresses in a cell, in order."""
    whole = _normal_form(cell)
    written = address_texts(cell) if whole is None else []
    yield from filter(None, [whole, *map(_normal_form, written)])


def _normal_form(email: str) -> str | None:
    visible = "".join(sign for sign in email if unicodedata.category(sign) != "Cf")
    # Lower-casing may break NFKC, and NFKC may produce upper case: so NFKC before and after.
    lower = unicodedata.normalize("NFKC", visible).replace("İ", "i").lower()
    try:
        address = validate_email(unicodedata.normalize("NFKC", lower).strip(), check_deliverability=False, strict=True)
    except EmailNotValidError:
        return None
    return f"{address.local_part}@{address.ascii_domain}"
