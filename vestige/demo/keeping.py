"""What the demo must still know after a kill: small JSON files, whole or not there at all."""

import json
import os
from pathlib import Path
from typing import Any

from unlearning.places import flush_directory


def keep(file: Path, value: object) -> None:
    """Write a value down for its owner only; from here on it outlives a kill and a power cut."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(value, handle, indent=2)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(file)
    flush_directory(file.parent)


def kept_in(file: Path) -> dict[str, Any] | None:
    """Read what was written down, None where nothing was."""
    try:
        kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return kept
