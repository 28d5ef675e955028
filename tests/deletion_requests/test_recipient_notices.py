"""Telling recipients: mailed at least once, tried again after a pause, never for ever."""

from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from deletion_requests.errors import NoticeNotFoundError
from deletion_requests.models import AcknowledgementToken, RecipientNotice
from deletion_requests.recipient_mail import mail_address
from deletion_requests.recipient_selectors import token_digest
from deletion_requests.selectors import QueueFilters, queue, request_view
from deletion_requests.services import (
    acknowledge_by_link,
    notify_recipient,
    send_letter,
    sweep_requests,
)
from deletion_requests.services import letters as letters_module
from governance.outbox import publish
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, Derivation
from tests.deletion_requests.recipients import LAKESIDE, Case, case_with, deliver, token_in
from tests.factories import ArtifactFactory
from unlearning.ledgering import as_recorded
from unlearning.models import Evidence

pytestmark = pytest.mark.django_db


def announce(case: Case) -> None:
    """Publish what the engine publishes when a step's job took effect."""
    for step in case.steps:
        publish("unlearning.recipient_notice_due", plan_id=str(case.plan.pk), step_id=step.pk)


def notified(*contacts: str) -> Case:
    case = case_with(*contacts)
    announce(case)
    deliver()
    return case


