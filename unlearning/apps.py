"""The unlearning app."""

from django.apps import AppConfig


class UnlearningConfig(AppConfig):
    """Registers the app with Django, and its tasks with the outbox."""

    name = "unlearning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say which news this app wants to hear, and what the ledger must hold."""
        from governance.ledger.expected import expect  # noqa: PLC0415 - the same
        from governance.outbox import SWEEP, subscribe  # noqa: PLC0415 - models load before it

        subscribe("unlearning.job_ready", "unlearning.tasks.run_job")
        subscribe(SWEEP, "unlearning.tasks.sweep")
        expect("unlearning.bound_findings.bound_entries")
