"""What people may do, and in which role: one literal table that page, API and button all ask."""

from dataclasses import dataclass
from enum import StrEnum

from governance.models import Role, User


class Act(StrEnum):
    """Something that a signed-in person does or reads."""

    READ_REQUESTS = "read_requests"
    ENTER_REQUEST = "enter_request"
    WITHDRAW_REQUEST = "withdraw_request"
    DENY_REQUEST = "deny_request"
    RESUME_REQUEST = "resume_request"
    RESUME_JOBS = "resume_jobs"
    APPROVE_PLAN = "approve_plan"
    DECIDE_DUPLICATES = "decide_duplicates"
    MANAGE_RECIPIENTS = "manage_recipients"
    READ_LINEAGE = "read_lineage"
    READ_JOBS = "read_jobs"
    READ_EVIDENCE = "read_evidence"
    READ_REPORT = "read_report"
    READ_LEDGER = "read_ledger"


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Who may do an act, and how the act is said after "may"."""

    doing: str
    roles: tuple[Role, ...]


_PRIVACY, _APPROVER, _ENGINEER, _AUDITOR, _ADMIN = Role
_EVERYBODY = tuple(Role)

#: Reports and the ledger are left out for engineers: their work needs neither (GDPR Art. 5(1)(c)).
_READERS = (_PRIVACY, _APPROVER, _AUDITOR, _ADMIN)

#: One line an act. An auditor changes nothing: the role stands in lines of reading only.
PERMISSIONS: dict[Act, Permission] = {
    Act.READ_REQUESTS: Permission(doing="read requests", roles=_EVERYBODY),
    Act.ENTER_REQUEST: Permission(doing="enter a request", roles=(_PRIVACY, _ADMIN)),
    Act.WITHDRAW_REQUEST: Permission(doing="withdraw a request", roles=(_PRIVACY,)),
    Act.DENY_REQUEST: Permission(doing="deny a request", roles=(_PRIVACY,)),
    Act.RESUME_REQUEST: Permission(doing="decide how a request goes on", roles=(_PRIVACY,)),
    Act.RESUME_JOBS: Permission(doing="repeat failed jobs", roles=(_PRIVACY, _ENGINEER)),
    Act.APPROVE_PLAN: Permission(doing="approve a plan", roles=(_PRIVACY, _APPROVER)),
    Act.DECIDE_DUPLICATES: Permission(doing="decide whose row a duplicate is", roles=(_PRIVACY,)),
    Act.MANAGE_RECIPIENTS: Permission(doing="write to recipients", roles=(_PRIVACY,)),
    Act.READ_LINEAGE: Permission(doing="read the lineage", roles=_EVERYBODY),
    Act.READ_JOBS: Permission(doing="read the jobs", roles=_EVERYBODY),
    Act.READ_EVIDENCE: Permission(doing="read the evidence", roles=_EVERYBODY),
    Act.READ_REPORT: Permission(doing="read a report", roles=_READERS),
    Act.READ_LEDGER: Permission(doing="read the ledger", roles=_READERS),
}

#: How a role is named in the middle of a sentence.
_NAMED: dict[Role, str] = {
    Role.PRIVACY_OFFICER: "a privacy officer",
    Role.APPROVER: "an approver",
    Role.ML_ENGINEER: "an ML engineer",
    Role.AUDITOR: "an auditor",
    Role.ADMINISTRATOR: "an administrator",
}


def may(user: object, act: Act) -> bool:
    """Whether a person who has signed in may do this; nobody else may do anything."""
    return isinstance(user, User) and user.has_role(*PERMISSIONS[act].roles)


def refusal(act: Act) -> str:
    """Say in one sentence who may do this.

    >>> refusal(Act.APPROVE_PLAN)
    'Only a privacy officer or an approver may approve a plan.'
    """
    permission = PERMISSIONS[act]
    *others, last = (_NAMED[role] for role in permission.roles)
    who = f"{', '.join(others)} or {last}" if others else last
    return f"Only {who} may {permission.doing}."
