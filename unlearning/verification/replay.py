"""Trains references in a fresh process from files that no longer hold the records.

``python -m unlearning.verification.replay DIR`` reads ``DIR/request.json`` and leaves models in
``DIR/model-<n>``, sampled datasets in ``DIR/dataset-<n>`` and ``DIR/replayed.json``. It is given no
earlier model, no checkpoint and no list of rows to leave out: what it makes cannot have seen the
records. A model that several others start from is trained once.
"""

import json
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from unlearning.digests import record_digest
from unlearning.jobfiles import Report, Sampling, Training
from unlearning.progress import print_progress, read_progress
from unlearning.verification import Finding


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A model that never saw the records."""

    model_dir: Path
    digest: str
    #: Wall time, base included.
    seconds: float


@dataclass(frozen=True, kw_only=True)
class References:
    """What the fresh process made."""

    #: By :attr:`Training.key`.
    models: Mapping[str, Reference] = field(default_factory=dict)
    #: Digests of sampled datasets, by :attr:`Sampling.key`.
    datasets: Mapping[str, str] = field(default_factory=dict)
    #: One sentence for each thing that could not be made.
    failures: tuple[str, ...] = ()

    @property
    def failure(self) -> str:
        """Why something is missing."""
        return "; ".join(self.failures) or "nobody asked for it"


def replay(
    trainings: Sequence[Mapping[str, object]],
    *,
    samplings: Sequence[Mapping[str, object]] = (),
    record_ids: Collection[str],
    out: Path,
    report: Report,
) -> References:
    """Make the references of trainings and samplings in a process of its own.

    Args:
        trainings: Trainings as in a job's input; their datasets are read as they lie there now.
        samplings: Samplings of synthetic datasets, likewise.
        record_ids: The forget set; the child gets digests, only to refuse files that hold one.
        out: An empty directory.
        report: Progress, 0.0 to 1.0.

    Returns:
        What could be made, with everything that it stands on, and why the rest could not.
    """
    out.mkdir(parents=True, exist_ok=True)
    request = {
        "trainings": list(trainings),
        "samplings": list(samplings),
        "forbidden": sorted(record_digest(record_id) for record_id in record_ids),
    }
    (out / "request.json").write_text(json.dumps(request), encoding="utf-8")
    command = [sys.executable, "-m", "unlearning.verification.replay", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        for line in child.stdout or ():
            if told := read_progress(line):
                report(told.fraction, f"reference: {told.message}")
    answer_file = out / "replayed.json"
    if child.returncode != 0 or not answer_file.exists():
        return References(failures=("the process that trains the references ended early",))
    answer = json.loads(answer_file.read_text(encoding="utf-8"))
    return References(
        models={
            item["key"]: Reference(
                model_dir=out / item["folder"], digest=item["digest"], seconds=item["seconds"]
            )
            for item in answer["models"]
        },
        datasets=answer["datasets"],
        failures=tuple(answer["failures"]),
    )


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


def main() -> int:
    """Make the references that ``DIR/request.json`` asks for."""
    from unlearning.verification.replay_work import Workshop  # noqa: PLC0415 - torch trains there

    directory = Path(sys.argv[1])
    request = json.loads((directory / "request.json").read_text(encoding="utf-8"))
    workshop = Workshop(
        directory,
        trainings=[Training.parse(training) for training in request["trainings"]],
        samplings=[Sampling.parse(sampling) for sampling in request["samplings"]],
        forbidden=frozenset(request["forbidden"]),
        report=print_progress,
    )
    (directory / "replayed.json").write_text(json.dumps(workshop.work()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
