"""Verifies a whole plan after its steps took effect: which checks belong to which method."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unlearning.data import Record, RecordView, local_path
from unlearning.digests import weights_digest
from unlearning.jobfiles import JobInputError, Report, Training
from unlearning.recipes import load_recipe
from unlearning.verification import Finding
from unlearning.verification.approximate import time_finding
from unlearning.verification.manifests import check_manifests
from unlearning.verification.models import Places, attack, compare, retained_sample
from unlearning.verification.replay import (
    Reference,
    ReplayError,
    replay,
    replay_finding,
)
from unlearning.verification.sources import check_source_rows_absent
from unlearning.verification.utility import utility_finding
from unlearning.verification.vectors import check_vectors_absent

_RETRAINS = ("sisa_shard_retrain", "retrain_from_clean_ancestor")
_REPAIRS = ("negative_gradient_repair",)


@dataclass(frozen=True, kw_only=True)
class Treated:
    """One step as verification sees it."""

    step_id: object
    method: str
    #: Where the artifact lay before and lies now.
    before: Path
    after: Path
    #: Digest that the step reported, and that its claim will name; empty for storage.
    digest: str
    manifest: Mapping[str, object]
    #: The recorded training as JSON, None for storage.
    training: Mapping[str, object] | None

    @classmethod
    def parse(cls, value: Mapping[str, object]) -> "Treated":
        """Read a step from JSON.

        Raises:
            JobInputError: A field is missing or of the wrong type.
        """
        try:
            artifact, after = _mapping(value["artifact"]), _mapping(value["after"])
            training = value.get("training")
            return cls(
                step_id=value["step_id"],
                method=str(value["method"]),
                before=_place(artifact),
                after=_place(after),
                digest=str(after.get("digest") or ""),
                manifest=_mapping(after.get("manifest") or {}),
                training=_mapping(training) if training else None,
            )
        except (KeyError, TypeError) as error:
            raise JobInputError(f"a step to verify is not usable: {error}") from error


def verify(
    steps: Sequence[Mapping[str, object]],
    *,
    record_ids: frozenset[str],
    datasets: Sequence[str],
    out: Path,
    report: Report,
) -> list[dict[str, object]]:
    """Check every step and return its findings with the step's id."""
    treated = [Treated.parse(step) for step in steps if step.get("method") != "output_suppression"]
    models = [step for step in treated if step.method in (*_RETRAINS, *_REPAIRS)]
    references, failure = _references(models, record_ids, out, report)
    evidence: list[dict[str, object]] = []
    for step in treated:
        if step in models:
            findings = list(_check_model(step, record_ids, references, failure))
        else:
            findings = [_check_storage(step, record_ids)]
        evidence += [{"step_id": step.step_id, **finding.to_json()} for finding in findings]
    for location in _unlisted(datasets, treated):
        finding = check_source_rows_absent(directory=location, record_ids=record_ids)
        evidence.append({"step_id": None, **finding.to_json()})
    return evidence


def _references(
    models: Sequence[Treated], record_ids: frozenset[str], out: Path, report: Report
) -> tuple[dict[str, Reference], str]:
    """Train each reference once; a fine-tune's replay brings its base's along."""
    wanted = {_training(step).key: step.training for step in models}
    for step in models:
        base = _training(step).base
        if base is not None:
            wanted.pop(base.key, None)
    found: dict[str, Reference] = {}
    failure = ""
    for number, training in enumerate(wanted.values()):
        try:
            found |= replay(
                training or {},
                record_ids=record_ids,
                out=out / f"reference-{number}",
                report=_share(report, number, len(wanted)),
            )
        except ReplayError as error:
            failure = str(error)
    return found, failure


def _check_model(
    step: Treated,
    record_ids: frozenset[str],
    references: Mapping[str, Reference],
    failure: str,
) -> Iterator[Finding]:
    training = _training(step)
    reference = references.get(training.key)
    if step.method in _RETRAINS:
        yield from _check_retrain(step, record_ids, references, failure)
    elif reference is not None:
        seconds = float(str(step.manifest["seconds"]))
        yield time_finding(seconds=seconds, retrain_seconds=reference.seconds)
    recipe = load_recipe(training.recipe)
    held_out = RecordView.open(*training.held_out).records if training.held_out else ()
    retained = retained_sample(RecordView.open(*training.datasets, exclude=record_ids))
    places = Places(
        before=step.before,
        after=step.after,
        reference=reference.model_dir if reference else None,
    )
    yield utility_finding(
        retained=compare(recipe, places, retained),
        held_out=compare(recipe, places, held_out) if held_out else None,
    )
    yield _membership(step, places, held_out)


def _check_retrain(
    step: Treated,
    record_ids: frozenset[str],
    references: Mapping[str, Reference],
    failure: str,
) -> Iterator[Finding]:
    files = [
        step.after / str(step.manifest[k]) for k in ("file", "base_file") if k in step.manifest
    ]
    yield check_manifests(files, record_ids=record_ids)
    training = _training(step)
    reference = references.get(training.key)
    if reference is None:
        summary = f"No reference could be trained: {failure}."
        yield Finding(kind="replay_equal", outcome="inconclusive", summary=summary)
    else:
        yield replay_finding(
            digest=weights_digest(step.after), claimed=step.digest, reference=reference
        )
    if training.base is not None:
        yield _ancestor(step, references.get(training.base.key))


def _ancestor(step: Treated, reference: Reference | None) -> Finding:
    digest = str(step.manifest.get("base_digest", ""))
    if reference is None:
        summary = "No reference of the base model could be trained."
        return Finding(kind="ancestor_clean", outcome="inconclusive", summary=summary)
    equal = digest == reference.digest
    return Finding(
        kind="ancestor_clean",
        outcome="passed" if equal else "failed",
        summary=(
            "The base model was trained without the records and equals its reference."
            if equal
            else "The base model is not the one that a fresh process makes without the records."
        ),
        payload={"base_digest": digest, "reference_digest": reference.digest},
    )


def _membership(step: Treated, places: Places, held_out: Sequence[Record]) -> Finding:
    kept = step.manifest.get("forget_set")
    if not held_out or not kept or not local_path(str(kept)).is_dir():
        return Finding(
            kind="membership_inference",
            outcome="inconclusive",
            summary="Not established: held-out records or the forget set are not at hand.",
        )
    forgotten = RecordView.open(str(kept)).records
    recipe = load_recipe(_training(step).recipe)
    return attack(recipe, places, forgotten=forgotten, held_out=held_out)


def _check_storage(step: Treated, record_ids: frozenset[str]) -> Finding:
    if step.method == "vector_removal":
        return check_vectors_absent(
            before_dir=step.before, after_dir=step.after, record_ids=record_ids
        )
    if step.method == "source_row_deletion":
        return check_source_rows_absent(directory=step.after, record_ids=record_ids)
    raise JobInputError(f"no check is known for the method {step.method}")


def _unlisted(datasets: Sequence[str], treated: Sequence[Treated]) -> list[Path]:
    checked = {step.after.resolve() for step in treated}
    return [path for path in map(local_path, datasets) if path.resolve() not in checked]


def _training(step: Treated) -> Training:
    return Training.parse(step.training)


def _share(report: Report, number: int, total: int) -> Report:
    return lambda fraction, message: report((number + fraction) / (total + 1), message)


def _place(value: Mapping[str, object]) -> Path:
    """Where the files lie; a comparison of an artifact with itself would always pass."""
    if not value.get("model_dir"):
        raise KeyError("model_dir")
    return local_path(str(value["model_dir"]))


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is not an object")
    return value
