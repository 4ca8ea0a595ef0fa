import csv
import json
import unicodedata
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from transforms.values.address_texts import address_texts
from transforms.values.email import (
    domain_type,
    further_addresses,
    is_shared_mailbox,
    normalise_email,
    with_email_domain,
)
from transforms.values.mailboxes import PERSONAL_BRANDS, PERSONAL_DOMAINS

TRUTH = Path(__file__).parents[2].parent / "shared" / "data" / "email_truth" / "isemail_tests.csv"

FULL_WIDTH = "jane@example.com".translate({sign: sign + 0xFEE0 for sign in range(0x21, 0x7F)})


def with_email(people):
    return with_email_domain(people.with_columns(email_normalised=normalise_email(pl.col("email"))))


def read(expression, *texts):
    frame = pl.LazyFrame({"text": pl.Series(texts, dtype=pl.String)})
    return frame.select(expression).collect().to_series().to_list()


def normal(*texts):
    return read(normalise_email(pl.col("text")), *texts)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ada@acme.com", "ada@acme.com"),
        ("  Ada@ACME.com\t", "ada@acme.com"),
        ("ada\u200b@acme.com\ufeff", "ada@acme.com"),
        ("ada+events@acme.com", "ada+events@acme.com"),
        (FULL_WIDTH, "jane@example.com"),
        ("İNFO@FİRMA.COM.TR", "info@firma.com.tr"),
        ("ada@Bücher.de", "ada@xn--bcher-kva.de"),
        ("ada@XN--bcher-KVA.de", "ada@xn--bcher-kva.de"),
        ("andre\u0301@acme.com", "andré@acme.com"),
        ("o'neil_#1@sub.acme.co.uk", "o'neil_#1@sub.acme.co.uk"),
        ("a@b--c.com", "a@b--c.com"),
        ("a@bc--d.com", None),
        ("ada@acme", None),
        ("ada@acme.test", None),
        ("ada@mail.local", None),
        ("ada.@acme.com", None),
        ("ada@@acme.com", None),
        ("ada@acme.com;bob@acme.com", "ada@acme.com"),
        ("n/a@; ada@acme.com", "ada@acme.com"),
        ("Ada <Ada@acme.com>", "ada@acme.com"),
        ("mailto:ada@acme.com?subject=Hello", "ada@acme.com"),
        ("lund,ada@acme.com", None),
        ("ada lund@acme.com", None),
        ('"ada lovelace"@acme.com', None),
        ("ada@[127.0.0.1]", None),
        (f"{'a' * 64}@acme.com", f"{'a' * 64}@acme.com"),
        (f"{'a' * 65}@acme.com", None),
        (f"ada@{'b' * 63}.com", f"ada@{'b' * 63}.com"),
        (f"ada@{'b' * 64}.com", None),
        (f"ada@{'b.' * 124}com", None),
        ("n/a", None),
        ("", None),
        (None, None),
    ],
    ids=str,
)
def test_normal_form(written, expected):
    assert normal(written) == [expected]


def test_an_address_is_valid_or_not_and_unknown_where_there_is_none():
    people = pl.LazyFrame({"email": ["ada@gmail.com", "ada at acme", " \u200b", None]})
    told = with_email(people).drop("email").collect().rows()
    assert told == [
        ("ada@gmail.com", "gmail.com", "personal", True),
        (None, None, None, False),
        (None, None, None, None),
        (None, None, None, None),
    ]


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("acme.com", "business"),
        ("yahoo.co.uk", "personal"),
        ("gmx.de", "personal"),
        ("hotmail.com.br", "personal"),
        ("yahoo-partners.com", "business"),
        ("mail.yahoo.consulting", "business"),
        ("mailinator.com", "disposable"),
        ("10minutemail.co.za", "disposable"),
        ("burnermail.io", "disposable"),
        (None, None),
    ],
)
def test_domain_type(domain, expected):
    assert read(domain_type(pl.col("text")), domain) == [expected]


def test_no_list_says_of_a_provider_of_personal_mail_that_it_is_disposable():
    providers = sorted(
        PERSONAL_DOMAINS | {f"{brand}.{top}" for brand in PERSONAL_BRANDS for top in ("com", "de", "co.uk")}
    )
    assert set(read(domain_type(pl.col("text")), *providers)) == {"personal"}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("a@x.com; b@x.com", ["a@x.com", "b@x.com"]),
        ("a@x.com,b@x.com,", ["a@x.com", "b@x.com"]),
        ("a@x.com b@x.com\nc@x.com | d@x.com / e@x.com", [f"{sign}@x.com" for sign in "abcde"]),
        ("a@x.com, Bo Tarn <b@x.com>, c@x.com", ["a@x.com", "b@x.com", "c@x.com"]),
        ('"Lund, Ada" <a@x.com>', ["a@x.com"]),
        ("a@x.com<mailto:a@x.com>", ["a@x.com", "a@x.com"]),
        ("<MAILTO:a@x.com?cc=b@x.com>", ["a@x.com"]),
        ("Ada Lund", ["Ada Lund"]),
        ("ada lund@x.com", ["ada lund@x.com"]),
        ("lund;ada@x.com", ["lund;ada@x.com"]),
    ],
)
def test_the_texts_in_the_place_of_addresses(cell, expected):
    assert address_texts(cell) == expected


