"""One page of a long list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.paginator import Paginator
from django.db.models import QuerySet

#: Rows that one page of a list shows.
PAGE_SIZE = 50

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Slice(Generic[T]):
    """The rows of one page, and where it stands among the others."""

    rows: tuple[T, ...]
    #: Which page, from 1.
    number: int
    pages: int
    #: Rows on all pages together.
    total: int


def slice_of(
    rows: "QuerySet[Any]", view: Callable[[Any], T], *, number: str, size: int = PAGE_SIZE
) -> Slice[T]:
    """Cut one page out of an ordered queryset.

    Args:
        rows: The ordered rows.
        view: Turns a row into a plain value.
        number: Page number as it stands in the address; anything that is no page gives the nearest.
        size: Rows a page.
    """
    paginator = Paginator(rows, size)
    page = paginator.get_page(number)
    return Slice(
        rows=tuple(view(row) for row in page.object_list),
        number=page.number,
        pages=paginator.num_pages,
        total=paginator.count,
    )
