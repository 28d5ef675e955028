"""What the intake API accepts; anything else is refused by name."""

from rest_framework import serializers
from rest_framework.request import Request

from deletion_requests.deadlines import rules
from governance.models import User
from governance.parsing import StrictSerializer
from lineage.models import DuplicateDecision

_SHA256 = r"^[0-9a-f]{64}$"


class SubjectBody(StrictSerializer):
    """Who the request is about."""

    email = serializers.EmailField(max_length=254)


class IntakeBody(StrictSerializer):
    """A new request."""

    regime = serializers.ChoiceField(choices=sorted({rule.regime for rule in rules()}))
    request_type = serializers.ChoiceField(choices=sorted({rule.request_type for rule in rules()}))
    subject = SubjectBody()


class CodeBody(StrictSerializer):
    """A one-time code as it was entered."""

    code = serializers.RegexField(
        r"^[0-9]{6}$", error_messages={"invalid": "A code is six digits."}
    )


class ApprovalBody(StrictSerializer):
    """The plan that an officer read."""

    plan_digest = serializers.RegexField(
        _SHA256, error_messages={"invalid": "A plan digest is 64 hexadecimal digits."}
    )


class EmptyBody(StrictSerializer):
    """No field at all."""


class DuplicateBody(StrictSerializer):
    """Whose row a duplicate is."""

    record = serializers.CharField(max_length=200)
    decision = serializers.ChoiceField(choices=DuplicateDecision.Decision.choices)


class TokenBody(StrictSerializer):
    """The secret part of a link that was mailed to a recipient."""

    token = serializers.CharField(max_length=200)


class NoteBody(StrictSerializer):
    """What an officer recorded by hand, in one sentence without personal data."""

    note = serializers.CharField(max_length=500)


class ReasonBody(StrictSerializer):
    """Why an officer decided so, in one sentence without personal data."""

    reason = serializers.CharField(max_length=500)


def actor_of(request: Request) -> str:
    """Name the caller as the ledger does, e.g. ``officer:ann`` or ``client:portal``."""
    if isinstance(request.user, User):
        return f"officer:{request.user.get_username()}"
    return str(request.user)
