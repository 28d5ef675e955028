"""The request that the demo has begun and not yet carried to a verified export."""

from dataclasses import asdict, dataclass
from pathlib import Path

from vestige.demo.company import Customer
from vestige.demo.keeping import keep, kept_in


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
        kept = kept_in(self._file)
        if kept is None:
            return None
        return OpenRequest(key=kept["key"], customer=Customer(**kept["customer"]))

    def keep(self, request: OpenRequest) -> None:
        """Write it down; it is there whole, whatever happens from now on, or not at all."""
        keep(self._file, asdict(request))

    def forget(self) -> None:
        """Leave nothing open."""
        self._file.unlink(missing_ok=True)
