"""Knowledge of the graph as values that can be compared."""

from dataclasses import fields
from typing import Any

import numpy as np

from lineage.gaps import Knowledge


def told(known: Knowledge) -> dict[str, Any]:
    """Every column as a list, the names, and what else is known."""
    columns = {field.name: getattr(known, field.name) for field in fields(known)}
    del columns["names"]
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in columns.items()
    } | {"named": list(known.names(known.ids.tolist()))}
