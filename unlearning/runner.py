"""Carries out one job in a process of its own: ``python -m unlearning.runner JOB_DIR``.

Reads ``JOB_DIR/input.json``, prints one JSON object a line on stdout while it works
(``{"progress": 0.4, "message": "shard 2 of 4, slice 1"}``) and leaves ``JOB_DIR/result.json``,
written to a temporary name, flushed to disk and renamed, so that a reader sees all of it or none.
Exit status 0 means a result; 1 means ``{"error": "<one sentence>"}`` in its place, and no claim.

Input of a step (``purpose: "step"``)::

    {"purpose": "step", "method": "<key of METHODS>", "record_ids": ["C-000123"],
     "artifact": {"id", "name", "kind", "digest", "model_dir"},
     "training": {"recipe", "params": {}, "seed": 7, "datasets": [{"uri", "artifact_id", "kind",
                  "relation": "trained_on" | "evaluated_on",
                  "synthesis": {"recipe", "params": {}, "seed": 7, "training": {…}}?}],
                  "base": null | {training}, "merged": {"<name>": {training}},
                  "without_rows": false} | null,
     "synthesis": {"recipe", "params": {}, "seed": 7, "training": {… of the generator},
                   "generator": {"artifact_id", "digest", "model_dir"}} | missing,
     "recipient": {"name", "address"} | missing,
     "seed": 7, "out": "<directory>"}

* ``artifact.model_dir`` is where the artifact's files lie, as a path or ``file:`` URI: the model's
  directory, the index's directory, or for a dataset version the directory of its segments.
* ``relation`` may be missing and then means ``trained_on``; rows of ``evaluated_on`` datasets are
  the held-out rows of verification and are never trained on.
* ``synthesis`` says how a synthetic dataset was sampled, and from what it is sampled now.
* For ``artifact_destruction`` the artifact has ``places``, for ``recipient_notice`` it has what was
  ``copied`` to the ``recipient``; their methods say in what shape.

Result of a step: ``{"model_dir", "digest", "seconds", "manifest", "details", "evidence": [{"kind",
"outcome", "summary", "payload"}]}``. What ``model_dir`` and ``details`` hold, by method:

* ``sisa_shard_retrain``, ``retrain_from_clean_ancestor``, ``negative_gradient_repair``: the new
  model's whole directory (publish all of it; the checkpoints below it serve the next request).
* ``vector_removal``: the new index's whole directory.
* ``source_row_deletion``: a directory of only those segment files that changed, under their own
  names, to be swapped in; ``details.segments`` is ``[{"file", "old_digest", "new_digest",
  "removed"}]`` with file digests ``sha256:…``. ``digest`` is None.
* ``synthetic_regeneration``: a directory with the complete new dataset, segment files and
  description; ``digest`` is :func:`lineage.records.version_digest` of its segments.
  ``details.replaced`` names the old segments with their file digests.
* ``output_suppression``: no directory; ``details.rule`` is ``{"salt", "digests": []}``, the body of
  ``PUT /control/suppressions/<rule id>``, and ``details.rule_digest`` its ``sha256:…``.

``manifest`` must reach verification unchanged as ``after.manifest``. It names (``forget_set``) a
copy of the forgotten rows that membership inference needs after the source rows are gone. The
caller destroys these copies once it has kept the result of the verification: until then another
attempt must be able to attack.

Input of a verification (``purpose: "verification"``), run after every step has taken effect::

    {"purpose": "verification", "record_ids": [], "steps": [{"step_id", "method",
     "artifact": {… before …}, "after": {"model_dir", "digest", "manifest"}, "training": {…}}],
     "datasets": [{"step_id", "uri"}], "replicas": 32, "out": "<directory>"}

``datasets`` are the places of every redacted dataset, copies included, each with its step.
Storage methods leave ``after.model_dir`` where the artifact lies now; a step of
``synthetic_regeneration`` also has its ``synthesis``. Steps that only the caller can check may be
listed. ``replicas`` are trained a group for each approximate method; 0 or missing: none. Result:
``{"evidence": [{"step_id", "kind", "outcome", "summary", "payload"}]}``.
"""

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from unlearning.data import local_path
from unlearning.jobfiles import (
    Generator,
    JobInputError,
    Report,
    Sampling,
    StepInput,
    StepOutput,
    Training,
)
from unlearning.methods import METHODS
from unlearning.progress import print_progress

