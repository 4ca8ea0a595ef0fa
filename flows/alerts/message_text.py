"""Words of a message: what every message says at its head, amounts as people read them, foreign text made harmless."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

# What a message begins with that is sent again because nobody confirmed its first sending.
REPETITION = "You may have this message already: it is sent again, since its first sending was not confirmed."
_BREAK = "\u200b"
# Chat programs and mail readers see a mention, a tag, a link or an address where these characters meet. A zero-width
# space between them stops that and shows nothing: <!channel>, @here, [text](address), https://host, host.tld.
_MEETINGS = re.compile(r"(?<=[<@])(?=[^\s\u200b])|(?<=\])(?=[(\[:])|(?<=:)(?=//)|(?<=\w\.)(?=[^\W\d_])")
_LINK = re.compile(r"https?://[^\s]+", re.IGNORECASE)
_UNSAFE_IN_LINK = re.compile(r"[^\w:/?#@!$&*+,;=%~.\-]", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageContext:
    """What all messages of one sending have in common. `definitions` is profile and version: "handoff 2026.1"."""

    as_of: date
    currency: str
    definitions: str
    is_draft: bool

    @property
    def mark(self) -> str:
        """Beginning of every subject; empty where the definitions are approved."""
        return "[draft definitions] " if self.is_draft else ""

    @property
    def warning(self) -> list[str]:
        """First paragraph of every message; none where the definitions are approved."""
        said = f"DRAFT: marketing and sales have not signed the definitions {self.definitions} yet."
        return [said] if self.is_draft else []

    def money(self, amount: Decimal | None) -> str:
        """Write an amount without cents; "no known amount" for null.

        >>> context = MessageContext(as_of=date(2026, 1, 1), currency="USD", definitions="", is_draft=True)
        >>> context.money(Decimal("1234567.50"))
        'USD 1,234,568'
        """
        return "no known amount" if amount is None else f"{self.currency} {amount:,.0f}"


def literal(text: str, *, longest: int = 300) -> str:
    r"""Show text of a source as it is: on one line, at most so long, never as a mention, a tag or a link (F37, F38).

    Control characters and those that turn the direction of writing become blanks. The zero-width spaces put between
    characters that mean something to a reader cannot be seen.

    >>> literal("<!channel>\n[Pay](https://evil.example)").replace("\u200b", "|")
    '<|!channel> [Pay]|(https:|//evil.|example)'
    """
    plain = " ".join("".join(" " if _is_control(character) else character for character in text).split())
    shown = plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"
    return _MEETINGS.sub(_BREAK, shown)


def safe_link(link: str | None) -> str | None:
    """Give a link to a web page in characters that end no link early; None for anything else.

    >>> safe_link("https://crm.example/deal/5 6>")
    'https://crm.example/deal/5%206%3E'
    """
    if link is None or not re.match(r"https?://\w", link, re.IGNORECASE):
        return None
    return _UNSAFE_IN_LINK.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), link)


def is_link(line: str) -> bool:
    """Whether a line of a message is one of our links and nothing else."""
    return _LINK.fullmatch(line.strip()) is not None


def _is_control(character: str) -> bool:
    """Control and unassigned characters, separators of lines, and those that turn the direction of writing."""
    return unicodedata.category(character) in {"Cc", "Cn", "Co", "Cs", "Zl", "Zp"} or (
        unicodedata.bidirectional(character) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    )
