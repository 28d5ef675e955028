"""The lineage app."""

from django.apps import AppConfig


class LineageConfig(AppConfig):
    """Registers the app with Django."""

    name = "lineage"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Subscribe to the news that this app acts on."""
        from governance.outbox import SWEEP, subscribe  # noqa: PLC0415 - needs loaded models

        subscribe("lineage.dataset_recorded", "lineage.tasks.load_record_index")
        subscribe(SWEEP, "lineage.tasks.sweep")
