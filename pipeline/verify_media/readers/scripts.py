"""Which scripts can be read: those of the network's dictionary, and those of Tesseract's installed language packs."""

from __future__ import annotations

import unicodedata
from functools import cache

from verify_media.messages import Message, message
from verify_media.readers.ocr_recognise import class_keys, fold
from verify_media.tools import tesseract

_SCRIPTS = {
    "CYRILLIC": ("Cyrillic", ("rus", "ukr", "bul", "srp", "bel", "kaz")),
    "HANGUL": ("Korean", ("kor",)),
    "ARABIC": ("Arabic", ("ara", "fas", "urd")),
    "HEBREW": ("Hebrew", ("heb",)),
    "THAI": ("Thai", ("tha",)),
    "DEVANAGARI": ("Devanagari", ("hin", "mar", "nep")),
    "GREEK": ("Greek", ("ell",)),
    "GEORGIAN": ("Georgian", ("kat",)),
    "ARMENIAN": ("Armenian", ("hye",)),
    "BENGALI": ("Bengali", ("ben",)),
    "TAMIL": ("Tamil", ("tam",)),
    "TELUGU": ("Telugu", ("tel",)),
    "GUJARATI": ("Gujarati", ("guj",)),
    "GURMUKHI": ("Punjabi", ("pan",)),
    "KHMER": ("Khmer", ("khm",)),
    "CJK": ("Chinese", ("chi_sim", "chi_tra", "jpn")),
    "HIRAGANA": ("Japanese", ("jpn",)),
    "KATAKANA": ("Japanese", ("jpn",)),
    "LATIN": ("Latin", ("eng",)),
}
"""First word of a character's Unicode name -> the script's name, Tesseract's language packs for it."""


def unsupported(name: str) -> Message | None:
    """What to tell about a name that no installed reader can read; None when it can be read."""
    if not fold(name):
        return message("name-without-letters", name=name)
    if network_reads(name) or tesseract_language(name):
        return None
    script, packs = _script_of(_strange_letter(name))
    return message("name-script", name=name, script=script, pack=packs[0] if packs else script.lower())


def network_reads(name: str) -> bool:
    """Whether every letter of the name is in the network's dictionary."""
    return bool(fold(name)) and not _strange_letter(name)


def tesseract_language(name: str) -> str:
    """The installed language packs for a name, as Tesseract wants them ("rus+ukr"); "" when there is none."""
    _, packs = _script_of(_strange_letter(name) or fold(name)[:1])
    return "+".join(pack for pack in packs if pack in tesseract.languages())


def _strange_letter(name: str) -> str:
    return next((letter for letter in fold(name) if letter not in _known_letters()), "")


def _script_of(letter: str) -> tuple[str, tuple[str, ...]]:
    first = unicodedata.name(letter, "UNKNOWN").split()[0] if letter else "LATIN"
    return _SCRIPTS.get(first, (first.title(), ()))


@cache
def _known_letters() -> frozenset[str]:
    return frozenset(class_keys())