@pytest.mark.parametrize(
    ("email", "further", "expected"),
    [
        ("a@acme.com", None, None),
        ("a@acme.com", [], None),
        ("a@acme.com", ["B@acme.com ", "c@home.example"], ["b@acme.com", "c@home.example"]),
        ("a@acme.com; b@acme.com", ["c@acme.com; b@acme.com"], ["a@acme.com", "b@acme.com", "c@acme.com"]),
        (None, ["nothing", "", "Ada <a@acme.com>"], ["a@acme.com"]),
        ("a@acme.com", ["nothing"], []),
    ],
)
def test_further_addresses(email, further, expected):
    row = pl.LazyFrame(
        {"email": [email], "further": [further]}, schema={"email": pl.String, "further": pl.List(pl.String)}
    )
    found = row.select(further_addresses(pl.col("email"), pl.col("further"))).collect()
    assert found.to_series().to_list() == [expected]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("info@acme.com", True),
        ("sales+fair@acme.com", True),
        ("no-reply@acme.com", True),
        ("noemail@acme.com", True),
        ("none@acme.com", True),
        ("test@test.com", True),
        ("xx@xx.com", True),
        ("x@acme.com", False),
        ("ada.info@acme.com", False),
        ("inform@acme.com", False),
        (None, None),
    ],
)
def test_shared_mailbox(address, expected):
    assert read(is_shared_mailbox(pl.col("text")), address) == [expected]


LOCAL = st.text("abcXYZ09.+-_'é İı\u200b", min_size=1, max_size=8)
DOMAIN = st.text("abcXYZ09.-üß\uff21", min_size=1, max_size=8)
ADDRESSES = st.builds(
    "{}@{}{}".format, LOCAL, DOMAIN, st.sampled_from([".com", ".test", ".xn--p1ai", ".a", "", ".Co.Uk"])
)


@given(st.lists(ADDRESSES, max_size=20))
def test_the_normal_form_is_its_own_normal_form(addresses):
    once = normal(*addresses)
    assert normal(*once) == once


@given(st.lists(ADDRESSES, max_size=20))
def test_spellings_that_differ_in_case_form_or_space_meet(addresses):
    expected = normal(*addresses)
    assert normal(*(f" {unicodedata.normalize('NFD', address)}\u200b" for address in addresses)) == expected
    plain = [address for address in addresses if address.isascii()]
    assert normal(*(address.swapcase() for address in plain)) == normal(*plain)


@given(
    st.lists(
        st.builds(
            "{}@{}.{}".format, st.text("ab.0-+", max_size=66), st.text("ab0.-", max_size=66), st.text("ab-", max_size=4)
        )
    )
)
def test_what_is_answered_without_the_library_is_what_the_library_says(addresses):
    def asked(address):
        try:
            return validate_email(address, check_deliverability=False, strict=True).normalized
        except EmailNotValidError:
            return None

    assert normal(*addresses) == [asked(address) for address in addresses]


@pytest.mark.skipif(not TRUTH.exists(), reason="the labelled addresses are not beside the repository")
def test_agreement_with_labelled_addresses():
    with TRUTH.open(newline="") as file:
        rows = [(json.loads(f'"{row["address_json_escaped"]}"'), row) for row in csv.DictReader(file)]
    people = pl.LazyFrame({"email": [address.strip() for address, _ in rows]})
    answers = with_email(people).collect()["is_email_valid"]
    verdicts = Counter((row["verdict"], answer) for (_, row), answer in zip(rows, answers, strict=True))
    # White space around an address is taken off before; what is then left is as good as any.
    around = sum(address.strip() == "test@iana.org" and row["verdict"] == "error" for address, row in rows)
    assert verdicts["error", True] == around
    # The one valid address that is refused is test@io: no company has its mail on a top-level domain.
    assert (verdicts["valid", True], verdicts["valid", False]) == (13, 1)
    dns = [answer for (_, row), answer in zip(rows, answers, strict=True) if "DNSWARN" in row["diagnosis"]]
    assert dns.count(True) == len(dns) == 8
