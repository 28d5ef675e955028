"""The deletion_requests app."""

from django.apps import AppConfig


class DeletionRequestsConfig(AppConfig):
    """Registers the app with Django, and its tasks with the outbox."""

    name = "deletion_requests"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say which news this app wants to hear."""
        from governance.outbox import SWEEP, subscribe  # noqa: PLC0415 - models load before it

        subscribe("request.received", "deletion_requests.tasks.send_code")
        subscribe("request.verified", "deletion_requests.tasks.advance_request")
        subscribe("request.approved", "deletion_requests.tasks.advance_request")
        subscribe("request.executing", "deletion_requests.tasks.advance_request")
        subscribe("unlearning.plan_changed", "deletion_requests.tasks.advance")
        subscribe("unlearning.recipient_notice_due", "deletion_requests.tasks.notify_recipient")
        subscribe("recipient.letter_due", "deletion_requests.tasks.send_letter")
        subscribe("recipient.acknowledged", "deletion_requests.tasks.advance_request")
        subscribe("report.written", "deletion_requests.tasks.close")
        subscribe(SWEEP, "deletion_requests.tasks.sweep")
