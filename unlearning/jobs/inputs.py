"""What a job is asked to do, as JSON without secrets and without paths of one machine."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

import rfc8785
from django.conf import settings

from governance.subjects import subject_digest
from lineage.graph import Relation
from lineage.models import Artifact
from lineage.selectors import contact_of, locations_of
from unlearning.jobs.descriptions import artifact_document, synthesis_document, training_document
from unlearning.models import Plan, PlanStep


def canonical_digest(value: object) -> str:
    """SHA-256 of the canonical JSON (RFC 8785) of a value, in hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(plain_json(value))).hexdigest()


def public_digest(job_input: Mapping[str, Any]) -> str:
    """Digest a job's input for readers outside, who could otherwise guess record ids by trying."""
    hidden = {**job_input, "record_ids": forget_set_digest(job_input["record_ids"])}
    return canonical_digest(hidden)


def forget_set_digest(record_ids: Collection[str]) -> str:
    """Commit to a forget set under the pepper: customer numbers are few enough to try them all."""
    return subject_digest(json.dumps(sorted(record_ids))).value.hex()


def step_input(step: PlanStep) -> dict[str, Any]:
    """Describe the work of one step."""
    training = _training(step)
    addition = _ADDITIONS.get(step.method)
    return {
        "purpose": "step",
        "method": step.method,
        "record_ids": sorted(step.plan.record_ids),
        "artifact": artifact_document(step.artifact),
        "training": training,
        "seed": training["seed"] if training else 0,
        **(addition(step) if addition else {}),
    }


def verification_input(plan: Plan) -> dict[str, Any]:
    """Describe the verification of a plan whose steps are all done.

    Destructions and notices are not in it: the worker looked again right after the first, and only
    the recipient can answer the second.
    """
    steps = plan.steps.exclude(method__in=("artifact_destruction", "recipient_notice"))
    steps = steps.select_related("artifact", "plan").order_by("ordinal")
    rewritten = [step for step in steps if step.method == "source_row_deletion"]
    return {
        "purpose": "verification",
        "record_ids": sorted(plan.record_ids),
        "replicas": settings.MEMBERSHIP_REPLICAS,
        "steps": [_treated(step) for step in steps],
        "datasets": [
            {"step_id": step.pk, "uri": uri}
            for step in rewritten
            for uri in locations_of(step.artifact_id)
        ],
    }


def _treated(step: PlanStep) -> dict[str, Any]:
    """Describe a step that is done."""
    document = {
        "step_id": step.pk,
        "method": step.method,
        "artifact": artifact_document(step.artifact),
        "after": {
            "location": step.outcome.get("location", step.artifact.location),
            "digest": step.outcome.get("digest"),
            "manifest": step.outcome.get("manifest", {}),
            "seconds": step.outcome.get("seconds"),
        },
        "training": _training(step),
    }
    if step.method == "synthetic_regeneration":
        document |= _synthesis(step)
    return document


def _training(step: PlanStep) -> dict[str, Any] | None:
    """The training that a step repeats; None where it repeats none."""
    return None if step.method in _WITHOUT_TRAINING else training_document(step.artifact_id)


def promotion_input(plan: Plan) -> dict[str, Any]:
    """Describe the promotion of a verified plan."""
    made = {str(step.pk): step.outcome.get("digest") for step in plan.steps.all()}
    return {"purpose": "promotion", "plan": str(plan.pk), "made": made}


def _synthesis(step: PlanStep) -> dict[str, Any]:
    return {"synthesis": synthesis_document(step.artifact_id, step.plan)}


def _locations(step: PlanStep) -> dict[str, Any]:
    """The places that officers approved; what was recorded later is not touched."""
    return {"locations": list(step.places)}


def _recipient(step: PlanStep) -> dict[str, Any]:
    """Whom to tell, and of what: the artifacts that were copied."""
    contact = contact_of(step.artifact_id)
    copied = Artifact.objects.filter(
        derivations_out__downstream=step.artifact,
        derivations_out__relation=Relation.COPIED_TO,
        derivations_out__ended_at=None,
    )
    return {
        "recipient": {"name": contact.name, "address": contact.address} if contact else None,
        "copied": [artifact_document(artifact) for artifact in copied.order_by("pk")],
    }


#: Methods that repeat no training.
_WITHOUT_TRAINING = frozenset(
    {"artifact_destruction", "recipient_notice", "output_suppression", "vector_removal"}
)

#: What the input of some methods holds besides.
_ADDITIONS: dict[str, Callable[[PlanStep], dict[str, Any]]] = {
    "synthetic_regeneration": _synthesis,
    "artifact_destruction": _locations,
    "recipient_notice": _recipient,
}


def plain_json(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Write integers as text that RFC 8785 (IEEE 754 doubles) cannot hold exactly."""
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    return str(value) if isinstance(value, int) and abs(value) >= _EXACT else value


#: From here on a double no longer holds every integer.
_EXACT = 2**53
