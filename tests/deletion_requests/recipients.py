"""A request whose data set was copied to recipients, and what they find in their mailboxes."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core import mail

from deletion_requests import tasks
from deletion_requests.models import DeletionRequest, RecipientNotice
from governance.ledger.selectors import entries_about
from governance.models import LedgerEntry
from governance.relay import publish_pending
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, Derivation
from tests.factories import (
    ArtifactFactory,
    DeletionRequestFactory,
    PlanFactory,
    PlanStepFactory,
    RecordedTraceFactory,
)
from unlearning.models import Plan, PlanStep, StepState

LAKESIDE = "mailto:privacy@lakeside.example"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request with a plan that tells recipients."""

    request: DeletionRequest
    plan: Plan
    steps: tuple[PlanStep, ...]

    def notice(self, position: int = 0) -> RecipientNotice:
        return RecipientNotice.objects.get(step_id=self.steps[position].pk)

    def state(self) -> str:
        self.request.refresh_from_db()
        return self.request.state

    def entries(self, kind: str) -> list[LedgerEntry]:
        about = entries_about(f"request:{self.request.pk}")
        return [entry for entry in about if entry.kind == kind]


def case_with(*contacts: str, state: str = "executing", done: bool = True) -> Case:
    """A request in work; each contact is that of one recipient of a copy of people v1.

    Args:
        contacts: Addresses as recorded; an empty one is not recorded.
        state: Where the request stands.
        done: Whether the steps that ask for the notices are done.
    """
    request = DeletionRequestFactory.create(state=state)
    people: Artifact = ArtifactFactory.create(
        kind=ArtifactKind.DATASET_VERSION, name="people v1", identity=f"dataset:people:{request.pk}"
    )
    other: Artifact = ArtifactFactory.create(
        kind=ArtifactKind.DATASET_VERSION, name="digits v1", identity=f"dataset:digits:{request.pk}"
    )
    recipients = [_recipient(position, contact) for position, contact in enumerate(contacts, 1)]
    for recipient in recipients:
        Derivation.objects.create(
            upstream=people, downstream=recipient, relation=Relation.COPIED_TO
        )
    RecordedTraceFactory.create(request=request, impact=_impact(people, other, recipients))
    plan = PlanFactory.create(case_id=request.pk, started_at=datetime.now(UTC))
    steps = tuple(
        PlanStepFactory.create(
            plan=plan,
            ordinal=ordinal,
            artifact=recipient,
            method="recipient_notice",
            guarantee_class="notice",
            state=StepState.DONE if done else StepState.RUNNING,
        )
        for ordinal, recipient in enumerate(recipients, 1)
    )
    return Case(request=request, plan=plan, steps=steps)


def settle(case: Case) -> None:
    """Let all other work of the plan be done."""
    Plan.objects.filter(pk=case.plan.pk).update(settled_at=datetime.now(UTC))


def deliver() -> None:
    """Do what the relay and this app's workers do, here and one after the other."""
    while publish_pending(_work):
        pass


def _work(task: str, arguments: dict[str, object]) -> None:
    if task.startswith("deletion_requests."):
        getattr(tasks, task.rpartition(".")[2])(**arguments)


def token_in(position: int = -1) -> str:
    """The secret part of the link in a mail."""
    found = re.search(r"/acknowledge/([A-Za-z0-9_-]{43})\n", str(mail.outbox[position].body))
    assert found is not None
    return found[1]


def _recipient(position: int, contact: str) -> Artifact:
    recipient: Artifact = ArtifactFactory.create(
        kind=ArtifactKind.RECIPIENT,
        name=f"Recipient {position}",
        attributes={"contact": contact} if contact else {},
    )
    return recipient


def _impact(people: Artifact, other: Artifact, recipients: list[Artifact]) -> dict[str, object]:
    def affected(artifact: Artifact, path: list[Artifact]) -> dict[str, object]:
        return {
            "artifact_id": artifact.pk,
            "kind": artifact.kind,
            "name": artifact.name,
            "digest": artifact.digest,
            "influence": ["content"],
            "certainty": "certain",
            "path": [{"id": node.pk, "name": node.name, "kind": node.kind} for node in path],
            "rank": len(path),
            "state": "current",
        }

    return {
        "records": [
            {"record_id": "C-000017", "segment": 1, "dataset_version": people.pk},
            {"record_id": "C-000018", "segment": 1, "dataset_version": people.pk},
            {"record_id": "D-000099", "segment": 2, "dataset_version": other.pk},
        ],
        "affected": [
            affected(people, [people]),
            affected(other, [other]),
            *(affected(recipient, [people, recipient]) for recipient in recipients),
        ],
        "complete": True,
        "reasons": [],
        "gaps": [],
        "frontier": [],
        "cycles": [],
        "snapshot_hash": "5" * 64,
        "datasets_examined": 2,
    }
