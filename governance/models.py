"""Who may act, what was done, and what still has to be told to others."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Role(models.TextChoices):
    """What an officer may do; one person may hold several."""

    PRIVACY_OFFICER = "privacy_officer", "Privacy officer"
    APPROVER = "approver", "Approver"
    ML_ENGINEER = "ml_engineer", "ML engineer"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


class User(AbstractUser):
    """A member of the organisation who signs in."""

    roles = ArrayField(
        models.CharField(max_length=32, choices=Role.choices), default=list, blank=True
    )

    def has_role(self, *roles: Role) -> bool:
        """Whether this person holds at least one of the roles."""
        return self.is_active and any(role in self.roles for role in roles)


class ApiClient(models.Model):
    """A program that speaks to the API with a Bearer key; only the key's digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, unique=True)
    key_digest = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class LedgerEntry(models.Model):
    """One leaf of the append-only ledger (RFC 6962 tree); the leaf commits to a salted payload."""

    #: Position in the tree, from 0 without holes.
    index = models.BigIntegerField(primary_key=True)
    recorded_at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    actor = models.CharField(max_length=160)
    #: What the entry is about, e.g. ``request:3f2c…``.
    reference = models.CharField(max_length=160, db_index=True)
    payload = models.JSONField()
    salt = models.BinaryField(max_length=32)
    leaf_hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.index} {self.kind}"


class OutboxMessage(models.Model):
    """News written in the transaction of the change it tells of; the relay publishes it."""

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=80)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                name="outbox_unpublished",
                condition=models.Q(published_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.topic}"
