"""How people type: addresses with capitals, spaces and tags, placeholder telephones, names with markup in them."""

import polars as pl

from sandbox.chance import Dice, Ids

ADDRESS_FORMS: dict[str, float] = {"plain": 90, "capitals": 3, "spaces": 2, "tag": 1.6, "broken": 1.2, "none": 2.2}
NO_PHONES = ("0000000000", "123456789", "n/a", "555-555-5555", "-", "unknown", "+1", "99999999")
ODD_NAMES = ("<b>{}</b>", "{} 🚀", "={}", "<!channel> {}", "{} &amp; Co", "  {}  ", '"{}"', "{}\u200b")


def untidy_address(dice: Dice, salt: str, ids: Ids) -> pl.Expr:
    """The person's address (column `email`) as typed into one record; null where nobody asked for it."""
    form = pl.Series(dice.weigh(dict(ADDRESS_FORMS), f"{salt} address form", ids))
    broken = dice.whole(0, 3, f"{salt} broken address", ids)
    email = pl.col("email")
    tag = dice.pick(("webinar", "news", "demo"), f"{salt} address tag", ids)
    local, domain = email.str.split("@").list.get(0), email.str.split("@").list.get(1)
    return (
        pl.when(form == "plain").then(email)
        .when(form == "capitals").then(email.str.to_titlecase())
        .when(form == "spaces").then(" " + email + "  ")
        .when(form == "tag").then(local + "+" + tag + "@" + domain)
        .when((form == "broken") & pl.Series(broken == 0)).then(local + "@")
        .when((form == "broken") & pl.Series(broken == 1)).then(local + "@@" + domain)
        .when(form == "broken").then(local + " at " + domain)
    )  # fmt: skip


def untidy_phone(dice: Dice, salt: str, ids: Ids, *, known: float) -> pl.Expr:
    """The person's telephone number in one of the notations people use; null where unknown."""
    form = pl.Series(
        dice.weigh(
            {"international": 42, "national": 38, "digits": 9, "extension": 3, "none": 8}, f"{salt} phone form", ids
        )
    )
    number = (
        pl.when(form == "international").then("phone_international")
        .when(form == "national").then("phone_national")
        .when(form == "digits").then(pl.col("phone_international").str.replace_all(r"[^0-9+]", ""))
        .when(form == "extension").then(pl.col("phone_international") + " ext. 12")
        .otherwise(dice.pick(NO_PHONES, f"{salt} no phone", ids))
    )  # fmt: skip
    return pl.when(pl.Series(dice.happens(known, f"{salt} phone known", ids))).then(number)


def untidy_name(column: str, dice: Dice, salt: str, ids: Ids, *, known: float = 1.0) -> pl.Expr:
    """The name as typed: now and then in capitals, in small letters, or with something odd around it."""
    name = pl.col(column)
    form = pl.Series(dice.weigh({"plain": 92, "upper": 3, "lower": 3, "odd": 2}, f"{salt} {column} form", ids))
    odd = pl.Series(dice.whole(0, len(ODD_NAMES), f"{salt} odd {column}", ids))
    around = pl.coalesce(
        pl.when(odd == number).then(pl.format(pattern, name)) for number, pattern in enumerate(ODD_NAMES)
    )
    typed = (
        pl.when(form == "upper").then(name.str.to_uppercase())
        .when(form == "lower").then(name.str.to_lowercase())
        .when(form == "odd").then(around)
        .otherwise(name)
    )  # fmt: skip
    if known == 1:
        return typed
    return pl.when(pl.Series(dice.happens(known, f"{salt} {column} known", ids))).then(typed)
