"""Asks the table of acts from a template, so that no button is shown that may not be pressed."""

from collections.abc import Iterable

from django import template

from governance.acts import Act, refusal
from governance.acts import may as officer_may
from governance.models import Role

register = template.Library()


@register.filter
def may(user: object, act: str) -> bool:
    """Whether this person may do the act: ``{% if user|may:"approve_plan" %}``."""
    return officer_may(user, Act(act))


@register.simple_tag
def who_may(act: str) -> str:
    """Say who may do the act, for where a missing button would puzzle."""
    return refusal(Act(act))


@register.filter
def role_names(roles: Iterable[str]) -> str:
    """Names of the roles, joined by commas."""
    return ", ".join(str(Role(role).label) for role in roles)
