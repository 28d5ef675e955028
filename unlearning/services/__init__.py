"""Writes to plans and jobs: one verb a file, or a few that belong together."""

from unlearning.services.discarding import cases_with_workspaces, discard_workspaces
from unlearning.services.dispatch import dispatch_ready_steps, retry_plan, start_plan
from unlearning.services.drafting import draft_plan
from unlearning.services.settling import record_evidence
from unlearning.services.sweeping import sweep_jobs

__all__ = [
    "cases_with_workspaces",
    "discard_workspaces",
    "dispatch_ready_steps",
    "draft_plan",
    "record_evidence",
    "retry_plan",
    "start_plan",
    "sweep_jobs",
]
