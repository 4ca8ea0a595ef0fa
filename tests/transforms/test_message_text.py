import unicodedata
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.alerts.message_text import is_link, literal, safe_link

ZERO_WIDTH = "\u200b"


@pytest.mark.parametrize(
    ("name", "never"),
    [
        ("<!channel>", "<!channel>"),
        ("<@U123ABC>", "<@U"),
        ("@everyone", "@everyone"),
        ("<https://evil.example|Pay here>", "<https"),
        ("[Pay here](https://evil.example)", "]("),
        ("https://evil.example", "://"),
        ("www.evil.example", "evil.example"),
        ("pay@evil.example", "@evil"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("</td>", "</td"),
        ("<at>Boss</at>", "<at>"),
        ("Acme\r\nBcc: all@corp.example", "\n"),
        ("Acme\u2028Do: pay", "\u2028"),
        ("\u202eemca", "\u202e"),
        ("\x1b[31mred\x07", "\x1b"),
    ],
)
def test_a_name_is_shown_and_does_nothing(name, never):
    shown = literal(name)
    assert never not in shown
    # Nothing a reader could see was taken away: only blanks stand for characters that cannot be seen.
    seen = "".join(
        character for character in name if unicodedata.category(character)[0] != "C" and character != "\u2028"
    )
    assert shown.replace(ZERO_WIDTH, "").replace(" ", "") == seen.replace(" ", "")


@pytest.mark.parametrize(
    "name", ["Acme Inc. - renewal 2.5", "Ünal & Co", "O'Brien / Söhne (EU)", "a < b", "=SUM(A1)", "[EU]Acme"]
)
def test_an_ordinary_name_is_not_touched(name):
    assert literal(name) == name


def test_a_long_name_is_cut_and_says_so():
    assert literal("x" * 500, longest=20) == "x" * 19 + "…"


@given(st.text(max_size=60) | st.text("<>@[]():/.!| \nabc", max_size=60))
@example("a\u200b<\u200c!channel>")
def test_whatever_a_name_holds_it_stays_one_harmless_line(name):
    shown = literal(name)
    assert len(shown.splitlines()) <= 1
    for opening in ("<!", "<@", "<#", "</", "<a", "](", "://", "@a"):
        assert opening not in shown
    assert literal(shown) == shown


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        ("https://app.hubspot.com/contacts/1/record/0-3/5", "https://app.hubspot.com/contacts/1/record/0-3/5"),
        ("https://crm.example/r/5 6", "https://crm.example/r/5%206"),
        ("https://crm.example/r/5>|<b>", "https://crm.example/r/5%3E%7C%3Cb%3E"),
        ("https://crm.example/r/ü", "https://crm.example/r/%C3%BC"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("//crm.example/r/5", None),
        ("", None),
        (None, None),
    ],
)
def test_a_link_leads_to_a_web_page_or_nowhere(link, safe):
    assert safe_link(link) == safe


@given(st.text(max_size=40))
def test_an_id_in_a_link_cannot_end_it_or_lead_elsewhere(record):
    link = safe_link(f"https://crm.example/record/{record}")
    assert is_link(link)
    assert not set(link) & set("<>|()[]\"'` \n")
    assert urlsplit(link).hostname == "crm.example"
