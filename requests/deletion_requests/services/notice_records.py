"""What is written down about a notice: its row, the evidence, the ledger entry; in one go."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from deletion_requests.errors import NoticeNotFoundError
from deletion_requests.lifecycle import FINAL_STATES, State
from deletion_requests.models import (
    DeletionRequest,
    DueMail,
    NoticeState,
    RecipientNotice,
)
from deletion_requests.services.transitions import SYSTEM, locked_request
from deletion_requests.timeline import reference_of
from governance.errors import StaleState
from governance.ledger.services import append_entry
from unlearning.jobs.findings import StepFinding
from unlearning.ledgering import as_recorded
from unlearning.services import record_evidence

#: In these states the report is being written, or stands: what comes later is noted in the ledger
#: only, so that the report's evidence stays the evidence on record.
_REPORTED = FINAL_STATES | {State.REPORTING}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became known about a notice."""

    #: ``recipient_notified`` or ``recipient_acknowledged``.
    kind: str
    #: ``passed``, ``failed`` or ``inconclusive``.
    outcome: str
    summary: str
    payload: Mapping[str, Any]


def locked_notice(
    notice_id: UUID, *, request_id: UUID | None = None
) -> tuple[DeletionRequest, RecipientNotice]:
    """Fetch a notice and its request for change; call inside a transaction.

    Raises:
        NoticeNotFoundError: There is no such notice, or it belongs to another request.
    """
    owner = RecipientNotice.objects.filter(pk=notice_id).values_list("request_id", flat=True)
    found = owner.first()
    if found is None or request_id not in (None, found):
        raise NoticeNotFoundError
    # The request's row lock comes first, as everywhere: guarantees that the driver, a worker that
    # mails and a recipient that answers change one request's notices one after the other.
    request = locked_request(found)
    return request, RecipientNotice.objects.get(pk=notice_id)


def change(notice: RecipientNotice, **values: object) -> None:
    """Change a notice; inside a transaction.

    Raises:
        StaleState: Somebody else changed its state first.
    """
    # Compare-and-swap: two acts that both read one state cannot both leave it.
    changed = RecipientNotice.objects.filter(pk=notice.pk, state=notice.state).update(**values)
    if changed != 1:
        raise StaleState
    for name, value in values.items():
        setattr(notice, name, value)


def write_finding(
    request: DeletionRequest, notice: RecipientNotice, finding: Finding
) -> dict[str, dict[str, str]]:
    """Record evidence about a notice, unless the report is already being written.

    Returns:
        What the ledger entry holds of it under ``evidence``, in the form that the entry
        ``plan.promoted`` has. Empty where nothing was recorded.
    """
    if State(request.state) in _REPORTED:
        return {}
    payload = {"recipient": notice.name, "dataset": notice.dataset, "records": notice.records}
    payload |= finding.payload
    row = record_evidence(
        plan_id=notice.plan_id,
        finding=StepFinding(
            step_id=notice.step_id,
            kind=finding.kind,
            outcome=finding.outcome,
            summary=finding.summary,
            payload=payload,
        ),
    )
    return as_recorded((row,))


def enter(
    notice: RecipientNotice,
    kind: str,
    *,
    note: str,
    actor: str = SYSTEM,
    evidence: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Append what happened to the ledger; the organisation's name is no personal data."""
    append_entry(
        kind=kind,
        actor=actor,
        reference=reference_of(notice.request_id),
        payload={
            "recipient": notice.name,
            "step": notice.step_id,
            "evidence": dict(evidence or {}),
            "note": note,
        },
    )


def record_notified(
    request: DeletionRequest, notice: RecipientNotice, *, by: str, actor: str = SYSTEM
) -> None:
    """Write down that a recipient was told; inside a transaction.

    Args:
        request: The request, locked.
        notice: With its ``notified_at``.
        by: ``mail``, or ``officer`` where it was done by hand.
        actor: Who did it.
    """
    way = "by mail" if by == "mail" else "by hand"
    told = notice.notified_at or timezone.now()
    sentence = f"{notice.name} was notified {way} on {told:%d %B %Y}."
    evidence = write_finding(
        request,
        notice,
        Finding(
            kind="recipient_notified",
            outcome="passed",
            summary=f"{sentence} The notice names {notice.dataset} and the records to erase.",
            payload={"by": by, "notified_at": told.isoformat()},
        ),
    )
    words = f"{sentence} {notice.note}".strip() if by == "officer" else sentence
    enter(notice, "recipient.notified", note=words, actor=actor, evidence=evidence)


def give_up(request: DeletionRequest, notice: RecipientNotice, trouble: str) -> None:
    """Let a person tell the recipient; inside a transaction that locked the request."""
    reminder = notice.due_mail == DueMail.REMINDER
    done: dict[str, object] = {"due_mail": DueMail.NONE, "error": trouble}
    if reminder or notice.state != NoticeState.TO_NOTIFY:
        change(notice, **done)
        enter(notice, "recipient.failed", note=f"{notice.name} was not reminded: {trouble}")
        return
    change(notice, state=NoticeState.FAILED, **done)
    evidence = write_finding(
        request,
        notice,
        Finding(
            kind="recipient_notified",
            outcome="failed",
            summary=f"{notice.name} could not be notified: {trouble}",
            payload={"by": "mail", "trouble": trouble},
        ),
    )
    enter(
        notice,
        "recipient.failed",
        note=f"{notice.name} could not be notified: {trouble}",
        evidence=evidence,
    )
