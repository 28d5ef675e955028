"""Whether what an artifact was made from was itself made without the records."""

from collections.abc import Iterator
from dataclasses import dataclass

from lineage.records import MalformedRecordsError, list_segments, version_digest
from unlearning.data import local_path
from unlearning.digests import merged_digest
from unlearning.jobfiles import Training
from unlearning.verification import Finding
from unlearning.verification.plan_check.treated import Treated
from unlearning.verification.replay import References


@dataclass(frozen=True, kw_only=True)
class Ancestor:
    """One thing that an artifact was made from."""

    #: ``base model``, ``merged models``, ``generator`` or ``synthetic dataset``.
    noun: str
    #: Digest of what was used; empty where nothing is known of it.
    used: str
    #: Digest of what a fresh process made in its place, or None.
    reference: str | None


def ancestors_of_model(
    step: Treated, training: Training, references: References
) -> Iterator[Ancestor]:
    """Yield the base model or the merged models, and every synthetic dataset behind it."""
    if training.base is not None:
        base = references.models.get(training.base.key)
        yield Ancestor(
            noun="base model",
            used=str(step.manifest.get("base_digest", "")),
            reference=base.digest if base else None,
        )
    if training.merged:
        made = {name: references.models.get(one.key) for name, one in training.merged.items()}
        digests = {name: one.digest for name, one in made.items() if one is not None}
        yield Ancestor(
            noun="merged models",
            used=str(step.manifest.get("base_digest", "")),
            reference=merged_digest(digests) if len(digests) == len(made) else None,
        )
    samplings = {
        location: sampling
        for part in training.lineage
        for location, sampling in part.samplings.items()
    }
    for location, sampling in samplings.items():
        yield Ancestor(
            noun="synthetic dataset",
            used=dataset_digest(location),
            reference=references.datasets.get(sampling.key),
        )


def ancestor_of_dataset(step: Treated, references: References) -> Ancestor:
    """Return the generator of a synthetic dataset."""
    reference = references.models.get(step.need_sampling().training.key)
    return Ancestor(
        noun="generator",
        used=str(step.manifest.get("generator_digest", "")),
        reference=reference.digest if reference else None,
    )


def dataset_digest(location: str) -> str:
    """Digest the segments of a dataset as they lie now; empty where there are none."""
    try:
        return version_digest(list_segments(local_path(location)))
    except MalformedRecordsError:
        return ""


def ancestor_finding(ancestors: list[Ancestor], references: References) -> Finding:
    """Compare everything that was used with what a fresh process made without the records.

    Args:
        ancestors: At least one.
        references: For the reason why something is missing.
    """
    missing = [one.noun for one in ancestors if one.reference is None]
    other = [one.noun for one in ancestors if one.reference not in (None, one.used)]
    if other:
        summary = f"The {' and the '.join(other)} used: not as a fresh process makes it."
    elif missing:
        summary = (
            f"Not established: no reference of the {' and the '.join(missing)} "
            f"could be made: {references.failure}."
        )
    else:
        nouns = " and the ".join(one.noun for one in ancestors)
        summary = f"The {nouns} used: made without the records, equal to what a fresh process made."
    return Finding(
        kind="ancestor_clean",
        outcome="failed" if other else "inconclusive" if missing else "passed",
        summary=summary,
        payload={
            "ancestors": [
                {"made_from": one.noun, "digest": one.used, "reference_digest": one.reference}
                for one in ancestors
            ]
        },
    )
