"""What stands between a verified plan and production: checks that did not pass, by rule.

A check that could not be made is no check that passed: missing and inconclusive ones wait for a
person as failed ones do. Which checks a method needs stands in the method table.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from unlearning.methods import METHODS

#: Every check that some method needs.
GATING = frozenset(kind for method in METHODS.values() for kind in method.checks_for(inherits=True))


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A finding as the gate reads it."""

    #: ``passed``, ``failed`` or ``inconclusive``.
    outcome: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class CheckedStep:
    """One step with what was found of it."""

    #: The artifact's name.
    artifact: str
    #: A key of ``METHODS``.
    method: str
    #: Whether the artifact was made from other affected artifacts.
    inherits: bool
    #: By kind of evidence.
    verdicts: Mapping[str, Verdict]


def open_checks(steps: Sequence[CheckedStep], whole_plan: Mapping[str, Verdict]) -> tuple[str, ...]:
    """Name the checks for whose sake new versions do not go live by themselves.

    Args:
        steps: Every step of the plan.
        whole_plan: Findings about the plan and no single step, by kind.

    Returns:
        One phrase a check, with the reason; empty where nothing is in the way.
    """
    found = [phrase for step in steps for phrase in _open_of(step)]
    found += [
        _phrase(kind, "the plan", verdict)
        for kind, verdict in whole_plan.items()
        if kind in GATING and verdict.outcome != "passed"
    ]
    return tuple(sorted(found))


def _open_of(step: CheckedStep) -> Iterator[str]:
    """Needed checks that did not pass, and others that failed although nobody asked for them."""
    needed = METHODS[step.method].checks_for(inherits=step.inherits)
    for kind in needed:
        verdict = step.verdicts.get(kind)
        if verdict is None or verdict.outcome != "passed":
            yield _phrase(kind, step.artifact, verdict)
    for kind, verdict in step.verdicts.items():
        if kind in GATING.difference(needed) and verdict.outcome == "failed":
            yield _phrase(kind, step.artifact, verdict)


def _phrase(kind: str, name: str, verdict: Verdict | None) -> str:
    check = f"{kind.replace('_', ' ')} of {name}"
    if verdict is None:
        return f"{check} (missing)"
    return f"{check} ({verdict.outcome}: {verdict.summary.rstrip('.')})"
