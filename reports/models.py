"""The responsible-unlearning report as it was signed."""

import uuid

from django.db import models


class Report(models.Model):
    """One signed report a request; the document is the single source of every rendering.

    The database refuses to change or delete a row (migration 0002), and whoever reads one compares
    the document with what the ledger says was signed (``selectors.report_of``).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request_id = models.UUIDField(unique=True)
    #: The document object; HTML and JSON are rendered from nothing else.
    document = models.JSONField()
    #: DSSE envelope of an in-toto statement over the export's manifest.
    envelope = models.JSONField()
    ledger_index = models.BigIntegerField()
    #: Folder of the export below ``settings.EXPORT_DIR``.
    export = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"report {self.id}"
