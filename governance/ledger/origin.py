"""The name under which this installation's checkpoints are signed."""

from django.conf import settings
from django.utils.text import slugify


def ledger_origin() -> str:
    """Name the ledger: ``vestige/example-company/ledger``."""
    return f"vestige/{slugify(settings.ORGANISATION)}/ledger"
