"""Plans, their steps, the jobs that carry them out, and the evidence they leave."""

import uuid

from django.conf import settings
from django.db import models

from lineage.models import Artifact


class StepState(models.TextChoices):
    """Progress of one step."""

    WAITING = "waiting", "waiting"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"


class JobState(models.TextChoices):
    """Progress of one job; the job, not the broker's message, is the truth."""

    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "succeeded"
    NEEDS_HUMAN = "needs_human", "needs human"


class Plan(models.Model):
    """What shall be done with each affected artifact of one case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    #: The deletion request this plan answers; an opaque id to this layer.
    case_id = models.UUIDField(db_index=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="plans"
    )
    #: Ids of the records to forget; the forget set of every step.
    record_ids = models.JSONField(default=list)
    snapshot_hash = models.CharField(max_length=64)
    #: SHA-256 of the canonical plan; what officers approve.
    digest = models.CharField(max_length=64)
    #: Affected artifacts that no method can treat: ``[{artifact_id, artifact, reason}]``.
    uncovered = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"plan {self.id}"


class PlanStep(models.Model):
    """One method applied to one artifact."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="steps")
    ordinal = models.PositiveSmallIntegerField()
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="plan_steps")
    #: Key of ``unlearning.methods.METHODS``.
    method = models.CharField(max_length=40)
    guarantee_class = models.CharField(max_length=20)
    #: Estimated seconds, and the recorded time(s) it was drawn from in one sentence.
    cost_seconds = models.FloatField(null=True)
    cost_basis = models.CharField(max_length=300, blank=True)
    #: URIs of every place at which files will change, now or when the old version is destroyed:
    #: the plan's digest covers them, so nothing is done at a place that no officer approved.
    places = models.JSONField(default=list)
    #: Why this method; alternatives as ``[{method, reason}]``.
    reason = models.TextField(blank=True)
    alternatives = models.JSONField(default=list)
    depends_on = models.ManyToManyField("self", symmetrical=False, related_name="dependants")
    state = models.CharField(max_length=10, choices=StepState.choices, default=StepState.WAITING)
    #: What the method made, e.g. ``{"artifact": id, "digest": "sha256:…"}``.
    outcome = models.JSONField(default=dict)

    class Meta:
        ordering = ["plan", "ordinal"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "artifact", "method"], name="step_once_per_artifact"
            )
        ]

    def __str__(self) -> str:
        return f"{self.ordinal} {self.method}"


class Job(models.Model):
    """Work on one step (or the verification of a whole plan) under a lease."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="jobs")
    #: None for the jobs about a whole plan: its verification and its promotion.
    step = models.ForeignKey(
        PlanStep, null=True, blank=True, on_delete=models.CASCADE, related_name="jobs"
    )
    #: ``step``, ``verification`` or ``promotion``.
    purpose = models.CharField(max_length=20, default="step")
    #: What the job is asked to do, without secrets and without paths of one machine.
    input = models.JSONField(default=dict)
    #: SHA-256 of the canonical ``input``: the same input is never run twice for one step.
    input_digest = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: Fencing token: grows with every lease; an effect under an older token is refused.
    token = models.PositiveBigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=200, blank=True)
    #: 0.0 to 1.0.
    progress = models.FloatField(default=0.0)
    message = models.CharField(max_length=300, blank=True)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "step", "purpose", "input_digest"],
                nulls_distinct=False,
                name="job_once_per_input",
            )
        ]

    def __str__(self) -> str:
        return f"job {self.id}"


class Evidence(models.Model):
    """A finding that a claim may rest on."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="evidence")
    #: None where the finding is about the whole plan.
    step = models.ForeignKey(
        PlanStep, null=True, blank=True, on_delete=models.CASCADE, related_name="evidence"
    )
    #: A key of ``unlearning.verification.EVIDENCE_KINDS``.
    kind = models.CharField(max_length=40)
    #: ``passed``, ``failed`` or ``inconclusive``.
    outcome = models.CharField(max_length=12)
    summary = models.CharField(max_length=500)
    payload = models.JSONField(default=dict)
    #: SHA-256 of the canonical payload.
    digest = models.CharField(max_length=64)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "step", "kind"], nulls_distinct=False, name="evidence_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.outcome}"