def killed_in(act: str) -> Case:
    """A notice whose worker died on entering this act."""
    case = case_with(LAKESIDE)
    notify_recipient(plan_id=case.plan.pk, step_id=case.steps[0].pk)
    with (
        patch.object(letters_module, act, side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        send_letter(notice_id=case.notice().pk)
    return case


def an_hour_later() -> None:
    """Let the pause after an attempt pass."""
    RecipientNotice.objects.update(tried_at=timezone.now() - timedelta(hours=1))


@pytest.fixture
def mail_server_down(settings: Settings, tmp_path: Path) -> Settings:
    """A mail folder whose parent is a file: nothing can be written there."""
    (tmp_path / "file").write_text("")
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "file" / "mail"
    return settings


def test_the_recipient_reads_who_asks_why_and_which_records(settings: Settings) -> None:
    settings.ORGANISATION = "Example Company"
    case = notified(LAKESIDE)

    letter = mail.outbox[0]
    assert letter.to == ["privacy@lakeside.example"]
    assert case.request.reference in letter.subject
    text = str(letter.body)
    for part in ("Recipient 1", "Example Company", "GDPR Art. 19", "people v1", "C-000017"):
        assert part in text
    assert "Records concerned (2)" in text
    assert "D-000099" not in text, "a data set that it never received is none of its business"


def test_notice_evidence_and_ledger_agree_and_hold_no_record() -> None:
    case = notified(LAKESIDE)

    notice = case.notice()
    assert (notice.state, notice.dataset, notice.records) == ("notified", "people v1", 2)
    assert notice.notified_at is not None
    found = Evidence.objects.get(step=case.steps[0])
    assert (found.kind, found.outcome) == ("recipient_notified", "passed")
    (entry,) = case.entries("recipient.notified")
    assert entry.payload["evidence"] == as_recorded([found])
    assert "C-0000" not in f"{entry.payload}{found.payload}{found.summary}"
    assert "lakeside" not in f"{entry.payload}{found.payload}"


def test_the_token_is_in_the_mail_only() -> None:
    case = notified(LAKESIDE)

    (kept,) = AcknowledgementToken.objects.filter(notice=case.notice())
    assert bytes(kept.digest) == token_digest(token_in())
    assert token_in() not in str(list(RecipientNotice.objects.values()))


def test_repeated_news_makes_one_notice_and_one_letter() -> None:
    case = case_with(LAKESIDE)
    for _ in range(2):
        announce(case)
        deliver()

    assert RecipientNotice.objects.count() == len(mail.outbox) == 1
    assert len(case.entries("recipient.notified")) == 1


def test_records_of_every_data_set_that_was_copied_are_named() -> None:
    case = case_with(LAKESIDE)
    Derivation.objects.create(
        upstream=Artifact.objects.get(name="digits v1"),
        downstream=Artifact.objects.get(kind=ArtifactKind.RECIPIENT),
        relation=Relation.COPIED_TO,
    )
    announce(case)
    deliver()

    assert "Records concerned (3)" in str(mail.outbox[0].body)
    assert case.notice().dataset == "digits v1, people v1"


def test_a_long_list_of_copied_data_sets_is_told_whole_and_each_name_once() -> None:
    case = case_with(LAKESIDE)
    recipient = Artifact.objects.get(kind=ArtifactKind.RECIPIENT)
    trace = case.request.traces.get()
    people = next(item for item in trace.impact["affected"] if item["name"] == "people v1")
    names = ["people v1", *(f"survey wave {number} of {'the panel' * 5}" for number in range(20))]
    for name in names:
        copied = ArtifactFactory.create(name=name, kind=ArtifactKind.DATASET_VERSION)
        Derivation.objects.create(
            upstream=copied, downstream=recipient, relation=Relation.COPIED_TO
        )
        trace.impact["affected"].append({**people, "artifact_id": copied.pk, "name": name})
        trace.impact["records"].append(
            {"record_id": "C-000017", "segment": 3, "dataset_version": copied.pk}
        )
    trace.save()
    announce(case)
    deliver()

    assert case.notice().dataset == ", ".join(sorted(names))
    assert case.notice().dataset in str(mail.outbox[0].body)
    assert len(mail.outbox[0].subject) < 200
    assert case.notice().state == "notified"


def test_a_copy_that_was_taken_before_two_redactions_still_holds_the_later_records() -> None:
    case = case_with(LAKESIDE)
    handed_out = ArtifactFactory.create(kind=ArtifactKind.DATASET_VERSION, name="people v0")
    between = ArtifactFactory.create(kind=ArtifactKind.DATASET_VERSION, name="people v0 redacted")
    people = Artifact.objects.get(name="people v1")
    Derivation.objects.filter(relation=Relation.COPIED_TO).update(upstream=handed_out)
    trace = case.request.traces.get(purpose="initial")
    for item in trace.impact["affected"]:
        item["path"] = []
    trace.save()
    for old, new in ((handed_out, between), (between, people)):
        Derivation.objects.create(upstream=old, downstream=new, relation=Relation.REDACTED_FROM)
    announce(case)
    deliver()

    assert "Records concerned (2)" in str(mail.outbox[0].body)
    assert case.notice().dataset == "people v0"


def test_a_step_that_tells_nobody_opens_no_notice() -> None:
    case = case_with(LAKESIDE)
    with pytest.raises(NoticeNotFoundError):
        notify_recipient(plan_id=case.plan.pk, step_id=case.steps[0].pk + 999)
    with pytest.raises(NoticeNotFoundError):
        notify_recipient(plan_id=case.request.pk, step_id=case.steps[0].pk)


@pytest.mark.parametrize(
    ("contact", "words"),
    [
        ("", "no address is recorded"),
        ("https://lakeside.example/erasure", "not one that mail can be sent to"),
        ("mailto:nobody", "not one that mail can be sent to"),
        (f"mailto:{'%61' * 200}@lakeside.example", "longer than 500 characters"),
    ],
)
def test_without_a_mail_address_a_person_is_asked(contact: str, words: str) -> None:
    case = notified(contact)

    assert case.notice().state == "failed"
    assert mail.outbox == []
    assert Evidence.objects.get().outcome == "failed"
    view = request_view(case.request.pk)
    assert words in view.attention
    assert "Notify by hand, then record it." in view.attention
    assert [row.attention for row in queue(QueueFilters())] == [view.attention]


def test_a_mail_address_may_be_escaped_and_carry_a_subject() -> None:
    assert mail_address("mailto:a%2Bb@lakeside.example?subject=Erasure") == "a+b@lakeside.example"


def test_a_mail_server_that_is_down_is_tried_again_and_then_a_person_is_asked(
    mail_server_down: Settings,
) -> None:
    case = notified(LAKESIDE)
    assert (case.notice().state, case.notice().attempts) == ("to_notify", 1)
    assert "mail server" in case.notice().error
    sweep_requests()
    assert case.notice().attempts == 1, "not before the pause is over"

    for _ in range(mail_server_down.JOB_MAX_ATTEMPTS - 1):
        an_hour_later()
        sweep_requests()
    assert (case.notice().state, case.notice().due_mail) == ("failed", "")
    assert case.notice().attempts == mail_server_down.JOB_MAX_ATTEMPTS
    assert len(case.entries("recipient.failed")) == 1
    assert "Notify by hand" in request_view(case.request.pk).attention

    an_hour_later()
    sweep_requests()
    assert case.notice().attempts == mail_server_down.JOB_MAX_ATTEMPTS


def test_a_mail_server_that_comes_back_gets_the_letter(
    mail_server_down: Settings,
) -> None:
    case = notified(LAKESIDE)
    mail_server_down.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    an_hour_later()
    sweep_requests()

    assert (case.notice().state, case.notice().error) == ("notified", "")
    assert len(mail.outbox) == 1


def test_a_worker_killed_before_the_mail_leaves_a_letter_for_the_sweeper() -> None:
    case = killed_in("deliver")
    assert (case.notice().state, len(mail.outbox)) == ("to_notify", 0)

    an_hour_later()
    sweep_requests()

    assert (case.notice().state, len(mail.outbox)) == ("notified", 1)
    acknowledge_by_link(token=token_in())


def test_a_worker_killed_after_the_mail_sends_a_second_one_and_both_links_work() -> None:
    case = killed_in("_record_delivery")
    assert (case.notice().state, len(mail.outbox)) == ("to_notify", 1)

    an_hour_later()
    sweep_requests()

    assert len(mail.outbox) == 2
    assert token_in(0) != token_in(1)
    acknowledge_by_link(token=token_in(0))
    acknowledge_by_link(token=token_in(1))
    assert len(case.entries("recipient.acknowledged")) == 1


def test_who_answers_a_letter_that_was_never_recorded_was_told() -> None:
    case = killed_in("_record_delivery")

    acknowledge_by_link(token=token_in())
    an_hour_later()
    sweep_requests()

    assert len(mail.outbox) == 1, "nobody is written to after the answer"
    assert case.notice().notified_at is not None
    kinds = set(Evidence.objects.values_list("kind", "outcome"))
    assert kinds == {("recipient_notified", "passed"), ("recipient_acknowledged", "passed")}


def test_an_attempt_that_ended_silently_counts_towards_the_cap(settings: Settings) -> None:
    case = case_with(LAKESIDE)
    announce(case)
    deliver()
    RecipientNotice.objects.update(
        state="to_notify", due_mail="notice", attempts=settings.JOB_MAX_ATTEMPTS
    )
    an_hour_later()
    send_letter(notice_id=case.notice().pk)

    assert case.notice().state == "failed"
    assert len(mail.outbox) == 1


def test_two_workers_on_one_letter_send_it_once() -> None:
    case = case_with(LAKESIDE)
    announce(case)

    def meanwhile(**_: str) -> None:
        send_letter(notice_id=case.notice().pk)  # the broker gave the task to somebody else, too
        mail.EmailMessage("one", "letter", to=["x@example.com"]).send()

    with patch.object(letters_module, "deliver", side_effect=meanwhile):
        deliver()
    assert len(mail.outbox) == 1


def test_lost_news_is_made_up_for_when_the_request_is_carried_on() -> None:
    case = case_with(LAKESIDE)
    sweep_requests()
    deliver()

    assert case.notice().state == "notified"
    assert len(mail.outbox) == 1


def test_a_step_that_is_not_done_tells_nobody() -> None:
    case_with(LAKESIDE, done=False)
    sweep_requests()
    deliver()

    assert not RecipientNotice.objects.exists()
