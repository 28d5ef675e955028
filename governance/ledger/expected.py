"""Entries that the apps above rest on, so that a check of the ledger can look for them."""

import heapq
from collections.abc import Iterator

from django.utils.module_loading import import_string

from governance.ledger.fsck import Expected

_SOURCES: list[str] = []


def expect(source: str) -> None:
    """Name a function that lists entries which must be there; call it from an app's ``ready``.

    Args:
        source: Dotted path of a function without arguments that gives ``Expected`` in the order
            of their index.
    """
    if source not in _SOURCES:
        _SOURCES.append(source)


def expected_entries() -> Iterator[Expected]:
    """Everything that some app rests on, in the ledger's order."""
    return heapq.merge(
        *(import_string(source)() for source in _SOURCES), key=lambda entry: entry.index
    )
