"""Reads of notices to recipients as plain values."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from deletion_requests.errors import UnknownLinkError
from deletion_requests.lifecycle import FINAL_STATES, State
from deletion_requests.models import (
    AcknowledgementToken,
    DueMail,
    NoticeState,
    RecipientNotice,
    RecordedTrace,
)
from deletion_requests.recipient_mail import mail_address
from lineage.graph import Relation
from lineage.models import Artifact, Derivation
from unlearning.models import Plan
from unlearning.selectors import PlanView, StepView

#: Key of the method whose steps tell a recipient.
RECIPIENT_NOTICE = "recipient_notice"
#: How long a mailed link may be used.
LINK_LIFETIME = timedelta(days=90)
#: How long a recipient is left in peace before it is reminded.
REMIND_AFTER = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class RecipientView:
    """What one recipient was told and what it answered."""

    id: UUID
    step_id: int
    name: str
    address: str
    #: The data sets that it received a copy of.
    dataset: str
    #: How many records of the data subject the copy holds.
    records: int
    #: ``to_notify``, ``notified``, ``acknowledged`` or ``failed``.
    state: str
    state_label: str
    #: Attempts at the mail that is due now.
    attempts: int
    #: Why the last mail was not sent, or an empty string.
    error: str
    notified_at: datetime | None
    reminded_at: datetime | None
    acknowledged_at: datetime | None
    #: How the acknowledgement came: ``link``, ``officer``, or empty before it.
    how: str
    #: An officer's own words on what was recorded by hand.
    note: str
    #: Whether a notice that failed can be mailed once more.
    may_retry: bool
    #: From when on a reminder may be sent; None where none makes sense.
    remind_from: datetime | None

    @property
    def may_remind(self) -> bool:
        """Whether a reminder may be sent now."""
        return self.remind_from is not None and self.remind_from <= timezone.now()

    @property
    def is_silent(self) -> bool:
        """Whether it was told, by mail or by hand, and has not answered for a while."""
        told = self.reminded_at or self.notified_at
        if self.state != NoticeState.NOTIFIED or told is None:
            return False
        return told + REMIND_AFTER <= timezone.now()


@dataclass(frozen=True, kw_only=True)
class AcknowledgementView:
    """What a recipient sees behind its link: no personal data."""

    reference: str
    organisation: str
    recipient: str
    dataset: str
    records: int
    acknowledged_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class CopiedRecords:
    """What a recipient's copy holds of the data subject."""

    dataset: str
    record_ids: tuple[str, ...]


def recipient_view(row: RecipientNotice) -> RecipientView:
    """Turn a notice into what people and programs read."""
    return RecipientView(
        id=row.id,
        step_id=row.step_id,
        name=row.name,
        address=row.address,
        dataset=row.dataset,
        records=row.records,
        state=row.state,
        state_label=str(NoticeState(row.state).label),
        attempts=row.attempts,
        error=row.error,
        notified_at=row.notified_at,
        reminded_at=row.reminded_at,
        acknowledged_at=row.acknowledged_at,
        how=row.how,
        note=row.note,
        may_retry=may_retry(row),
        remind_from=remind_from(row),
    )


def recipients_of(rows: Iterable[RecipientNotice]) -> tuple[RecipientView, ...]:
    """Turn the notices of one request into views, in their order."""
    return tuple(recipient_view(row) for row in rows)


def remind_from(row: RecipientNotice) -> datetime | None:
    """Tell from when on a recipient may be reminded; None while that makes no sense."""
    by_mail = bool(mail_address(row.address)) and row.due_mail == DueMail.NONE
    if row.state != NoticeState.NOTIFIED or not by_mail or row.notified_at is None:
        return None
    return (row.reminded_at or row.notified_at) + REMIND_AFTER


def may_retry(row: RecipientNotice) -> bool:
    """Tell whether a notice that failed can be mailed once more."""
    return row.state == NoticeState.FAILED and row.records > 0 and bool(mail_address(row.address))


def attention_to(recipients: Sequence[RecipientView], state: State) -> str:
    """Say what a person should do about recipients, or nothing where none waits for a person.

    Args:
        recipients: Those of one request.
        state: Where the request stands; only an open one needs a person.
    """
    if state in FINAL_STATES:
        return ""
    failed = [item for item in recipients if item.state == NoticeState.FAILED]
    if failed:
        causes = " ".join(f"{item.name} could not be notified: {item.error}" for item in failed)
        return f"{causes} Notify by hand, then record it."[:500]
    silent = [item.name for item in recipients if item.is_silent]
    if state is State.PARTLY_DONE and silent:
        return (
            f"Not acknowledged: {', '.join(silent)}. Remind them, record an answer that came "
            "another way, or report the request as partly done."
        )[:500]
    return ""


