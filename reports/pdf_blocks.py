"""Blocks that the PDF's template knows how to lay out.

Kinds of block: ``text``, ``heading``, ``list``, ``facts``, ``table``, ``claim``, ``findings``,
``figure``, ``code``. A cell of a table is its text, or ``{"text", "tone"}`` for a coloured label.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from governance.wording import guarantee_name, guarantee_tone, outcome_name, state_tone

Block = dict[str, Any]
Json = Mapping[str, Any]


def text(words: str) -> Block:
    """A paragraph."""
    return {"kind": "text", "text": words}


def heading(words: str) -> Block:
    """A heading below the section's own."""
    return {"kind": "heading", "text": words}


def bullets(items: Iterable[str]) -> Block:
    """A list with bullets."""
    return {"kind": "list", "items": list(items)}


def table(caption: str, head: list[str], widths: list[float], rows: list[list[Any]]) -> Block:
    """A table; ``widths`` are shares of the page's width."""
    return {"kind": "table", "caption": caption, "head": head, "widths": widths, "rows": rows}


def table_of(
    caption: str, head: list[str], widths: list[float], rows: list[list[Any]]
) -> list[Block]:
    """A table, or nothing where it would have no row."""
    return [table(caption, head, widths, rows)] if rows else []


def tag(words: str, tone: str) -> Block:
    """A coloured label; its words say what its colour says."""
    return {"text": words, "tone": tone}


def guarantee(key: str, before: str = "") -> Block:
    """The label of a guarantee class."""
    return tag(f"{before}{guarantee_name(key)}", guarantee_tone(key))


def finding(item: Json, before: str = "", digest: str = "") -> Block:
    """A finding with its outcome as a label."""
    return {
        "tag": tag(outcome_name(item["outcome"]), state_tone(item["outcome"])),
        "text": f"{before}{item['summary']}",
        "digest": digest,
    }
