"""The request that the demo has begun and not yet carried to a verified export."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from unlearning.places import flush_directory
from vestige.demo.company import Customer


@dataclass(frozen=True, kw_only=True)
class OpenRequest:
    """What the next start needs to go on with a request: it is posted again under the same key."""

    #: The Idempotency-Key under which it is posted.
    key: str
    #: Whose it is.
    customer: Customer


class OpenRequestFile:
    """Where it is kept through a kill: durable before the first post, gone with the last check."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> OpenRequest | None:
        """The request that an earlier start left open, None where there is none."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return OpenRequest(key=kept["key"], customer=Customer(**kept["customer"]))

    def keep(self, request: OpenRequest) -> None:
        """Write it down; it is there whole, whatever happens from now on, or not at all."""
        temporary = self._file.with_suffix(".new")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(asdict(request), file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._file)
        flush_directory(self._file.parent)

    def forget(self) -> None:
        """Leave nothing open."""
        self._file.unlink(missing_ok=True)
