"""Message text: header, amounts, and escaping of source text."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

# First line of a message that is sent again because its first delivery was not confirmed.
REPETITION = "You may have this message already: it is sent again, since its first sending was not confirmed."
_BREAK = "\u200b"
# Chat programs and mail readers detect a mention, a tag, a link or an address by these pairs of characters. A
# zero-width space between them prevents that and is invisible: <!channel>, @here, [text](address), https://host.
_TRIGGERS = re.compile(r"(?<=[<@])(?=[^\s\u200b])|(?<=\])(?=[(\[:])|(?<=:)(?=//)|(?<=\w\.)(?=[^\W\d_])")
_LINK = re.compile(r"https?://[^\s]+", re.IGNORECASE)
_UNSAFE_IN_LINK = re.compile(r"[^\w:/?#@!$&*+,;=%~.\-]", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageContext:
    """Values common to all messages of one delivery. `definitions` is profile and version: "handoff 2026.1"."""

    as_of: date
    currency: str
    definitions: str
    is_draft: bool

    @property
    def mark(self) -> str:
        """Prefix of every subject; empty if the definitions are approved."""
        return "[draft definitions] " if self.is_draft else ""

    @property
    def warning(self) -> list[str]:
        """First paragraph of every message; none if the definitions are approved."""
        warning = f"DRAFT: marketing and sales have not signed the definitions {self.definitions} yet."
        return [warning] if self.is_draft else []

    def money(self, amount: Decimal | None) -> str:
        """Format an amount without cents; null becomes "no known amount".

        >>> context = MessageContext(as_of=date(2026, 1, 1), currency="USD", definitions="", is_draft=True)
        >>> context.money(Decimal("1234567.50"))
        'USD 1,234,568'
        """
        return "no known amount" if amount is None else f"{self.currency} {amount:,.0f}"


def literal(text: str, *, longest: int = 300) -> str:
    r"""Escape text of a source: one line, at most `longest` characters, no mention, tag or link (F37, F38).

    Control characters and those that change the direction of writing become blanks. Zero-width spaces, which are
    invisible, separate characters that a chat program or mail reader would interpret.

    >>> literal("<!channel>\n[Pay](https://evil.example)").replace("\u200b", "|")
    '<|!channel> [Pay]|(https:|//evil.|example)'
    """
    plain = " ".join("".join(" " if _is_control(character) else character for character in text).split())
    shortened = plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"
    return _TRIGGERS.sub(_BREAK, shortened)


def safe_link(link: str | None) -> str | None:
    """Escape the characters of a web link that would end it early; None for anything else.

    >>> safe_link("https://crm.example/deal/5 6>")
    'https://crm.example/deal/5%206%3E'
    """
    if link is None or not re.match(r"https?://\w", link, re.IGNORECASE):
        return None
    return _UNSAFE_IN_LINK.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), link)


def is_link(line: str) -> bool:
    """Return whether a line of a message is a link and nothing else."""
    return _LINK.fullmatch(line.strip()) is not None


def _is_control(character: str) -> bool:
    """Return whether it is a control, unassigned or line separator character, or changes the direction of writing."""
    return unicodedata.category(character) in {"Cc", "Cn", "Co", "Cs", "Zl", "Zp"} or (
        unicodedata.bidirectional(character) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    )
