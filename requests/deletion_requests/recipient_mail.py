"""The letters to a recipient of a copy: what to erase, why, and where to say that it is done."""

import textwrap
from datetime import date, datetime
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse

from deletion_requests.deadlines import rule_for
from deletion_requests.models import DeletionRequest, RecipientNotice

#: Longest list of data sets in a subject line; the body of the letter names them all.
_LONGEST_SUBJECT = 100


def mail_address(address: str) -> str:
    """Take the e-mail address out of a ``mailto:`` URI (RFC 6068); empty where there is none.

    >>> mail_address("mailto:privacy%40lakeside.example?subject=x")
    'privacy@lakeside.example'
    >>> mail_address("https://lakeside.example/erasure")
    ''
    """
    parts = urlsplit(address)
    if parts.scheme != "mailto":
        return ""
    found = unquote(parts.path)
    try:
        validate_email(found)
    except ValidationError:
        return ""
    return found


def acknowledgement_link(token: str) -> str:
    """Address of the public page behind one mailed link."""
    return settings.PUBLIC_URL + reverse("recipient-acknowledge", args=[token])


def subject_of(request: DeletionRequest, notice: RecipientNotice, *, reminder: bool) -> str:
    """Subject line of a notice or reminder."""
    words = "Reminder: erase records" if reminder else "Erase records"
    dataset = textwrap.shorten(notice.dataset, _LONGEST_SUBJECT, placeholder=" …")
    return f"[{request.reference}] {words} from your copy of {dataset}"


def text_of(
    request: DeletionRequest,
    notice: RecipientNotice,
    *,
    record_ids: tuple[str, ...],
    token: str,
    reminder: bool,
) -> str:
    """Body of a notice or reminder; it names records by id and the data subject not at all."""
    basis = rule_for(request.regime, request.request_type).recipients
    duty = f" We tell you because the law obliges us to ({basis})." if basis else ""
    listed = "\n".join(f"  {record_id}" for record_id in record_ids)
    return (
        f"To {notice.name}\n\n"
        f"{_opening(notice.notified_at if reminder else None)}"
        f"{settings.ORGANISATION} gave you a copy of the data set {notice.dataset}. A data "
        f"subject has asked for erasure, and your copy holds their records.{duty}\n\n"
        f"Reference: {request.reference}\n"
        f"Records concerned ({len(record_ids)}):\n{listed}\n\n"
        "What to do:\n"
        "1. Erase these records from your copy, and from what you made of it.\n"
        "2. Tell everyone to whom you passed them on.\n"
        "3. Say that you have done so, on this page:\n\n"
        f"   {acknowledgement_link(token)}\n\n"
        f"{_closing(request.due_on)}"
    )


def _opening(first_told: datetime | None) -> str:
    if first_told is None:
        return ""
    return f"This is a reminder: we wrote to you on {first_told:%d %B %Y}.\n\n"


def _closing(due_on: date) -> str:
    return (
        f"We answer the data subject by {due_on:%d %B %Y} and report whether you have "
        "acknowledged. If you cannot erase the records, reply to this message and say why.\n"
    )
