"""The governance app."""

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    """Registers the app with Django."""

    name = "governance"
    default_auto_field = "django.db.models.BigAutoField"
