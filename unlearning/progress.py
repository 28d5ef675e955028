"""How a child process tells of its progress: one JSON object a line on stdout, among other lines.

Recipes and libraries print what they like to the same stream; their lines are nobody's business.
"""

import json
from typing import NamedTuple


class Progress(NamedTuple):
    """One report."""

    #: 0.0 to 1.0.
    fraction: float
    message: str


def print_progress(fraction: float, message: str) -> None:
    """Print one line of progress."""
    line = {"progress": round(fraction, 4), "message": message}
    print(json.dumps(line), flush=True)  # noqa: T201 - stdout is the protocol


def read_progress(line: bytes) -> Progress | None:
    """Read one line of a child, whatever it is.

    >>> read_progress(b'{"progress": 0.5, "message": "half"}')
    Progress(fraction=0.5, message='half')
    >>> read_progress(b"epoch 1/3") is None
    True

    Returns:
        None where the line is not a report but chatter.
    """
    try:
        said = json.loads(line)
        fraction, message = float(said["progress"]), str(said.get("message", ""))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return Progress(fraction=fraction, message=message) if 0.0 <= fraction <= 1.0 else None
