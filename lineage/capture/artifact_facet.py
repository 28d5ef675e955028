"""The facet ``vestige_artifact``: what its owner says that a dataset is.

::

    {"kind": "evaluation_set", "copies": ["file:///…"]}
    {"kind": "source"} or {"kind": "retrieval_corpus"}
    {"kind": "recipient", "displayName": "Lakeside Insights", "contact": "mailto:…"}
    {"kind": "synthetic_dataset", "synthesis": {"model": "<MLflow model id>",
        "recipe": "module:name", "params": {…}, "seed": 7, "policy": "regenerate" or "delete"}}

A part that cannot be understood is left out with a warning; the rest of the facet still counts.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from lineage.capture.facets import Json
from lineage.capture.locations import read_places
from lineage.capture.mlflow_state import model_identity
from lineage.graph import DATASETS, LONGEST_CONTACT, ArtifactKind

FACET = "vestige_artifact"
#: What a dataset event can tell of.
KINDS = DATASETS | {ArtifactKind.RECIPIENT}
#: Addresses that a person can be told at; no white space, so that they fit into a mail header.
ADDRESS = re.compile(r"mailto:[^\s@?,]+@[^\s@?,]+|https?://[^\s/]\S*")
_ADDRESS_RULE = f"must be a mailto: or https: address of at most {LONGEST_CONTACT} characters"
POLICIES = ("regenerate", "delete")
LONGEST_MODEL_ID = 200

Part = TypeVar("Part")


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What is usable of the facet; empty fields say nothing."""

    kind: ArtifactKind | None = None
    display_name: str = ""
    #: None where nothing usable was said of copies.
    copies: tuple[str, ...] | None = None
    #: Of a recipient: ``mailto:…``, ``https:…`` or ``http:…``.
    contact: str = ""
    #: Of a synthetic dataset: ``generator`` (identity of the model), ``recipe``, ``params``,
    #: ``seed`` and ``policy``.
    synthesis: Mapping[str, object] | None = None
    #: What is unusable: the pointer below the facet, and a sentence.
    problems: tuple[tuple[str, str], ...] = ()


def read_artifact_facet(facet: Json | None) -> Declared:
    """Read the facet of one dataset; None where the dataset has none."""
    if facet is None:
        return Declared()
    read = _Reader(facet)
    kind = read.part("kind", _kind, f"must be one of {', '.join(sorted(KINDS))}")
    if "kind" not in facet:
        read.problem("/kind", "is missing")
    copies = read.part("copies", read_places, "must be a list of locations")
    recipient = kind is ArtifactKind.RECIPIENT
    synthetic = kind is ArtifactKind.SYNTHETIC_DATASET
    return Declared(
        kind=kind,
        display_name=read.part("displayName", _text, "must be a name") or "",
        copies=None if copies is None else tuple(copies),
        contact=(read.part("contact", _address, _ADDRESS_RULE) or "") if recipient else "",
        synthesis=_synthesis(read) if synthetic else None,
        problems=tuple(read.problems),
    )


class _Reader:
    """Reads part after part of one object and notes what is unusable."""

    def __init__(self, facet: Json, pointer: str = "") -> None:
        self.facet = facet
        self.pointer = pointer
        self.problems: list[tuple[str, str]] = []

    def part(self, key: str, parse: Callable[[object], Part | None], rule: str) -> Part | None:
        """One part; None where it is absent or breaks its rule."""
        if key not in self.facet:
            return None
        found = parse(self.facet[key])
        if found is None:
            self.problem(f"/{key}", rule)
        return found

    def problem(self, place: str, rule: str) -> None:
        self.problems.append((f"{self.pointer}{place}", rule))


def _synthesis(outer: _Reader) -> Mapping[str, object] | None:
    """How the rows of a synthetic dataset were sampled; None where the generator is not named."""
    told = outer.part("synthesis", _object, "must be an object")
    if told is None:
        return None
    read = _Reader(told, "/synthesis")
    model = read.part("model", _model_id, "must be the id of an MLflow model")
    if "model" not in told:
        read.problem("/model", "is missing")
    found = {
        "recipe": read.part("recipe", _text, "must be module:name") or "",
        "params": read.part("params", _params, "must be an object of strings") or {},
        "seed": read.part("seed", _whole, "must be a whole number") or 0,
        "policy": read.part("policy", _policy, f"must be {' or '.join(POLICIES)}") or POLICIES[0],
    }
    outer.problems += read.problems
    return {"generator": model_identity(model), **found} if model else None


def _kind(value: object) -> ArtifactKind | None:
    return next((kind for kind in KINDS if kind.value == value), None)


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _address(value: object) -> str | None:
    fits = isinstance(value, str) and len(value) <= LONGEST_CONTACT
    return value if isinstance(value, str) and fits and ADDRESS.fullmatch(value) else None


def _model_id(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_MODEL_ID else None


def _object(value: object) -> Json | None:
    return value if isinstance(value, Mapping) else None


def _params(value: object) -> dict[str, str] | None:
    usable = isinstance(value, Mapping) and all(isinstance(v, str) for v in value.values())
    return dict(value) if usable and isinstance(value, Mapping) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _policy(value: object) -> str | None:
    return value if isinstance(value, str) and value in POLICIES else None
