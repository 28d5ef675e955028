"""What can go wrong with a report."""

from governance.errors import NotFound


class ReportNotFoundError(NotFound):
    """There is no report for this request yet."""


class NotReadyForReportError(Exception):
    """The request is not at the point where its report is due."""


class UnfitReportError(Exception):
    """The rendered report says more than its claims carry; it was not signed."""
