"""Opening the notice to the recipient of a copy: one a step, with the address on record."""

from uuid import UUID

from django.db import transaction

from deletion_requests.errors import NoticeNotFoundError
from deletion_requests.models import DeletionRequest, DueMail, RecipientNotice
from deletion_requests.recipient_mail import mail_address
from deletion_requests.recipient_selectors import (
    CopiedRecords,
    case_of,
    copied_records,
    notice_steps,
)
from deletion_requests.services.notice_records import change, give_up
from deletion_requests.services.transitions import locked_request
from governance.outbox import publish
from lineage.graph import LONGEST_CONTACT
from lineage.selectors import contact_of
from unlearning.selectors import PlanView, StepView, plan_view


@transaction.atomic
def notify_recipient(*, plan_id: UUID, step_id: int) -> None:
    """Open the notice of a step whose recipient is to be told; repeating this is harmless.

    The letter follows by the outbox, so that no transaction waits for a mail server.

    Raises:
        NoticeNotFoundError: No plan of a request has such a step.
    """
    case_id = case_of(plan_id)
    if case_id is None:
        raise NoticeNotFoundError
    request = locked_request(case_id)
    plan = plan_view(plan_id)
    step = next((step for step in notice_steps(plan) if step.id == step_id), None)
    if step is None:
        raise NoticeNotFoundError
    _open(request, plan, step)


def open_notices(request: DeletionRequest, plan: PlanView) -> None:
    """Open the notices whose news was lost; inside the transaction that locked the request."""
    for step in notice_steps(plan):
        if step.state == "done":
            _open(request, plan, step)


def _open(request: DeletionRequest, plan: PlanView, step: StepView) -> None:
    if RecipientNotice.objects.filter(step_id=step.id).exists():
        return
    contact = contact_of(step.artifact_id)
    address = contact.address if contact else ""
    copied = copied_records(request.pk, step.artifact_id)
    notice = RecipientNotice.objects.create(
        request=request,
        plan_id=plan.id,
        step_id=step.id,
        name=contact.name if contact else step.artifact_name,
        # Cut, an address would lead to somebody else.
        address=address if len(address) <= LONGEST_CONTACT else "",
        dataset=copied.dataset or step.artifact_name,
        records=len(copied.record_ids),
    )
    if obstacle := _obstacle(address, copied):
        give_up(request, notice, obstacle)
    else:
        change(notice, due_mail=DueMail.NOTICE)
        publish("recipient.letter_due", notice_id=str(notice.pk))


def _obstacle(address: str, copied: CopiedRecords) -> str:
    """Say why no letter can be mailed, or nothing where one can."""
    if not address:
        return "no address is recorded."
    if len(address) > LONGEST_CONTACT:
        return f"its recorded address is longer than {LONGEST_CONTACT} characters."
    if not mail_address(address):
        return "its address is not one that mail can be sent to."
    return "" if copied.record_ids else "the records in its copy are not known."
