"""Writes to deletion requests: one verb a file, or a few that belong together."""

from deletion_requests.services.approval import approve_plan
from deletion_requests.services.attention import give_up_report
from deletion_requests.services.driver import advance_request, resume_request
from deletion_requests.services.ending import close_with_report, deny_request, withdraw_request
from deletion_requests.services.identity import CodeAnswer, confirm_identity, send_code
from deletion_requests.services.intake import receive_request
from deletion_requests.services.sweeping import sweep_requests

__all__ = [
    "CodeAnswer",
    "advance_request",
    "approve_plan",
    "close_with_report",
    "confirm_identity",
    "deny_request",
    "give_up_report",
    "receive_request",
    "resume_request",
    "send_code",
    "sweep_requests",
    "withdraw_request",
]
