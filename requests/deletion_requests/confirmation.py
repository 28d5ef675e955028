"""The link in the mail with the one-time code: whose code the page behind it takes."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from deletion_requests.errors import UnknownLinkError
from deletion_requests.lifecycle import FINAL_STATES, State
from deletion_requests.models import DeletionRequest

# Nobody without the secret key makes such a link, so strangers cannot spend somebody's attempts.
_SIGNER = Signer(salt="deletion_requests.confirmation", sep=".")


@dataclass(frozen=True, kw_only=True)
class ConfirmationView:
    """What the data subject sees behind the link: no personal data."""

    request_id: UUID
    reference: str
    organisation: str
    #: Whether a code may be entered now.
    waiting: bool
    #: Whether the right code was entered.
    confirmed: bool
    #: Whether the request ended, e.g. after too many wrong codes.
    ended: bool


def confirmation_token(request_id: UUID) -> str:
    """The part of the link that names the request; the same at every call."""
    return _SIGNER.sign(request_id.hex)


def confirmation_link(request_id: UUID) -> str:
    """Address of the public page that takes a request's one-time code."""
    token = confirmation_token(request_id)
    return settings.PUBLIC_URL + reverse("request-confirm", args=[token])


def confirmation_view(token: str) -> ConfirmationView:
    """Read what the page behind a link shows.

    Raises:
        UnknownLinkError: This server made no such link, or its request is gone.
    """
    try:
        request_id = UUID(hex=_SIGNER.unsign(token))
    except BadSignature as error:
        raise UnknownLinkError from error
    row = DeletionRequest.objects.filter(pk=request_id).first()
    if row is None:
        raise UnknownLinkError
    check = getattr(row, "identity_check", None)
    return ConfirmationView(
        request_id=row.pk,
        reference=row.reference,
        organisation=settings.ORGANISATION,
        waiting=row.state == State.IDENTITY_PENDING,
        confirmed=check is not None and check.confirmed_at is not None,
        ended=State(row.state) in FINAL_STATES,
    )
