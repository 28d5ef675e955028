"""Names requests to pages of floors that know them by an opaque id only."""

from collections.abc import Iterable, Mapping
from typing import Protocol
from uuid import UUID

from django import template

from deletion_requests.models import DeletionRequest

register = template.Library()


class OfCase(Protocol):
    """Something that works for a request."""

    @property
    def case_id(self) -> UUID:
        """Id of the request."""


@register.simple_tag
def references_of(rows: Iterable[OfCase]) -> dict[UUID, str]:
    """Look up the references of everything in a list with one query."""
    ids = {row.case_id for row in rows}
    return dict(DeletionRequest.objects.filter(pk__in=ids).values_list("pk", "reference"))


@register.filter
def reference_in(case_id: UUID, references: Mapping[UUID, str]) -> str:
    """Pick one reference; empty where the request is not known."""
    return references.get(case_id, "")
