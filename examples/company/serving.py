"""What the product serves and whom it does not speak about: state without HTTP."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock

from torch import nn

from examples.company import tracking
from examples.company.products import ProductSpec
from unlearning.digests import weights_digest
from unlearning.methods.output_suppression import suppression_digest
from unlearning.vectors import VectorIndex


@dataclass(frozen=True, kw_only=True)
class Served:
    """What a product serves, loaded together."""

    spec: ProductSpec
    model: nn.Module
    #: Of the weights that were loaded, computed here and taken from nobody.
    model_digest: str
    #: None where the product serves no index.
    index: VectorIndex | None = None
    index_digest: str = ""

    @property
    def digests(self) -> dict[str, str]:
        """Digest of each thing served, by what it is."""
        found = {"model": self.model_digest}
        return found | {"index": self.index_digest} if self.index is not None else found


def load_served(spec: ProductSpec) -> Served:
    """Load what the registry has in production.

    Raises:
        LookupError: The registry has nothing there.
    """
    client = tracking.connect()
    directories = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in filter(None, (spec.model, spec.index)):
            found = tracking.production(client, name)
            if found is None:
                raise LookupError(f"{name} is not in production")
            (Path(folder) / name).mkdir()
            directories[name] = tracking.download(found, Path(folder) / name)
        index = directories.get(spec.index)
        return Served(
            spec=spec,
            model=spec.load(directories[spec.model]).eval(),
            model_digest=weights_digest(directories[spec.model]),
            index=VectorIndex.load(index) if index else None,
            index_digest=weights_digest(index) if index else "",
        )


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Records not to speak about, known only by digest."""

    salt: str
    digests: tuple[str, ...]

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "Rule":
        """Read a rule from JSON.

        Raises:
            ValueError: It is not one.
        """
        salt, digests = body.get("salt"), body.get("digests")
        if not isinstance(salt, str) or not isinstance(digests, list) or not digests:
            raise ValueError("a rule has a salt and digests")
        bytes.fromhex(salt)
        return cls(salt=salt, digests=tuple(str(digest) for digest in digests))


class Suppressions:
    """Rules by which the product refuses, kept in a file so that a restart keeps them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        # One writer at a time: a rule that was acknowledged is never lost to another's write.
        self._lock = Lock()
        kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        self._rules = {rule_id: Rule.parse(body) for rule_id, body in kept.items()}

    def covers(self, record_id: str) -> bool:
        """Whether the product must not answer about this record."""
        # Writers replace the table and never change it, so readers need no lock.
        return any(
            suppression_digest(record_id, salt=rule.salt) in rule.digests
            for rule in self._rules.values()
        )

    def put(self, rule_id: str, rule: Rule) -> None:
        """Set a rule."""
        with self._lock:
            self._write({**self._rules, rule_id: rule})

    def remove(self, rule_id: str) -> bool:
        """Lift a rule; True when there was one."""
        with self._lock:
            present = rule_id in self._rules
            self._write({key: rule for key, rule in self._rules.items() if key != rule_id})
        return present

    def _write(self, rules: dict[str, Rule]) -> None:
        temporary = self._file.with_suffix(".new")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump({rule_id: asdict(rule) for rule_id, rule in rules.items()}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._file)
        self._rules = rules
