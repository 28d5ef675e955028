"""Membership inference with replicas: shares the training of many models out among processes."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import numpy as np

from unlearning.data import Record
from unlearning.jobfiles import Report
from unlearning.progress import read_progress
from unlearning.replicas import SIDE_BY_SIDE
from unlearning.sharding import derive_seed
from unlearning.verification import Finding
from unlearning.verification.plan_check.treated import Orders, Treated
from unlearning.verification.replica_attacks import Scores
from unlearning.verification.replica_membership import Groups, replica_finding

#: Processes that train replicas at a time, where the machine has as many cores.
PROCESSES = 2
#: What the models of a group were trained with; see :class:`Groups`.
GROUPS = ("unlearned", "retrained", "control")


class ReplicaError(Exception):
    """The replicas could not be trained."""


def check_replicas(
    step: Treated, forgotten: Sequence[Record], orders: Orders, report: Report
) -> Finding:
    """Train replicas of a model that an approximate method treated, and attack them.

    Args:
        step: The treated model.
        forgotten: The records of the forget set that it was trained on.
        orders: What holds for the whole plan.
        report: Progress, 0.0 to 1.0.
    """
    if orders.replicas == 0:
        return _not_established("no replicas were asked for")
    if not forgotten:
        return _not_established(step.why_nothing_to_attack)
    if step.need_training().base is not None:
        return _not_established("the model starts from another one, which no replica repeats")
    try:
        return replica_finding(_train(step, orders, report))
    except ReplicaError as error:
        return _not_established(str(error))


def _not_established(why: str) -> Finding:
    summary = f"Not established: {why}."
    return Finding(kind="replica_membership", outcome="inconclusive", summary=summary)


def _train(step: Treated, orders: Orders, report: Report) -> Groups:
    """Train every group and return its scores.

    Raises:
        ReplicaError: A process ended without them.
    """
    out = orders.out / f"replicas-{step.step_id}"
    out.mkdir(parents=True)
    batches = _batches(orders.replicas, step.need_training().seed)
    workers = max(1, min(PROCESSES, len(os.sched_getaffinity(0)), len(batches)))
    progress = _Progress(workers, 3 * orders.replicas, report)
    with ThreadPoolExecutor(workers) as pool:
        answers = pool.map(
            lambda worker: _run(step, batches[worker::workers], out, worker, progress),
            range(workers),
        )
        scored = [batch for answer in answers for batch in answer]
    return Groups(
        trained=_joined(scored, "unlearned", "before"),
        unlearned=_joined(scored, "unlearned", "scores"),
        retrained=_joined(scored, "retrained", "scores"),
        control=_joined(scored, "control", "scores"),
    )


def _batches(replicas: int, seed: int) -> list[dict[str, object]]:
    """Cut every group into batches; every replica has a seed of its own."""
    return [
        {
            "group": group,
            "first": first,
            "seeds": [
                derive_seed(seed, "replica", group, number)
                for number in range(first, min(first + SIDE_BY_SIDE, replicas))
            ],
        }
        for group in GROUPS
        for first in range(0, replicas, SIDE_BY_SIDE)
    ]


class _Progress:
    """Adds up how far the processes have come."""

    def __init__(self, workers: int, replicas: int, report: Report) -> None:
        self._done = [0.0] * workers
        self._replicas = replicas
        self._report = report
        self._lock = Lock()

    def tell(self, worker: int, fraction: float) -> None:
        """Take note of one process and report the sum."""
        with self._lock:
            self._done[worker] = fraction
            done = sum(self._done) / len(self._done)
            message = f"replicas: {int(done * self._replicas)} of {self._replicas}"
            self._report(done, message)


def _run(
    step: Treated, batches: Sequence[Mapping[str, object]], out: Path, worker: int, done: _Progress
) -> list[Mapping[str, object]]:
    """Let one process train some batches.

    Raises:
        ReplicaError: It ended without scores.
    """
    request = out / f"{worker}.json"
    document = {
        "training": step.training,
        "forget_set": step.manifest["forget_set"],
        "batches": list(batches),
    }
    request.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-m", "unlearning.verification.replica_work", str(request)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        for line in child.stdout or ():
            if told := read_progress(line):
                done.tell(worker, told.fraction)
    if child.returncode != 0:
        raise ReplicaError("the process that trains replicas ended early")
    scored: list[Mapping[str, object]] = json.loads(request.with_suffix(".scores").read_text())
    return [
        {**batch, "first": asked["first"]} for batch, asked in zip(scored, batches, strict=True)
    ]


def _joined(scored: Sequence[Mapping[str, object]], group: str, name: str) -> Scores:
    """Put the batches of one group together in the order of their replicas."""
    own = [batch for batch in scored if batch["group"] == group]
    own.sort(key=lambda batch: int(str(batch["first"])))
    return np.concatenate([np.asarray(batch[name], dtype=np.float64) for batch in own])
