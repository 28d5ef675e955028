"""What the product serves and whom it does not speak about: state without HTTP."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock

import torch

from examples.company import tracking
from examples.company.deploy import INDEX, MODEL
from examples.company.features import CLASSES, encode_features
from examples.company.networks import Ensemble, load_ensemble
from unlearning.digests import weights_digest
from unlearning.methods.output_suppression import suppression_digest
from unlearning.vectors import VectorIndex


@dataclass(frozen=True, kw_only=True)
class Served:
    """One model and one index, loaded together."""

    model: Ensemble
    #: Of the weights that were loaded, computed here and taken from nobody.
    model_digest: str
    index: VectorIndex
    index_digest: str


def load_served() -> Served:
    """Load what the registry has in production.

    Raises:
        LookupError: The registry has nothing there.
    """
    client = tracking.connect()
    directories = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in (MODEL, INDEX):
            found = tracking.production(client, name)
            if found is None:
                raise LookupError(f"{name} is not in production")
            (Path(folder) / name).mkdir()
            directories[name] = tracking.download(found, Path(folder) / name)
        return Served(
            model=load_ensemble(directories[MODEL]).eval(),
            model_digest=weights_digest(directories[MODEL]),
            index=VectorIndex.load(directories[INDEX]),
            index_digest=weights_digest(directories[INDEX]),
        )


def predict(served: Served, features: Mapping[str, object]) -> dict[str, object]:
    """Answer a customer's income class.

    Raises:
        KeyError: A feature is missing or unknown.
        ValueError: A number is not one.
    """
    row = {name: str(value) for name, value in features.items()}
    with torch.no_grad():
        probabilities = served.model(encode_features([row]))[0].exp()
    best = int(probabilities.argmax())
    return {"income": CLASSES[best], "probability": round(float(probabilities[best]), 6)}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Customers not to speak about, known only by digest."""

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

    def covers(self, customer_number: str) -> bool:
        """Whether the product must not answer about this customer."""
        # Writers replace the table and never change it, so readers need no lock.
        return any(
            suppression_digest(customer_number, salt=rule.salt) in rule.digests
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
