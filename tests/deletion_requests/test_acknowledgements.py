"""A recipient answers: through its link, or an officer writes down what it said."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from deletion_requests.errors import (
    NoticeAnsweredError,
    NoticeNotFoundError,
    NoticeSentError,
    ReminderTooSoonError,
)
from deletion_requests.models import AcknowledgementToken, NoticeState, RecipientNotice
from deletion_requests.selectors import request_view
from deletion_requests.services import (
    notify_recipient,
    record_acknowledgement,
    record_notification,
    remind_recipient,
    sweep_requests,
)
from deletion_requests.services.notice_records import change
from governance.errors import StaleState
from governance.models import Role
from tests.deletion_requests.recipients import LAKESIDE, Case, case_with, deliver, token_in
from tests.factories import OfficerFactory
from unlearning.ledgering import as_recorded
from unlearning.models import Evidence

pytestmark = pytest.mark.django_db

API = "/api/v1/recipients/acknowledgements"
ANN = "officer:ann"


@pytest.fixture
def case() -> Case:
    """One recipient, notified by mail."""
    return told(LAKESIDE)


def told(*contacts: str) -> Case:
    case = case_with(*contacts)
    tell(case)
    return case


def tell(case: Case) -> None:
    for step in case.steps:
        notify_recipient(plan_id=case.plan.pk, step_id=step.pk)
    deliver()


def officer(*roles: Role) -> APIClient:
    client = APIClient()
    client.force_login(OfficerFactory.create(username="ann", roles=list(roles)))
    return client


def privacy_officer_at_the_pages() -> Client:
    client = Client()
    client.force_login(OfficerFactory.create(username="ann"))
    return client


def shown_to_all(content: bytes) -> str:
    """A page without the token against forged forms, which no two answers share."""
    return re.sub(r'(?<=X-CSRFToken": ")\w+', "", content.decode())


def page(token: str) -> str:
    return f"/acknowledge/{token}"


def act(case: Case, what: str) -> str:
    return f"/api/v1/requests/{case.request.pk}/recipients/{case.notice().pk}/{what}"


def test_the_page_shows_what_is_acknowledged_and_nothing_personal(
    case: Case, client: Client
) -> None:
    answer = client.get(page(token_in()))

    text = answer.content.decode()
    assert answer.status_code == 200
    for part in ("Recipient 1", "people v1", "2\n    records", case.request.reference):
        assert part in text
    assert "C-0000" not in text
    assert "<script" not in text
    assert "no-store" in answer.headers["Cache-Control"]
    assert case.notice().state == NoticeState.NOTIFIED, "opening a link is no answer"


def test_the_button_records_the_answer_once(case: Case, client: Client) -> None:
    for _ in range(2):
        answer = client.post(page(token_in()), follow=True)
        assert "your answer is recorded" in answer.content.decode()

    notice = case.notice()
    assert (notice.state, notice.how) == ("acknowledged", "link")
    (entry,) = case.entries("recipient.acknowledged")
    found = Evidence.objects.get(kind="recipient_acknowledged")
    assert found.outcome == "passed"
    assert entry.payload["evidence"] == as_recorded([found])
    assert entry.actor == "recipient:Recipient 1"


def test_the_button_is_protected_against_forged_forms(case: Case) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(page(token_in())).status_code == 403
    strict.get(page(token_in()))
    form = {"csrfmiddlewaretoken": strict.cookies["csrftoken"].value}
    assert strict.post(page(token_in()), form).status_code == 302
    assert case.notice().state == "acknowledged"


def test_wrong_and_old_links_get_one_and_the_same_answer(case: Case, client: Client) -> None:
    good = token_in()
    AcknowledgementToken.objects.update(made_at=timezone.now() - timedelta(days=91))
    seen = set()
    for token in (good, good[:-1], "A" * 43, "x", "ü" * 43, str(case.notice().pk)):
        shown, pressed = client.get(page(token)), client.post(page(token))
        sent = APIClient().post(API, {"token": token})
        assert [shown.status_code, pressed.status_code, sent.status_code] == [404, 404, 404]
        assert sent.headers["Content-Type"] == "application/problem+json"
        seen.add((shown_to_all(shown.content), shown_to_all(pressed.content), sent.content))
    assert len(seen) == 1
    assert case.notice().state == "notified"


def test_a_dead_link_tells_the_recipient_what_to_do_and_leads_nowhere_else(
    client: Client,
) -> None:
    answer = client.get(page("A" * 43))

    shown = answer.content.decode()
    assert "Use the newest message, or answer it by mail." in shown
    assert "older than 90 days" in shown
    assert "<a " not in shown
    assert "no-store" in answer["Cache-Control"]


def test_the_page_of_an_acknowledgement_leads_to_no_page_of_the_officers(
    case: Case, client: Client
) -> None:
    asked = client.get(page(token_in())).content.decode()
    thanked = client.post(page(token_in()), follow=True).content.decode()

    assert case.notice().state == "acknowledged"
    assert "<a " not in asked + thanked


def test_a_program_acknowledges_and_may_repeat_itself(case: Case) -> None:
    first = APIClient().post(API, {"token": token_in()})
    second = APIClient().post(API, {"token": token_in()})

    assert (first.status_code, first.json()["state"]) == (200, "acknowledged")
    assert first.json()["reference"] == case.request.reference
    assert first.json() == second.json()
    assert len(case.entries("recipient.acknowledged")) == 1


@pytest.mark.parametrize("body", [{}, {"token": 7}, {"token": "x", "who": "me"}, {"token": ""}])
def test_a_body_that_is_not_understood_is_named(case: Case, body: dict[str, object]) -> None:
    assert APIClient().post(API, body).status_code == 422
    assert case.notice().state == "notified"


def test_an_unpaired_surrogate_is_just_a_wrong_token() -> None:
    answer = APIClient().post(API, data='{"token": "\\ud800"}', content_type="application/json")
    assert answer.status_code in (404, 422)


def test_the_request_shows_its_recipients(case: Case, portal: APIClient) -> None:
    APIClient().post(API, {"token": token_in()})

    (shown,) = portal.get(f"/api/v1/requests/{case.request.pk}").json()["recipients"]
    assert shown["name"] == "Recipient 1"
    assert (shown["state"], shown["acknowledged_by"]) == ("acknowledged", "link")
    assert (shown["dataset"], shown["records"], shown["address"]) == ("people v1", 2, LAKESIDE)
    (view,) = request_view(case.request.pk).recipients
    assert view.state_label == "acknowledged"
    assert not view.may_remind


def test_an_officer_records_an_answer_that_came_by_letter(case: Case) -> None:
    client = officer(Role.PRIVACY_OFFICER)
    empty = client.post(act(case, "acknowledgement"), {"note": " "})
    done = client.post(act(case, "acknowledgement"), {"note": "By letter of 3 November."})
    again = client.post(act(case, "acknowledgement"), {"note": "By letter of 3 November."})

    assert (empty.status_code, done.status_code, again.status_code) == (422, 200, 409)
    assert empty.json()["errors"][0]["pointer"] == "/note"
    (entry,) = case.entries("recipient.acknowledged")
    assert entry.actor == ANN
    assert "By letter of 3 November." in entry.payload["note"]
    assert (case.notice().how, case.notice().note) == ("officer", "By letter of 3 November.")


def test_what_mail_could_not_do_is_done_by_hand_and_recorded() -> None:
    case = told("https://lakeside.example/erasure")
    client = officer(Role.PRIVACY_OFFICER)
    done = client.post(act(case, "notification"), {"note": "Through their web form."})

    assert done.json()["state"] == "notified"
    found = Evidence.objects.get(kind="recipient_notified")
    assert (found.outcome, found.payload["by"]) == ("passed", "officer")
    assert request_view(case.request.pk).attention == ""
    assert client.post(act(case, "notification"), {"note": "Again."}).status_code == 409
    assert client.post(act(case, "reminder"), {}).status_code == 409, "there is no address to mail"


def test_an_answer_by_hand_to_a_failed_notice_records_both() -> None:
    case = told("")
    record_acknowledgement(
        request_id=case.request.pk, notice_id=case.notice().pk, actor=ANN, note="By telephone."
    )
    assert dict(Evidence.objects.values_list("kind", "outcome")) == {
        "recipient_notified": "passed",
        "recipient_acknowledged": "passed",
    }


def test_a_reminder_goes_out_once_a_day(case: Case) -> None:
    client = officer(Role.PRIVACY_OFFICER)
    assert client.post(act(case, "reminder"), {}).status_code == 409
    RecipientNotice.objects.update(notified_at=timezone.now() - timedelta(hours=25))
    view = request_view(case.request.pk)
    assert view.recipients[0].may_remind

    assert client.post(act(case, "reminder"), {}).status_code == 200
    assert client.post(act(case, "reminder"), {}).status_code == 409, "one is on its way"
    deliver()

    assert len(mail.outbox) == 2
    assert mail.outbox[1].subject.count("Reminder")
    assert "This is a reminder" in str(mail.outbox[1].body)
    assert len(case.entries("recipient.reminded")) == 1
    assert client.post(act(case, "reminder"), {}).status_code == 409
    assert APIClient().post(API, {"token": token_in(0)}).status_code == 200, "the first link, too"
    assert client.post(act(case, "reminder"), {}).status_code == 409


def test_a_reminder_that_cannot_be_mailed_leaves_the_recipient_notified(
    case: Case, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "no.such.Backend"
    RecipientNotice.objects.update(notified_at=timezone.now() - timedelta(hours=25))
    remind_recipient(request_id=case.request.pk, notice_id=case.notice().pk, actor=ANN)
    deliver()
    for _ in range(2):
        RecipientNotice.objects.update(tried_at=timezone.now() - timedelta(hours=1))
        sweep_requests()

    assert (case.notice().state, case.notice().due_mail) == ("notified", "")
    assert "did not take it (ModuleNotFoundError)" in case.notice().error
    assert len(case.entries("recipient.failed")) == 1
    assert Evidence.objects.get().outcome == "passed"


def test_a_notice_that_failed_is_mailed_again_when_an_officer_says_so(case: Case) -> None:
    RecipientNotice.objects.update(state="failed", notified_at=None, error="down.", attempts=3)
    remind_recipient(request_id=case.request.pk, notice_id=case.notice().pk, actor=ANN)
    deliver()

    assert (case.notice().state, case.notice().error) == ("notified", "")
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("role", [Role.APPROVER, Role.AUDITOR, Role.ML_ENGINEER])
def test_only_a_privacy_officer_acts_for_recipients(case: Case, role: Role) -> None:
    client = officer(role)
    for what, body in (
        ("acknowledgement", {"note": "x"}),
        ("notification", {"note": "x"}),
        ("reminder", {}),
    ):
        assert client.post(act(case, what), body).status_code == 403
        assert APIClient().post(act(case, what), body).status_code == 403
        pressed = client.post(act(case, what).removeprefix("/api/v1"), {"sentence": "x"})
        assert pressed.status_code == 403
    assert case.notice().state == "notified"


def test_the_buttons_of_the_page_do_the_same(case: Case) -> None:
    client = privacy_officer_at_the_pages()
    address = act(case, "acknowledgement").removeprefix("/api/v1")
    request_page = f"/requests/{case.request.pk}/"

    assert client.post(address, {"sentence": ""}).headers["Location"] == request_page
    assert "Enter one sentence" in client.get(request_page).content.decode()
    assert case.notice().state == "notified"
    client.post(address, {"sentence": "By letter."})
    assert "acknowledgement of Recipient 1 is recorded" in client.get(request_page).content.decode()
    assert case.notice().state == "acknowledged"
    client.post(address, {"sentence": "By letter."})
    assert "has acknowledged already" in client.get(request_page).content.decode()


def test_a_recipient_of_another_request_cannot_be_reached(case: Case) -> None:
    other = case_with()
    theirs, ours = other.request.pk, case.notice().pk
    with pytest.raises(NoticeNotFoundError):
        record_acknowledgement(request_id=theirs, notice_id=ours, actor=ANN, note="x")
    with pytest.raises(NoticeNotFoundError):
        record_notification(request_id=theirs, notice_id=ours, actor=ANN, note="x")
    with pytest.raises(NoticeNotFoundError):
        remind_recipient(request_id=theirs, notice_id=ours, actor=ANN)


def test_of_two_acts_that_read_one_state_the_second_is_refused(case: Case) -> None:
    first, second = case.notice(), case.notice()
    change(first, state=NoticeState.ACKNOWLEDGED)
    with pytest.raises(StaleState):
        change(second, state=NoticeState.FAILED)

    with pytest.raises(NoticeAnsweredError):
        record_acknowledgement(request_id=case.request.pk, notice_id=second.pk, actor=ANN, note="x")
    with pytest.raises(NoticeSentError):
        record_notification(request_id=case.request.pk, notice_id=second.pk, actor=ANN, note="x")
    with pytest.raises(ReminderTooSoonError):
        remind_recipient(request_id=case.request.pk, notice_id=second.pk, actor=ANN)
