"""Trains a reference in a fresh process from files that no longer hold the records.

``python -m unlearning.verification.replay DIR`` reads ``DIR/training.json`` and leaves the model in
``DIR/model``, its base in ``DIR/base`` and ``DIR/replayed.json``. It is given no earlier model, no
checkpoint and no list of rows to leave out: what it makes cannot have seen the records.
"""

import json
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from unlearning.data import RecordView
from unlearning.digests import record_digest
from unlearning.jobfiles import Report, Training
from unlearning.verification import Finding


class ReplayError(Exception):
    """The reference could not be trained."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A model that never saw the records."""

    model_dir: Path
    digest: str
    #: Wall time, base included.
    seconds: float


def replay(
    training: Mapping[str, object], *, record_ids: Collection[str], out: Path, report: Report
) -> dict[str, Reference]:
    """Train the reference of one training, and of its base, in a process of its own.

    Args:
        training: The training as in a job's input; its datasets are read as they lie there now.
        record_ids: The forget set; the child gets digests, only to refuse files that hold one.
        out: An empty directory.
        report: Progress, 0.0 to 1.0.

    Returns:
        References by :attr:`Training.key`.

    Raises:
        ReplayError: A file still holds a record, or the training failed.
    """
    out.mkdir(parents=True, exist_ok=True)
    forbidden = sorted(record_digest(record_id) for record_id in record_ids)
    request = {"training": training, "forbidden": forbidden}
    (out / "training.json").write_text(json.dumps(request), encoding="utf-8")
    command = [sys.executable, "-m", "unlearning.verification.replay", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout or ():
            progress = json.loads(line)
            report(progress["progress"], f"reference: {progress['message']}")
    answer_file = out / "replayed.json"
    if child.returncode != 0 or not answer_file.exists():
        raise ReplayError(_reason(out))
    answer = json.loads(answer_file.read_text(encoding="utf-8"))
    return {
        item["key"]: Reference(
            model_dir=out / item["folder"], digest=item["digest"], seconds=item["seconds"]
        )
        for item in answer
    }


def replay_finding(*, digest: str, claimed: str, reference: Reference) -> Finding:
    """Compare the new model with the reference by the digest of its weights.

    Args:
        digest: Digest of the weights as they lie in the registry now.
        claimed: Digest that the step reported; a claim would name this one.
        reference: The model that never saw the records.
    """
    equal = digest == reference.digest and claimed == digest
    return Finding(
        kind="replay_equal",
        outcome="passed" if equal else "failed",
        summary=(
            "A fresh process, trained on files without the records, made the same weights "
            f"({reference.digest[:19]}…)."
            if equal
            else "A fresh process made other weights than the job did."
            if claimed == digest
            else "The stored weights are not those that the step reported."
        ),
        payload={
            "digest": digest,
            "reference_digest": reference.digest,
            "reference_seconds": reference.seconds,
            "isolation": "process",
            "shared_cache": False,
        },
    )


def _reason(out: Path) -> str:
    try:
        return (out / "error.txt").read_text(encoding="utf-8")
    except OSError:
        return "the process that trains the reference ended without a word"


def _train(directory: Path) -> list[dict[str, object]]:
    request = json.loads((directory / "training.json").read_text(encoding="utf-8"))
    training = Training.parse(request["training"])
    _refuse_forbidden(training, frozenset(request["forbidden"]))
    from unlearning.training import run_lineage  # noqa: PLC0415 - torch only where it trains

    model, base = run_lineage(training, out=directory, report=_print_progress)
    made = [(training.key, "model", model)]
    if base is not None and training.base is not None:
        made.append((training.base.key, "base", base))
    return [
        {"key": key, "folder": folder, "digest": trained.digest, "seconds": trained.seconds}
        for key, folder, trained in made
    ]


def _refuse_forbidden(training: Training, forbidden: frozenset[str]) -> None:
    held = {record_digest(name) for name in RecordView.open(*training.datasets).ids}
    if held & forbidden:
        raise ReplayError("the files still hold a forgotten record")
    if training.base is not None:
        _refuse_forbidden(training.base, forbidden)


def _print_progress(fraction: float, message: str) -> None:
    print(json.dumps({"progress": fraction, "message": message}), flush=True)  # noqa: T201 - protocol


def main() -> int:
    """Train the reference that ``DIR/training.json`` asks for."""
    directory = Path(sys.argv[1])
    try:
        answer = _train(directory)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the parent gets a sentence
        (directory / "error.txt").write_text(f"{error}", encoding="utf-8")
        return 1
    (directory / "replayed.json").write_text(json.dumps(answer), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
