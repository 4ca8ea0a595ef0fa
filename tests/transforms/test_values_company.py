import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.values.company import company_normalised
from transforms.values.domains import web_domain

REGISTRANTS = (
    Path(__file__).parents[2].parent / "shared" / "data" / "company_names_sec" / "sec_foreign_registrants_2002.csv"
)


def read(expression, texts):
    frame = pl.LazyFrame({"text": pl.Series(texts, dtype=pl.String)})
    return frame.select(expression(pl.col("text"))).collect().to_series().to_list()


@pytest.mark.parametrize(
    ("spellings", "key"),
    [
        (["ACME, Inc.", "Acme Inc", "acme", "The Acme Company, Inc.", "ACME\u00a0Ltd."], "acme"),
        (["A B Volvo", "AB Volvo", "Volvo AB", "VOLVO A.B."], "volvo"),
        (["J. P. Morgan & Co.", "J.P. Morgan", "JP Morgan"], "jp morgan"),
        (["Müller & Söhne GmbH & Co. KG", "Muller and Sohne", "MÜLLER & SÖHNE GMBH"], "muller and sohne"),
        (["Novo Nordisk A/S", "Novo Nordisk AS"], "novo nordisk"),
        (["A.P. Møller - Mærsk A/S", "AP Moller Maersk"], "ap moller maersk"),
        (["Grupo Bimbo, S.A.B. de C.V.", "Grupo Bimbo"], "grupo bimbo"),
        (["EMCO spol. s r.o.", "Emco Sp. z o.o."], "emco"),
        (["Foo Pty.Ltd.", "Foo Pty Ltd"], "foo"),
        (["L'Oréal SA", "L\u2019Oreal"], "loreal"),
        (["トヨタ株式会社", "株式会社トヨタ", "トヨタ"], "トヨタ"),
        (["Amazon UK", "Amazon U.K. Ltd"], "amazon uk"),
        (["Limited", "LIMITED."], "limited"),
        (["3M Company"], "3m"),
        (["-", "", "  ", "…", None], None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_spellings_of_one_company_have_one_key(spellings, key):
    assert read(company_normalised, spellings) == [key] * len(spellings)


@given(st.lists(st.none() | st.text("aBé.&-' ,ltdincøÅ王株式会社", max_size=14), max_size=10))
def test_a_key_is_its_own_key(names):
    once = read(company_normalised, names)
    assert read(company_normalised, once) == once


@given(st.lists(st.text("abcé-王0", min_size=1, max_size=10), max_size=10))
def test_a_name_with_a_letter_has_a_key(names):
    keys = read(company_normalised, names)
    assert [key is None for key in keys] == [not any(sign.isalnum() for sign in name) for name in names]


@pytest.mark.skipif(not REGISTRANTS.exists(), reason="the registrants are not beside the repository")
def test_registrants_lose_their_legal_forms_and_stay_apart():
    names = pl.read_csv(REGISTRANTS, separator=";", has_header=False).to_series(0)
    keys = names.to_frame("name").select("name", key=company_normalised(pl.col("name")))
    endings = keys["key"].str.split(" ").list.last()
    assert keys["key"].null_count() == 0
    assert not set(endings) & {"inc", "ltd", "limited", "plc", "corp", "ag", "spa", "nv", "company", "gmbh"}
    # Four pairs meet: of two of them the halves are one group, listed twice (Rio Tinto, Unilever).
    twice = keys.filter(pl.col("key").is_duplicated())["key"].unique().sort().to_list()
    assert twice == ["emco", "rio tinto", "thomson", "unilever"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://www.Acme.co.uk:443/about?x=a@b.de", "acme.co.uk"),
        ("http://user:pass@shop.acme.com/", "acme.com"),
        ("//acme.io", "acme.io"),
        ("acme.com:8080", "acme.com"),
        ("ada@mail.acme.com", "acme.com"),
        ("mailto:ada@acme.com", "acme.com"),
        ("ACME.COM.", "acme.com"),
        ("acme.com, acme.de", "acme.com"),
        ("www.bücher.co.at", "xn--bcher-kva.co.at"),
        ("xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("acme\u3002com", "acme.com"),
        ("info.nl", "info.nl"),
        ("eco.tec.br", "eco.tec.br"),
        ("www.shop.city.kobe.jp", "city.kobe.jp"),
        ("www.acme.chiyoda.tokyo.jp", "acme.chiyoda.tokyo.jp"),
        ("kontor.gs.oslo.no", "kontor.gs.oslo.no"),
        ("www.comune.mi.it", "comune.mi.it"),
        ("acme.github.io", "github.io"),
        ("www.acme.example", "acme.example"),
        ("acme.internal.corp", "internal.corp"),
        ("co.uk", None),
        ("acme.kobe.jp", None),
        ("acme", None),
        ("192.168.1.1", None),
        ("http://[::1]/", None),
        ("-acme-.com", None),
        ("n/a", None),
        ("http://", None),
        ("", None),
        (None, None),
    ],
    ids=str,
)
def test_web_domain(address, expected):
    assert read(web_domain, [address]) == [expected]


@given(st.lists(st.text("ab.-/@:co uküß", max_size=16) | st.text(max_size=10), max_size=10))
def test_a_domain_is_its_own_domain(addresses):
    once = [domain for domain in read(web_domain, addresses) if domain is not None]
    assert read(web_domain, once) == once
    assert read(web_domain, [f"https://www.shop.{domain}/x" for domain in once]) == once


WATCHED = """
import json, sys
import polars as pl
from transforms.values.domains import web_domain
seen = []
def note(event, arguments):
    if event.startswith("socket.") or event == "os.mkdir" or (event == "open" and set(str(arguments[1])) & set("wax+")):
        seen.append(event)
sys.addaudithook(note)
told = pl.select(web_domain(pl.lit("www.shop.city.kobe.jp"))).item()
print(json.dumps([told, seen]))
"""


@pytest.mark.slow
def test_the_list_of_suffixes_is_read_without_network_and_nothing_is_written(tmp_path):
    told = subprocess.run(
        [sys.executable, "-c", WATCHED],
        cwd=Path(__file__).parents[2],
        env={"HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout) == ["city.kobe.jp", []]
    assert list(tmp_path.iterdir()) == []
