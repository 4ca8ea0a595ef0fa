"""How people type: addresses with capitals, spaces and tags, placeholder telephones, names with markup in them."""

import polars as pl

from sandbox.company.chance import Draws

ADDRESS_FORMS = {"plain": 90, "capitals": 3, "spaces": 2, "tag": 1.6, "broken": 1.2, "none": 2.2}
PHONE_FORMS = {"international": 42, "national": 38, "digits": 9, "extension": 3, "none": 8}
NAME_FORMS = {"plain": 92, "upper": 3, "lower": 3, "odd": 2}
NO_PHONES = ("0000000000", "123456789", "n/a", "555-555-5555", "-", "unknown", "+1", "99999999")
ODD_NAMES = ("<b>{}</b>", "{} 🚀", "={}", "<!channel> {}", "{} &amp; Co", "  {}  ", '"{}"', "{}\u200b")
ODD_DEAL_NAMES = ("={}", "<!channel> {}", "<b>{}</b>", "{} 🎉", "test {}")
BROKEN_ADDRESSES = ("{}@", "{}@@firm.example", "{} at firm.example", "mailto:{}")


def untidy_address(draws: Draws) -> pl.Expr:
    """The person's address (column `email`) as typed into one record; null where nobody asked for it."""
    form = draws.weighed(ADDRESS_FORMS, "address form")
    email = pl.col("email")
    local, domain = (email.str.split("@").list.get(part) for part in (0, 1))
    tag = draws.one_of(("webinar", "news", "demo"), "address tag")
    return (
        pl.when(form == "plain").then(email)
        .when(form == "capitals").then(email.str.to_titlecase())
        .when(form == "spaces").then(" " + email + "  ")
        .when(form == "tag").then(local + "+" + tag + "@" + domain)
        .when(form == "broken").then(_one_pattern(BROKEN_ADDRESSES, local, draws, "broken address"))
    )  # fmt: skip


def untidy_phone(draws: Draws, *, known: float, which: str = "phone") -> pl.Expr:
    """The person's telephone number in one of the notations people use; null where unknown."""
    form = draws.weighed(PHONE_FORMS, f"{which} form")
    number = (
        pl.when(form == "international").then("phone_international")
        .when(form == "national").then("phone_national")
        .when(form == "digits").then(pl.col("phone_international").str.replace_all(r"[^0-9+]", ""))
        .when(form == "extension").then(pl.col("phone_international") + " ext. 12")
        .otherwise(draws.one_of(NO_PHONES, f"no {which}"))
    )  # fmt: skip
    return pl.when(draws.sometimes(known, f"{which} known")).then(number)


def untidy_name(column: str, draws: Draws, *, known: float = 1.0) -> pl.Expr:
    """The name as typed: now and then in capitals, in small letters, or with something odd around it."""
    name = pl.col(column)
    form = draws.weighed(NAME_FORMS, f"{column} form")
    typed = (
        pl.when(form == "upper").then(name.str.to_uppercase())
        .when(form == "lower").then(name.str.to_lowercase())
        .when(form == "odd").then(_one_pattern(ODD_NAMES, name, draws, f"odd {column}"))
        .otherwise(name)
    )  # fmt: skip
    return pl.when(draws.sometimes(known, f"{column} known")).then(typed)


def _one_pattern(patterns: tuple[str, ...], value: pl.Expr, draws: Draws, salt: str) -> pl.Expr:
    """The value within one of the patterns."""
    drawn = draws.whole(0, len(patterns), salt)
    return pl.coalesce(pl.when(drawn == number).then(pl.format(one, value)) for number, one in enumerate(patterns))


def untidy_deal_name(draws: Draws) -> pl.Expr:
    """The deal's name, `firm_name` and `what` of it; one in fifteen has something odd around it, or says test."""
    name = pl.col("firm_name") + " - " + pl.col("what")
    odd = _one_pattern(ODD_DEAL_NAMES, name, draws, "odd name")
    return pl.when(draws.sometimes(0.07, "name odd")).then(odd).otherwise(name)