Apply = Callable[[StepInput, Report], StepOutput]


def run_step(job: Mapping[str, object]) -> dict[str, object]:
    """Apply a method to an artifact.

    Raises:
        JobInputError: The input cannot be carried out.
    """
    step = _step_input(job)
    module, _, function = METHODS[step.method].entry.partition(":")
    apply: Apply = getattr(importlib.import_module(module), function)
    return apply(step, print_progress).to_json()


def run_verification(job: Mapping[str, object]) -> dict[str, object]:
    """Verify a plan.

    Raises:
        JobInputError: The input cannot be carried out.
    """
    from unlearning.verification.plan_check import (  # noqa: PLC0415 - loads torch
        Orders,
        Place,
        Treated,
        checkable,
        verify,
    )

    steps, datasets = job.get("steps"), job.get("datasets")
    if not isinstance(steps, list) or not isinstance(datasets, list):
        raise JobInputError("steps and datasets must be lists")
    orders = Orders(
        record_ids=_record_ids(job), replicas=int(str(job.get("replicas", 0))), out=_out(job)
    )
    evidence = verify(
        [Treated.parse(step) for step in checkable(steps)],
        datasets=[Place.parse(place) for place in datasets],
        orders=orders,
        report=print_progress,
    )
    return {"evidence": evidence}


def write_result(directory: Path, result: Mapping[str, object]) -> None:
    """Write ``result.json`` so that it is there whole or not at all, even after a power cut."""
    temporary = directory / f"result.json.{os.getpid()}"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(result, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(directory / "result.json")


def main(argv: list[str]) -> int:
    """Carry out the job of one directory and return the exit status."""
    if len(argv) != 1 or not Path(argv[0]).is_dir():
        print("usage: python -m unlearning.runner JOB_DIR", file=sys.stderr)  # noqa: T201
        return 2
    directory = Path(argv[0])
    try:
        job = _read_input(directory)
        result = run_verification(job) if job["purpose"] == "verification" else run_step(job)
    except Exception as error:  # noqa: BLE001 - any failure is a result error and never a claim
        traceback.print_exc()
        write_result(directory, {"error": f"{type(error).__name__}: {error}"})
        return 1
    write_result(directory, result)
    return 0


def _read_input(directory: Path) -> Mapping[str, object]:
    job = json.loads((directory / "input.json").read_text(encoding="utf-8"))
    if not isinstance(job, dict) or job.get("purpose") not in ("step", "verification"):
        raise JobInputError("purpose must be step or verification")
    return job


def _step_input(job: Mapping[str, object]) -> StepInput:
    artifact, method = job.get("artifact"), str(job.get("method"))
    if method not in METHODS:
        raise JobInputError(f"there is no method {method}")
    if not isinstance(artifact, dict):
        raise JobInputError("artifact must be an object")
    model_dir, synthesis = artifact.get("model_dir"), job.get("synthesis")
    recipient = job.get("recipient")
    return StepInput(
        method=method,
        record_ids=_record_ids(job),
        artifact=artifact,
        model_dir=local_path(str(model_dir)) if model_dir else None,
        training=Training.parse(job["training"]) if job.get("training") else None,
        seed=int(str(job.get("seed", 0))),
        out=_out(job),
        sampling=Sampling.parse(synthesis) if isinstance(synthesis, dict) else None,
        generator=Generator.parse(synthesis.get("generator"))
        if isinstance(synthesis, dict)
        else None,
        recipient=dict(recipient) if isinstance(recipient, dict) else {},
    )


def _record_ids(job: Mapping[str, object]) -> frozenset[str]:
    ids = job.get("record_ids")
    if not isinstance(ids, list) or not all(isinstance(name, str) and name for name in ids):
        raise JobInputError("record_ids must be a list of record ids")
    if not ids:
        raise JobInputError("the forget set is empty")
    return frozenset(ids)


def _out(job: Mapping[str, object]) -> Path:
    out = Path(str(job.get("out") or ""))
    if not out.is_absolute():
        raise JobInputError("out must be an absolute directory")
    out.mkdir(parents=True, exist_ok=True)
    return out


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
