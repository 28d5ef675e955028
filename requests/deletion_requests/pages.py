"""The officers' pages about deletion requests: authorise, parse, one call, render."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from deletion_requests import lifecycle
from deletion_requests.approvals import APPROVALS_NEEDED
from deletion_requests.buttons import actor_of, button_of_request, told
from deletion_requests.errors import IdempotencyConflictError, RequestNotFoundError
from deletion_requests.forms import DenialForm, DuplicateForm, RequestForm
from deletion_requests.lifecycle import STATE_LABELS, Event, State, events_from
from deletion_requests.models import DeletionRequest
from deletion_requests.presentation import LIVE_STATES, NEXT, Resumption, graph_of, stages
from deletion_requests.resumption import act_of_resuming, resume_as
from deletion_requests.selectors import (
    QueueFilters,
    RequestView,
    approval_blocker,
    duplicates_in,
    queue_slice,
    request_view,
)
from deletion_requests.services import (
    approve_plan,
    decide_duplicate_of,
    deny_request,
    receive_request,
    withdraw_request,
)
from governance.access import OfficerRequest, officers_only
from governance.acts import Act, may, refusal
from governance.filters import asked_for


def home(_request: HttpRequest) -> HttpResponse:
    """Lead to the queue."""
    return redirect("queue")


@require_GET
@officers_only(Act.READ_REQUESTS)
def queue_page(request: OfficerRequest) -> HttpResponse:
    """List requests; every filter stands in the address."""
    filters = QueueFilters(
        state=asked_for(request, "state"),
        text=asked_for(request, "reference"),
        overdue=asked_for(request, "overdue") == "1",
        page=asked_for(request, "page"),
    )
    context = {
        "section": "queue",
        "slice": queue_slice(filters),
        "filters": filters,
        "filtered": bool(filters.state or filters.text or filters.overdue),
        "states": STATE_LABELS,
    }
    return render(request, "deletion_requests/queue.html", context)


@require_http_methods(["GET", "POST"])
@officers_only(Act.ENTER_REQUEST)
def new_request_page(request: OfficerRequest) -> HttpResponse:
    """Take a request that reached an officer outside the API."""
    form = RequestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            received = _receive(request, form)
        except IdempotencyConflictError:
            form = _with_other_answers(request)
        else:
            messages.success(
                request, f"Request {received.reference} is received. A one-time code was sent."
            )
            return redirect("request", received.id)
    status = 422 if form.errors else 200
    context = {"section": "new", "form": form}
    return render(request, "deletion_requests/new.html", context, status=status)


def _receive(request: OfficerRequest, form: RequestForm) -> DeletionRequest:
    regime, request_type = form.regime_and_type()
    return receive_request(
        regime=regime,
        request_type=request_type,
        email=form.cleaned_data["email"],
        intake_client=actor_of(request),
        idempotency_key=str(form.cleaned_data["copy"]),
    )


def _with_other_answers(request: OfficerRequest) -> RequestForm:
    """Ask about a form that was sent before with other answers, e.g. after going back to it."""
    answers = request.POST.copy()
    answers["copy"] = str(uuid4())
    form = RequestForm(answers)
    form.add_error(
        None,
        "This form was sent before with other answers, and that request stands. "
        "Send it again if this is another request.",
    )
    return form


@require_GET
@officers_only(Act.READ_REQUESTS)
def request_page(request: OfficerRequest, request_id: UUID) -> HttpResponse:
    """Show everything about one request."""
    view = _view_or_404(request_id)
    return render(request, "deletion_requests/request.html", _context(request, view))


@require_GET
@officers_only(Act.READ_REQUESTS)
def progress_page(request: OfficerRequest, request_id: UUID) -> HttpResponse:
    """Answer the poll of the request page; asks it to load again once the state has moved on."""
    view = _view_or_404(request_id)
    if view.plan is None or asked_for(request, "state") != view.state:
        return HttpResponseClientRefresh()
    return render(request, "deletion_requests/parts/progress.html", {"view": view})


@button_of_request(Act.APPROVE_PLAN)
def approve_page(request: OfficerRequest, request_id: UUID) -> HttpResponse:
    """Record this officer's approval of the plan they read, or say why it is refused."""

    def act() -> str:
        approval = approve_plan(
            request_id=request_id,
            officer=request.user,
            plan_digest=request.POST.get("plan_digest", ""),
        )
        return f"Your approval of {approval.request.reference} is recorded."

    return told(request, request_id, act)


