"""A deletion request from its first letter to its close."""

import uuid

from django.conf import settings
from django.db import models

from deletion_requests.deadlines import Moment
from lineage.graph import LONGEST_CONTACT


class DeletionRequest(models.Model):
    """One request; ``state`` moves only along ``lifecycle.TRANSITIONS``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    #: What people quote, e.g. ``VR-2026-000042``.
    reference = models.CharField(max_length=20, unique=True)
    regime = models.CharField(max_length=20)
    request_type = models.CharField(max_length=20, default="erasure")
    #: IANA zone and holiday calendar (ISO 3166-1 alpha-2) that the clock is counted in.
    zone = models.CharField(max_length=60)
    holiday_calendar = models.CharField(max_length=10)
    state = models.CharField(max_length=20, db_index=True)
    #: HMAC of the identifier; the address itself is sealed (AES-GCM, key outside the database).
    subject_digest = models.BinaryField(max_length=16)
    key_version = models.PositiveSmallIntegerField()
    sealed_contact = models.BinaryField()
    received_at = models.DateTimeField()
    #: Latest day to answer, derived from the clock events and kept for sorting.
    due_on = models.DateField()
    #: Why a request ended as it did, e.g. ``no_match``; empty while open.
    outcome = models.CharField(max_length=40, blank=True)
    #: Why a person is needed, in one sentence; empty unless the state is ``needs_human``.
    attention = models.CharField(max_length=500, blank=True)
    closed_at = models.DateTimeField(null=True)
    #: The signed report that answers the request, once written.
    report_id = models.UUIDField(null=True)
    #: Intake client and its Idempotency-Key with the hash of the body.
    intake_client = models.CharField(max_length=160)
    idempotency_key = models.CharField(max_length=200, blank=True)
    body_digest = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["due_on", "reference"]
        constraints = [
            models.UniqueConstraint(
                fields=["intake_client", "idempotency_key"],
                condition=~models.Q(idempotency_key=""),
                name="request_once_per_idempotency_key",
            )
        ]

    def __str__(self) -> str:
        return self.reference


class IdentityCheck(models.Model):
    """A mailed one-time code; only its keyed digest is kept, and attempts are limited."""

    request = models.OneToOneField(
        DeletionRequest, on_delete=models.CASCADE, related_name="identity_check"
    )
    code_digest = models.BinaryField(max_length=32)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"identity check of {self.request_id}"


class ClockEvent(models.Model):
    """What moved the statutory clock; the deadline is derived from these."""

    request = models.ForeignKey(
        DeletionRequest, on_delete=models.CASCADE, related_name="clock_events"
    )
    #: ``start``, ``acknowledge``, ``pause``, ``resume``, ``extend`` or ``stop``.
    kind = models.CharField(max_length=12)
    occurred_at = models.DateTimeField()
    #: What a pause or resumption is about: ``identity``, ``clarification`` or empty.
    basis = models.CharField(max_length=20, blank=True)
    #: Id and version of the rule row that allows it.
    rule = models.CharField(max_length=80)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["occurred_at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.occurred_at:%Y-%m-%d}"

    def moment(self) -> Moment:
        """The event as the deadline arithmetic reads it."""
        return Moment(kind=self.kind, at=self.occurred_at, basis=self.basis)


class RecordedTrace(models.Model):
    """A trace as it was answered: ``initial`` when planned, ``closing`` before the report."""

    request = models.ForeignKey(DeletionRequest, on_delete=models.CASCADE, related_name="traces")
    purpose = models.CharField(max_length=10)
    #: The impact as JSON (``lineage.selectors.impact_document``).
    impact = models.JSONField()
    snapshot_hash = models.CharField(max_length=64)
    complete = models.BooleanField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "purpose"], name="trace_once_per_purpose")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} trace of {self.request_id}"


class Approval(models.Model):
    """One officer's yes to one plan, as it stood (by digest)."""

    request = models.ForeignKey(DeletionRequest, on_delete=models.CASCADE, related_name="approvals")
    plan_id = models.UUIDField()
    plan_digest = models.CharField(max_length=64)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals"
    )
    approved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan_id", "officer"], name="approval_once_per_officer")
        ]

    def __str__(self) -> str:
        return f"approval of {self.plan_id}"


class NoticeState(models.TextChoices):
    """How far a recipient has been told."""

    TO_NOTIFY = "to_notify", "to be notified"
    NOTIFIED = "notified", "notified"
    ACKNOWLEDGED = "acknowledged", "acknowledged"
    FAILED = "failed", "could not be notified"


class DueMail(models.TextChoices):
    """Which letter to a recipient is waiting to be mailed."""

    NONE = "", "none"
    NOTICE = "notice", "notice"
    REMINDER = "reminder", "reminder"


class RecipientNotice(models.Model):
    """What one recipient of a copy was told, and what it answered (GDPR Art. 19)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(
        DeletionRequest, on_delete=models.CASCADE, related_name="recipient_notices"
    )
    #: Plan and step of the layer below that asked for the notice; opaque ids here.
    plan_id = models.UUIDField()
    step_id = models.BigIntegerField()
    #: The organisation that received the copy, and its address; empty where none is recorded.
    name = models.CharField(max_length=300)
    address = models.CharField(max_length=LONGEST_CONTACT, blank=True)
    #: Names of the data sets that were copied, however many, and how many records of the data
    #: subject they hold.
    dataset = models.TextField()
    records = models.PositiveIntegerField()
    state = models.CharField(
        max_length=12, choices=NoticeState.choices, default=NoticeState.TO_NOTIFY
    )
    due_mail = models.CharField(max_length=8, choices=DueMail.choices, blank=True)
    #: Attempts at the mail that is due, and when the last one began.
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    #: Why the last mail was not sent, in one sentence.
    error = models.CharField(max_length=300, blank=True)
    notified_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    #: How the acknowledgement came: ``link`` or ``officer``; empty before it.
    how = models.CharField(max_length=8, blank=True)
    #: An officer's own words on what was recorded by hand; no personal data.
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["name", "step_id"]
        constraints = [models.UniqueConstraint(fields=["step_id"], name="notice_once_per_step")]

    def __str__(self) -> str:
        return f"notice to {self.name}"


class AcknowledgementToken(models.Model):
    """The secret of one mailed link, by its digest: each mail has its own, so none goes dead.

    A worker that dies between COMMIT and mail leaves a token that nobody knows; the next mail
    carries another one, and a recipient who got both may use either.
    """

    notice = models.ForeignKey(RecipientNotice, on_delete=models.CASCADE, related_name="tokens")
    digest = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"link for {self.notice_id}"
