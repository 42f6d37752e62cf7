"""Text from files, answers and OCR, made harmless for each place where it is shown."""

from __future__ import annotations

import math
import re
import unicodedata

HIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Characters that turn the reading direction around: "gpj.exe" can look like "exe.jpg" with them."""
NON_CHARACTERS = frozenset("\ufffe\uffff")
MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~@&$])")


def visible(text: object, *, keep: str = "") -> str:
    """Control characters, direction marks and broken bytes as escapes like \\x0a; characters in `keep` stay."""
    return "".join(char if char in keep or not _is_hidden(char) else _escape(char) for char in str(text))


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in HIDDEN_CATEGORIES or char in BIDI_CONTROLS or char in NON_CHARACTERS


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def github_data(text: object) -> str:
    """The message of a workflow command (actions/toolkit, core/src/command.ts, escapeData)."""
    return visible(text, keep="\n\r").replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: object) -> str:
    """A property of a workflow command (the same file, escapeProperty)."""
    return github_data(text).replace(":", "%3A").replace(",", "%2C")


def markdown(text: object) -> str:
    """Text in a Markdown table or list item: no markup, no line break, nobody is mentioned."""
    return MARKDOWN.sub(r"\\\1", visible(text)).replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\@", "@\u200b")


def finite(value: float | None, digits: int = 6) -> float | None:
    """Rounded for a report; None for what JSON cannot hold."""
    return round(float(value), digits) if value is not None and math.isfinite(value) else None