@button_of_request(Act.DECIDE_DUPLICATES)
def duplicates_page(request: OfficerRequest, request_id: UUID) -> HttpResponse:
    """Decide whose row a duplicate is."""
    form = DuplicateForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say of one row whose it is.")
        return redirect("request", request_id)

    def act() -> str:
        decide_duplicate_of(
            request_id=request_id,
            record_id=form.cleaned_data["record"],
            decision=form.cleaned_data["decision"],
            actor=actor_of(request),
        )
        return f"It is recorded whose {form.cleaned_data['record']} is."

    return told(request, request_id, act)


@button_of_request(Act.RESUME_REQUEST, Act.RESUME_JOBS)
def resume_page(request: OfficerRequest, request_id: UUID) -> HttpResponse:
    """Send a request on that waited for a person, or say why it cannot go on."""

    def act() -> str:
        row = resume_as(officer=request.user, request_id=request_id)
        return f"{row.reference} goes on."

    return told(request, request_id, act)


@button_of_request(Act.DENY_REQUEST)
def deny_page(request: OfficerRequest, request_id: UUID) -> HttpResponse:
    """End a request that waited for a person without work, for a reason that the ledger keeps."""
    form = DenialForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for error in form.errors["reason"]))
        return redirect("request", request_id)

    def act() -> str:
        row = deny_request(
            request_id=request_id, actor=actor_of(request), reason=form.cleaned_data["reason"]
        )
        return f"{row.reference} is denied."

    return told(request, request_id, act)


@button_of_request(Act.WITHDRAW_REQUEST)
def withdraw_page(request: OfficerRequest, request_id: UUID) -> HttpResponse:
    """End a request that the data subject takes back."""

    def act() -> str:
        row = withdraw_request(request_id=request_id, actor=actor_of(request))
        return f"{row.reference} is withdrawn."

    return told(request, request_id, act)


def _view_or_404(request_id: UUID) -> RequestView:
    try:
        return request_view(request_id)
    except RequestNotFoundError as missing:
        raise Http404(missing.detail) from missing


def _context(request: OfficerRequest, view: RequestView) -> dict[str, Any]:
    state = State(view.state)
    work_began = view.plan is not None and view.plan.started_at is not None
    resuming = Act.RESUME_REQUEST
    resumption = None
    if state is State.NEEDS_HUMAN:
        resuming = act_of_resuming(view.id, work_began=work_began)
        resumption = _resumption(view, accepts=work_began and resuming is Act.RESUME_REQUEST)
    return {
        "section": "queue",
        "view": view,
        "next": NEXT[state],
        "stages": stages(state, work_began=work_began, resumption=resumption),
        "graph": graph_of(view.trace),
        "duplicates": duplicates_in(view.id),
        "live": state in LIVE_STATES,
        "blocker": approval_blocker(view, request.user),
        "approvals_needed": APPROVALS_NEEDED,
        "resumption": resumption,
        "may_resume": may(request.user, resuming),
        "resume_refusal": refusal(resuming),
        "may_withdraw": Event.WITHDRAWAL in events_from(state)
        and may(request.user, Act.WITHDRAW_REQUEST),
        "may_deny": not work_began and may(request.user, Act.DENY_REQUEST),
    }


def _resumption(view: RequestView, *, accepts: bool) -> Resumption:
    """Say how a stuck request would go on: the same choice as the service makes."""
    plan, identity = view.plan, view.identity
    return Resumption(
        event=lifecycle.resumption(
            identity_confirmed=identity is not None and identity.confirmed_at is not None,
            work_began=plan is not None and plan.started_at is not None,
        ),
        settled=plan is not None and plan.settled_at is not None,
        accepts=accepts,
    )
