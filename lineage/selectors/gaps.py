"""The gaps of the graph, of now or as of a moment, filtered and page by page."""

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from governance.errors import InvalidInput
from lineage.gaps import FoundGap
from lineage.locks import lock_graph
from lineage.selectors.impact import find_gaps_with_artifacts
from lineage.selectors.standing import gaps_at, graph_at

#: Where a gap stands in the order of all: its rule, its artifact's name and id (0 for a run), and
#: which it is of several that are alike in these.
Place = tuple[str, str, int, int]
_PLACE_TYPES = [str, str, int, int]


@dataclass(frozen=True, kw_only=True)
class GapQuestion:
    """Which gaps are asked for; None asks for all."""

    #: A past moment; None for now.
    as_of: datetime | None = None
    severity: str | None = None
    rule: str | None = None


def gaps_asked_for(asked: GapQuestion) -> tuple[FoundGap, ...]:
    """Find gaps, sorted by rule, name and id.

    As of a past moment, whether artifacts were shown lately is not looked at: nobody keeps when
    they had last been shown then.

    Raises:
        InvalidInput: The moment has no offset, lies in the future, or before the history begins.
    """
    return tuple(
        found
        for found in _found(asked.as_of)
        if asked.severity in (None, found.gap.severity) and asked.rule in (None, found.gap.rule)
    )


def gaps_page(asked: GapQuestion, *, cursor: str | None, size: int) -> dict[str, Any]:
    """Render one page of the gaps.

    Keys: ``as_of``, ``total`` (on all pages), ``gaps`` (each with its ``artifact_id``, null for a
    run), and ``next``, the cursor of the following page, null on the last one. A cursor names the
    last gap of its page: what is closed or opens meanwhile shifts no other gap.

    Args:
        asked: Which gaps.
        cursor: ``next`` of the page before; None for the first page.
        size: Gaps a page.

    Raises:
        InvalidInput: As :func:`gaps_asked_for`, or the cursor is none.
    """
    after = None if cursor is None else _read(cursor)
    found = gaps_asked_for(asked)
    places = _places(found)
    rest = [index for index, place in enumerate(places) if after is None or place > after]
    shown = rest[:size]
    return {
        "as_of": asked.as_of.isoformat() if asked.as_of else None,
        "total": len(found),
        "gaps": [gap_document(found[i]) for i in shown],
        "next": _written(places[shown[-1]]) if len(rest) > size else None,
    }


def gap_document(found: FoundGap) -> dict[str, Any]:
    """Render one gap; ``artifact_id`` is null for a run."""
    return asdict(found.gap) | {"artifact_id": found.about}


def _found(as_of: datetime | None) -> tuple[FoundGap, ...]:
    if as_of is None:
        return find_gaps_with_artifacts()
    with transaction.atomic():
        lock_graph()
        return gaps_at(graph_at(as_of), as_of)


def _places(found: Sequence[FoundGap]) -> list[Place]:
    places: list[Place] = []
    for one in found:
        rule, name, node = one.gap.rule, one.gap.artifact, one.about or 0
        alike = bool(places) and places[-1][:3] == (rule, name, node)
        places.append((rule, name, node, places[-1][3] + 1 if alike else 0))
    return places


def _written(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _read(cursor: str) -> Place:
    """Read a cursor.

    Raises:
        InvalidInput: It is none of ours.
    """
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, RecursionError) as error:
        raise _no_cursor() from error
    if not isinstance(place, list) or [type(part) for part in place] != _PLACE_TYPES:
        raise _no_cursor()
    rule, name, node, number = place
    return rule, name, node, number


def _no_cursor() -> InvalidInput:
    return InvalidInput.at("/cursor", "This is no cursor of this server. Start again without one.")
