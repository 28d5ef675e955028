"""The run tag ``vestige.order``: one JSON object, the fields of :class:`TrainingOrder`.

::

    {"rows": 45222, "shuffle": "numpy-pcg64", "seed": 7, "digest": "sha256:…",
     "batch_size": 64, "epochs": 30}

A field that does not differ from its default may be left out. A checkpoint's own tag
``vestige.optimizer_step`` says how many steps were done when it was saved.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any

from lineage.exposure.order import (
    Remainder,
    RowOrder,
    Shuffle,
    TrainingOrder,
    UnusableOrderError,
)

ORDER_TAG = "vestige.order"
OPTIMIZER_STEP_TAG = "vestige.optimizer_step"


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("a whole number")
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a string")
    return value


def _one_of(choices: type[RowOrder | Shuffle | Remainder]) -> Callable[[object], object]:
    def read(value: object) -> object:
        found = next((choice for choice in choices if choice.value == value), None)
        if found is None:
            raise TypeError(f"one of {', '.join(choices)}")
        return found

    return read


#: How each field is read from JSON.
READERS: Mapping[str, Callable[[object], object]] = {
    "rows": _whole,
    "shuffle": _one_of(Shuffle),
    "batch_size": _whole,
    "epochs": _whole,
    "row_order": _one_of(RowOrder),
    "seed": _whole,
    "drop_last": _truth,
    "accumulation": _whole,
    "remainder": _one_of(Remainder),
    "workers": _whole,
    "digest": _text,
    "file": _text,
}


def order_tag(order: TrainingOrder) -> str:
    """Write an order as the text of the tag; what equals its default is left out."""
    defaults = {field.name: field.default for field in fields(TrainingOrder)}
    told = {name: value for name, value in asdict(order).items() if value != defaults[name]}
    return json.dumps(told)


def read_order(text: str) -> TrainingOrder:
    """Read the text of the tag.

    Raises:
        UnusableOrderError: It is no JSON object, or a field is missing, unknown or unusable.
    """
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise UnusableOrderError("it is not a JSON object.")
    unknown = sorted(told.keys() - READERS.keys())
    if unknown:
        raise UnusableOrderError(f"{unknown[0]} is unknown; known are {', '.join(READERS)}.")
    needed = [field.name for field in fields(TrainingOrder) if field.default is MISSING]
    missing = [name for name in needed if name not in told]
    if missing:
        raise UnusableOrderError(f"{missing[0]} is missing.")
    return TrainingOrder(**{name: _read(name, value) for name, value in told.items()})


def _read(name: str, value: object) -> Any:  # noqa: ANN401 - the reader of the field gives its type
    try:
        return READERS[name](value)
    except TypeError as error:
        raise UnusableOrderError(f"{name} must be {error}.") from error


def read_step(text: object) -> int | None:
    """Read the tag ``vestige.optimizer_step``; None where it is absent or no number of steps.

    >>> read_step("1414"), read_step("last"), read_step(None)
    (1414, None, None)
    """
    usable = isinstance(text, str) and text.isascii() and text.isdigit()
    return int(text) if usable and isinstance(text, str) else None
