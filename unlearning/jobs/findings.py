"""Findings of a job, before they become evidence."""

import importlib.metadata
import importlib.util
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from unlearning.digests import file_digest, json_digest
from unlearning.jobs.inputs import public_digest
from unlearning.methods import METHODS
from unlearning.models import Job


@dataclass(frozen=True, kw_only=True)
class StepFinding:
    """A finding about one step, or about the whole plan."""

    #: None: about the plan.
    step_id: int | None
    kind: str
    #: ``passed``, ``failed`` or ``inconclusive``.
    outcome: str
    summary: str
    payload: Mapping[str, Any]


def merged(findings: Iterable[StepFinding]) -> list[StepFinding]:
    """Make one finding of those that say the same kind of thing about one step.

    Evidence is kept once a step and kind: of two copies of a dataset, one must not outshine the
    other. The worst outcome counts.
    """
    groups: dict[tuple[int | None, str], list[StepFinding]] = {}
    for finding in findings:
        groups.setdefault((finding.step_id, finding.kind), []).append(finding)
    return [_one(group) for group in groups.values()]


def _one(group: Sequence[StepFinding]) -> StepFinding:
    if len(group) == 1:
        return group[0]
    worst_first = sorted(group, key=lambda finding: _WORST.index(finding.outcome))
    return StepFinding(
        step_id=group[0].step_id,
        kind=group[0].kind,
        outcome=worst_first[0].outcome,
        summary=" ".join(finding.summary for finding in worst_first)[:500],
        payload={"findings": [dict(finding.payload) for finding in worst_first]},
    )


_WORST = ("failed", "inconclusive", "passed")


def run_recorded(job: Job) -> StepFinding:
    """Write down under what conditions a step's process ran."""
    method = METHODS[job.input["method"]]
    training = job.input.get("training") or {}
    payload = {
        "method": method.key,
        "recipe": training.get("recipe", ""),
        "params": training.get("params", {}),
        "seed": job.input["seed"],
        "input_digest": public_digest(job.input),
        "code": {
            module: digest
            for module in (_module(method.entry), _module(training.get("recipe", "")))
            if (digest := _code_digest(module))
        },
        "environment": environment(),
        "isolation": "process",
        "attempt": job.attempts,
    }
    return StepFinding(
        step_id=job.step_id,
        kind="run_recorded",
        outcome="passed",
        summary=(
            f"{method.name}: ran in a process of its own; input, seed, code and environment are "
            "recorded by digest."
        ),
        payload=payload,
    )


@cache
def environment() -> dict[str, str]:
    """Describe what this installation runs on; the packages by one digest."""
    packages = sorted(
        f"{found.metadata['Name']}=={found.version}"
        for found in importlib.metadata.distributions()
        if found.metadata["Name"]
    )
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": json_digest(packages),
    }


def _module(entry: str) -> str:
    return entry.partition(":")[0]


def _code_digest(module: str) -> str:
    """SHA-256 of a module's source, or an empty string where it has none."""
    try:
        spec = importlib.util.find_spec(module) if module else None
    except ModuleNotFoundError:
        return ""
    return file_digest(Path(spec.origin)) if spec is not None and spec.origin else ""
