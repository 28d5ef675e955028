"""Text as the PDF can show it: every character either has a glyph or is spelled out.

The fonts that travel with Typst know Latin, Greek and Cyrillic. Anything else (control characters,
marks that turn the reading direction, private characters, other scripts) is shown as its code
point, so that nothing is hidden from a reader and the same report looks the same everywhere.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

#: Ranges whose every character has a glyph; a test compiles each of them.
SHOWN: tuple[tuple[int, int], ...] = (
    (0x20, 0x7E),
    (0xA0, 0xAC),
    (0xAE, 0x24F),
    (0x391, 0x3A1),
    (0x3A3, 0x3CE),
    (0x400, 0x482),
    (0x48A, 0x4FF),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x2030, 0x203A),
    (0x20A0, 0x20BF),
    (0x2190, 0x2193),
    (0x2200, 0x22FF),
)
#: A word longer than this may be broken anywhere.
LONG_WORD = 20
#: Fields that are no text to be set in lines.
VERBATIM = frozenset({"svg", "alt"})
#: Lets a line end without showing anything.
BREAK = "\u200b"


def printable(text: str) -> str:
    r"""Spell out what has no glyph; white space becomes a single space.

    >>> printable("Zoë\u202e 中\0")
    'Zoë[U+202E] [U+4E2D][U+0000]'
    """
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(
        character if _is_shown(ord(character)) else f"[U+{ord(character):04X}]"
        for character in composed
    )


def breakable(text: str) -> str:
    """Let lines end inside long words; digests and addresses hold no hyphen."""
    return " ".join(
        BREAK.join(word[start : start + 8] for start in range(0, len(word), 8))
        if len(word) > LONG_WORD
        else word
        for word in text.split(" ")
    )


def prepared(value: Any) -> Any:  # noqa: ANN401 - walks any JSON value
    """Make every text of a value printable and breakable."""
    if isinstance(value, str):
        return breakable(printable(value))
    if isinstance(value, Mapping):
        return {
            name: inner if name in VERBATIM else prepared(inner) for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [prepared(inner) for inner in value]
    return value


def squeezed(text: str) -> str:
    """Text without white space and break marks, as two renderings of it can be compared."""
    return "".join(text.replace(BREAK, "").split())


def _is_shown(code: int) -> bool:
    return any(first <= code <= last for first, last in SHOWN)
