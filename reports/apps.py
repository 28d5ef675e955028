"""The reports app."""

from django.apps import AppConfig

from governance.outbox import SWEEP, subscribe


class ReportsConfig(AppConfig):
    """Registers the app with Django and says which news it acts on."""

    name = "reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Subscribe to the moment when a request's work is done, and to the sweep."""
        subscribe("request.ready_for_report", "reports.tasks.write_report")
        subscribe(SWEEP, "reports.tasks.sweep")
