"""The reports app."""

from django.apps import AppConfig

from governance.ledger.expected import expect
from governance.outbox import SWEEP, subscribe


class ReportsConfig(AppConfig):
    """Registers the app with Django and says which news it acts on."""

    name = "reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Subscribe to the end of a request's work and to the sweep; name what the ledger holds."""
        subscribe("request.ready_for_report", "reports.tasks.write_report")
        subscribe(SWEEP, "reports.tasks.sweep")
        expect("reports.selectors.signed_entries")