def notice_steps(plan: PlanView) -> tuple[StepView, ...]:
    """The steps of a plan that tell a recipient."""
    return tuple(step for step in plan.steps if step.method == RECIPIENT_NOTICE)


def unanswered_steps(plan: PlanView) -> tuple[StepView, ...]:
    """The steps whose recipient has not acknowledged, whether it was told by now or not."""
    acknowledged = set(
        RecipientNotice.objects.filter(plan_id=plan.id, state=NoticeState.ACKNOWLEDGED).values_list(
            "step_id", flat=True
        )
    )
    return tuple(step for step in notice_steps(plan) if step.id not in acknowledged)


def case_of(plan_id: UUID) -> UUID | None:
    """Find the request that a plan answers."""
    return Plan.objects.filter(pk=plan_id).values_list("case_id", flat=True).first()


def copied_records(request_id: UUID, recipient_id: int) -> CopiedRecords:
    """Find what a recipient's copy holds of the data subject, as the first trace found it.

    Args:
        request_id: The request.
        recipient_id: Artifact id of the recipient.

    Returns:
        Ids of the records in the data sets that were copied to it, and those data sets' names.
    """
    trace = RecordedTrace.objects.get(request_id=request_id, purpose="initial").impact
    copied = _with_redactions(_copied_from(recipient_id) | _path_to(recipient_id, trace))
    held = [item for item in trace["records"] if item["dataset_version"] in copied]
    sources = {copied[item["dataset_version"]] for item in held}
    names = set(Artifact.objects.filter(pk__in=sources).values_list("name", flat=True))
    return CopiedRecords(
        dataset=", ".join(sorted(names)),
        record_ids=tuple(sorted({item["record_id"] for item in held})),
    )


def _with_redactions(sources: set[int]) -> dict[int, int]:
    """Map data sets, and what redaction made of them since they were copied, to what was copied.

    A copy keeps what it was handed: the records of people who ask later stand in the redacted
    successor by then, and in the copy all the same.
    """
    copied, new = {source: source for source in sources}, set(sources)
    while new:
        successors = Derivation.objects.filter(
            upstream_id__in=new, relation=Relation.REDACTED_FROM
        ).values_list("upstream_id", "downstream_id")
        found = {later: copied[old] for old, later in successors if later not in copied}
        copied |= found
        new = set(found)
    return copied


def _copied_from(recipient_id: int) -> set[int]:
    copies = Derivation.objects.filter(downstream_id=recipient_id, relation=Relation.COPIED_TO)
    return set(copies.values_list("upstream_id", flat=True))


def _path_to(artifact_id: int, trace: Mapping[str, Any]) -> set[int]:
    found = (item for item in trace["affected"] if item["artifact_id"] == artifact_id)
    return {node["id"] for item in found for node in item["path"]}


def token_digest(token: str) -> bytes:
    """Digest of a link's token; it carries 256 random bits, so a plain hash cannot be guessed.

    Rows are found by the digest, whose bytes a caller cannot choose: how long the look-up takes
    tells nothing about tokens that exist.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def notice_behind(token: str) -> RecipientNotice:
    """Find the notice that a mailed link belongs to.

    Raises:
        UnknownLinkError: The token is wrong or too old; the answer is the same for both.
    """
    found = (
        AcknowledgementToken.objects.filter(
            digest=token_digest(token), made_at__gt=timezone.now() - LINK_LIFETIME
        )
        .select_related("notice__request")
        .first()
    )
    if found is None:
        raise UnknownLinkError
    return found.notice


def acknowledgement_view(token: str) -> AcknowledgementView:
    """Read what a recipient is asked to acknowledge.

    Raises:
        UnknownLinkError: The token is wrong or too old.
    """
    notice = notice_behind(token)
    return AcknowledgementView(
        reference=notice.request.reference,
        organisation=settings.ORGANISATION,
        recipient=notice.name,
        dataset=notice.dataset,
        records=notice.records,
        acknowledged_at=notice.acknowledged_at,
    )
