"""Destroys the model versions that a plan replaced, once nothing serves them any more.

What was kept of the records in old weights, old vectors and training checkpoints ends here. Every
act can be repeated; the inventories are saved before the first file is deleted.
"""

import shutil
from collections.abc import Sequence
from typing import Any

from lineage.graph import MODELS, Relation
from lineage.models import Artifact, ArtifactState, Derivation
from unlearning import registry_deletion
from unlearning.errors import JobFailedError
from unlearning.inventory import UnreadablePlaceError, describe_place
from unlearning.jobs.destruction import destroy, destroyed_finding
from unlearning.jobs.findings import StepFinding
from unlearning.jobs.lease import Lease
from unlearning.jobs.workspace import attempt_dir, place
from unlearning.models import Job, PlanStep
from unlearning.services.settling import save_result

_KIND = "superseded_destroyed"


def retire_replaced_versions(
    job: Job, steps: Sequence[PlanStep], lease: Lease
) -> list[StepFinding]:
    """Destroy every version that a step replaced and that nobody uses.

    Args:
        job: The promotion; the inventories are kept with it.
        steps: The steps of the plan, with what they made.
        lease: The right to do so.

    Returns:
        One finding for each replaced version; inconclusive, with the reason, where it stays.

    Raises:
        JobFailedError: A place cannot be read or emptied here, which a person can put right.
        LeaseLostError: Somebody else holds the job now.
    """
    replaced = [
        step for step in steps if step.artifact.kind in MODELS and step.outcome.get("artifact")
    ]
    kept = {step.pk: _why_kept(step) for step in replaced}
    due = [step for step in replaced if not kept[step.pk]]
    inventories = _inventories(job, due, lease)
    findings = []
    for step in replaced:
        if reason := kept[step.pk]:
            findings.append(_kept_finding(step, reason))
        else:
            receipts = destroy(step, inventories[str(step.pk)], lease)
            findings.append(destroyed_finding(step, _KIND, receipts))
    return findings


def _why_kept(step: PlanStep) -> str:
    """Say who still uses a replaced version; empty where nobody does."""
    old = step.artifact
    if old.state == ArtifactState.DESTROYED:
        return ""  # by an earlier attempt
    served = Derivation.objects.filter(
        upstream=old, relation=Relation.DEPLOYED_AS, ended_at=None
    ).values_list("downstream__name", flat=True)
    if served:
        return f"{', '.join(sorted(served))} still serves it"
    if adapters := _adapters_over(old):
        return f"{', '.join(adapters)} is laid over it"
    model_id = old.attributes.get("model_id")
    aliases = registry_deletion.aliases_on(model_id) if model_id else []
    if aliases:
        return f"the alias {', '.join(aliases)} points at it"
    others = PlanStep.objects.filter(
        artifact=old, plan__started_at__isnull=False, plan__settled_at=None
    ).exclude(plan=step.plan)
    if others.exists():
        return "the plan of another request works from it"
    return ""


def _adapters_over(old: Artifact) -> list[str]:
    """Name the adapters in use that need a model's weights to be anything at all."""
    edges = Derivation.objects.filter(
        upstream=old,
        relation=Relation.ADAPTER_OF,
        ended_at=None,
        downstream__state=ArtifactState.CURRENT,
    )
    return sorted(edges.values_list("downstream__name", flat=True))


def _kept_finding(step: PlanStep, reason: str) -> StepFinding:
    return StepFinding(
        step_id=step.pk,
        kind=_KIND,
        outcome="inconclusive",
        summary=f"The earlier version of {step.artifact.name} was not destroyed: {reason}."[:500],
        payload={"receipts": [], "kept_because": reason},
    )


def _inventories(
    job: Job, due: Sequence[PlanStep], lease: Lease
) -> dict[str, list[dict[str, Any]]]:
    """Return what lies at the locations of each version, as it was before any was deleted."""
    known: dict[str, list[dict[str, Any]]] = dict(job.result.get("inventories", {}))
    missing = [
        step
        for step in due
        if str(step.pk) not in known and step.artifact.state != ArtifactState.DESTROYED
    ]
    for step in missing:
        known[str(step.pk)] = _inventory(job, step, lease)
    if missing:
        job.result = {**job.result, "inventories": known}
        save_result(lease, job.result)
    return {str(step.pk): known.get(str(step.pk), []) for step in due}


def _inventory(job: Job, step: PlanStep, lease: Lease) -> list[dict[str, Any]]:
    folder = attempt_dir(job.pk, lease.token) / f"replaced-{step.pk}"
    try:
        return [
            describe_place(place(location, folder / str(number), lease))
            for number, location in enumerate(step.places)
        ]
    except UnreadablePlaceError as error:
        raise JobFailedError(str(error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
