"""What can go wrong with a report."""

from governance.errors import Conflict, NotFound


class ReportNotFoundError(NotFound):
    """There is no report for this request yet."""


class AlteredReportError(Conflict):
    """The stored report is not the one that was signed."""

    title = "Report altered"
    type = "report-altered"

    def __init__(self) -> None:
        super().__init__(
            "The stored report is not the one that the ledger says was signed, so it is withheld."
            " Check the database with vestige ledger fsck; the signed report lies in the export,"
            " which vestige verify checks."
        )


class NotReadyForReportError(Exception):
    """The request is not at the point where its report is due."""


class UnfitReportError(Exception):
    """The rendered report says more than its claims carry; it was not signed."""
