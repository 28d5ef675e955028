"""Pages about recipients: the one behind a mailed link, and the officer's buttons."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from deletion_requests.buttons import actor_of, button_of_request, told
from deletion_requests.dead_links import dead_link_page
from deletion_requests.errors import UnknownLinkError
from deletion_requests.recipient_selectors import LINK_LIFETIME, acknowledgement_view
from deletion_requests.services import (
    acknowledge_by_link,
    record_acknowledgement,
    record_notification,
    remind_recipient,
    report_as_partial,
)
from governance.access import OfficerRequest
from governance.acts import Act


class SentenceForm(forms.Form):
    """One sentence that the ledger keeps for good."""

    sentence = forms.CharField(
        max_length=500,
        error_messages={
            "required": "Enter one sentence: the ledger keeps it.",
            "max_length": "Use at most 500 characters.",
        },
    )


@never_cache
@require_http_methods(["GET", "POST"])
def acknowledge_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show a recipient what it is asked, and record its answer.

    Only the button records: programs that check mailed links open them, and press nothing.
    """
    try:
        if request.method == "POST":
            acknowledge_by_link(token=token)
            return redirect("recipient-acknowledge", token)
        notice = acknowledgement_view(token)
    except UnknownLinkError as unknown:
        return dead_link_page(request, unknown, days=LINK_LIFETIME.days)
    name = "acknowledged" if notice.acknowledged_at else "acknowledge"
    return render(request, f"deletion_requests/{name}.html", {"notice": notice})


@button_of_request(Act.MANAGE_RECIPIENTS)
def record_acknowledgement_page(
    request: OfficerRequest, request_id: UUID, notice_id: UUID
) -> HttpResponse:
    """Record an answer that reached the officer another way."""

    def act(sentence: str) -> str:
        notice = record_acknowledgement(
            request_id=request_id, notice_id=notice_id, actor=actor_of(request), note=sentence
        )
        return f"The acknowledgement of {notice.name} is recorded."

    return _with_sentence(request, request_id, act)


@button_of_request(Act.MANAGE_RECIPIENTS)
def record_notification_page(
    request: OfficerRequest, request_id: UUID, notice_id: UUID
) -> HttpResponse:
    """Record that the officer told a recipient by hand."""

    def act(sentence: str) -> str:
        notice = record_notification(
            request_id=request_id, notice_id=notice_id, actor=actor_of(request), note=sentence
        )
        return f"{notice.name} is recorded as notified."

    return _with_sentence(request, request_id, act)


@button_of_request(Act.MANAGE_RECIPIENTS)
def remind_page(request: OfficerRequest, request_id: UUID, notice_id: UUID) -> HttpResponse:
    """Mail a recipient again."""

    def act() -> str:
        notice = remind_recipient(
            request_id=request_id, notice_id=notice_id, actor=actor_of(request)
        )
        return f"A letter to {notice.name} is on its way."

    return told(request, request_id, act)


@button_of_request(Act.MANAGE_RECIPIENTS)
def report_as_partial_page(request: OfficerRequest, request_id: UUID) -> HttpResponse:
    """Let the report be written although a recipient has not acknowledged."""

    def act(sentence: str) -> str:
        row = report_as_partial(request_id=request_id, actor=actor_of(request), reason=sentence)
        return f"{row.reference} is reported as partly done."

    return _with_sentence(request, request_id, act)


def _with_sentence(
    request: OfficerRequest, request_id: UUID, act: Callable[[str], str]
) -> HttpResponse:
    form = SentenceForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for error in form.errors["sentence"]))
        return redirect("request", request_id)
    return told(request, request_id, lambda: act(form.cleaned_data["sentence"]))
