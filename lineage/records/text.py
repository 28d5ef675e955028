"""How a value of any format is written as text, so that equal values are equal everywhere."""

import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal


def text_of(value: object) -> str:
    """Write a value as a CSV file would hold it; nothing is the empty text.

    >>> [text_of(value) for value in (None, True, 17, 17.0, 0.5, bytes(1), [1, None])]
    ['', 'true', '17', '17', '0.5', '00', '[1, null]']
    """
    if isinstance(value, str):
        return value
    for kinds, write in _WRITERS:
        if isinstance(value, kinds):
            return write(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=text_of)


def _number(value: float) -> str:
    """Write a number; a whole column of numbers becomes fractions as soon as one is missing."""
    if value != value:  # noqa: PLR0124 - only a NaN differs from itself
        return ""
    return str(int(value)) if value.is_integer() else str(value)


#: The first line that fits.
_WRITERS: tuple[tuple[tuple[type, ...], Callable[..., str]], ...] = (
    ((type(None),), lambda _: ""),
    ((bool,), lambda value: "true" if value else "false"),
    ((float,), _number),
    ((int, Decimal), str),
    ((datetime, date, time), lambda value: value.isoformat()),
    ((bytes, bytearray, memoryview), lambda value: bytes(value).hex()),
)
