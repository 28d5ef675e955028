"""Checks of what a plan achieved, each against the world and not against the job's own word.

A finding can support or weaken a claim; it never raises a guarantee class, because unlearning is a
property of the algorithm that ran (Thudi et al. 2022, arXiv:2110.11891), not of a metric.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Outcome: TypeAlias = Literal["passed", "failed", "inconclusive"]

#: One line a kind of evidence: what it establishes when it passed.
EVIDENCE_KINDS: dict[str, str] = {
    "run_recorded": (
        "The method ran in an isolated process, with recipe, code, seed and environment recorded."
    ),
    "manifest_excludes": "The manifest of the new training lists none of the forgotten records.",
    "duplicates_checked": (
        "Rows of other data subjects with the same content were counted; such rows stay."
    ),
    "replay_equal": (
        "A fresh process, trained on files that no longer hold the records, made equal weights."
    ),
    "ancestor_clean": "What the artifact was made from was itself made without them.",
    "membership_inference": (
        "A loss-based attack finds the records as it does in a model that never saw them."
    ),
    "utility_floor": (
        "Accuracy on retained and held-out rows lies at most 0.02 below the better of the old "
        "model and the retrained reference."
    ),
    "time_ratio": "The approximate method took at most a fifth of the time of a retrain.",
    "vectors_absent": "The index holds no vector of the records and no search returns one.",
    "source_rows_absent": "Every segment file was read again and none holds the records.",
    "artifact_destroyed": (
        "Every recorded location was read again after the deletion and held nothing any more."
    ),
    "superseded_destroyed": (
        "The version that was replaced was deleted from the registry, and its files were looked "
        "for again and not found."
    ),
    "synthetic_regenerated": (
        "The files equal what a fresh process samples from a generator made without the records."
    ),
    "recipient_notified": "A notice that names the data set and the records was handed over.",
    "recipient_acknowledged": "The recipient answered that it erased its copy; its own word.",
    "replica_membership": (
        "Attacks that tell models trained with the records and then unlearned from models that "
        "never saw them stay within ±0.2 of guessing, beside a control."
    ),
    "outputs_suppressed": "The product was asked and refuses to answer about the data subject.",
    "suppression_kept": (
        "The product still serves an affected artifact that no step treated, so the suppression "
        "stays in force."
    ),
    "deployment_switched": "The product was asked and serves the digest of the new model.",
    "failure_accepted": (
        "A person decided that versions may serve although a check did not pass; it supports no "
        "claim."
    ),
    "trace_repeated": "The trace was run again after the steps and before the report.",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One piece of evidence."""

    #: A key of :data:`EVIDENCE_KINDS`.
    kind: str
    outcome: Outcome
    #: One sentence with the numbers that matter.
    summary: str
    payload: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in EVIDENCE_KINDS:
            raise ValueError(f"{self.kind} is not a kind of evidence")

    def to_json(self) -> dict[str, object]:
        """Return the JSON of this finding."""
        return {
            "kind": self.kind,
            "outcome": self.outcome,
            "summary": self.summary,
            "payload": dict(self.payload),
        }
