"""Writes to deletion requests: one verb a file, or a few that belong together."""

from deletion_requests.services.acknowledging import acknowledge_by_link, record_acknowledgement
from deletion_requests.services.approval import approve_plan
from deletion_requests.services.attention import give_up_report
from deletion_requests.services.driver import advance_request, attempt_request, resume_request
from deletion_requests.services.duplicates import decide_duplicate_of
from deletion_requests.services.ending import close_with_report, deny_request, withdraw_request
from deletion_requests.services.identity import CodeAnswer, confirm_identity, send_code
from deletion_requests.services.intake import receive_request
from deletion_requests.services.letters import send_letter
from deletion_requests.services.notices import notify_recipient
from deletion_requests.services.recipient_acts import (
    record_notification,
    remind_recipient,
    report_as_partial,
)
from deletion_requests.services.sweeping import sweep_requests

__all__ = [
    "CodeAnswer",
    "acknowledge_by_link",
    "advance_request",
    "approve_plan",
    "attempt_request",
    "close_with_report",
    "confirm_identity",
    "decide_duplicate_of",
    "deny_request",
    "give_up_report",
    "notify_recipient",
    "receive_request",
    "record_acknowledgement",
    "record_notification",
    "remind_recipient",
    "report_as_partial",
    "resume_request",
    "send_code",
    "send_letter",
    "sweep_requests",
    "withdraw_request",
]
