"""The answer of a trace at one moment, which later questions can come back to."""

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from lineage.graph import Affected, Impact
from lineage.models import Moment
from lineage.selectors.documents import summary_document
from lineage.selectors.impact import trace
from lineage.selectors.starts import Asked


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An impact, and the moment of which it holds."""

    impact: Impact
    #: Asked as of this moment again, the graph is the same; None where nothing was ever recorded.
    as_of: datetime | None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of what was found, in which order, and in which graph."""
        impact = self.impact
        rows = [(item.node.id, item.rank, item.influence, item.path) for item in impact.affected]
        found = (impact.snapshot_hash, impact.records, impact.reasons, rows)
        return hashlib.sha256(repr(found).encode()).hexdigest()


def answer(asked: Asked, as_of: datetime | None, *, before: datetime | None = None) -> Answer:
    """Trace at one moment without keeping the writers of the graph waiting for it.

    Args:
        asked: What the trace is asked about.
        as_of: A past moment; None for now.
        before: The moment of an earlier answer to the same question, to answer as of that one
            where ``as_of`` is None.

    Raises:
        RecordNotFound, ArtifactNotFound, InvalidInput: As :func:`lineage.selectors.trace` does.
    """
    if as_of is not None:
        return Answer(impact=trace(asked, as_of), as_of=as_of)
    newest = newest_moment()
    moment = before or newest
    if moment == newest:
        impact = trace(asked)
        # A graph that changed meanwhile is read once more from its history, which stands still.
        if moment == newest_moment():
            return Answer(impact=impact, as_of=moment)
    return Answer(impact=trace(asked, moment), as_of=moment)


def newest_moment() -> datetime | None:
    """The time of the last change of the graph; None where nothing was ever recorded."""
    return Moment.objects.order_by("at").values_list("at", flat=True).last()


def answer_document(found: Answer) -> dict[str, Any]:
    """Render everything of an answer but the affected artifacts, which are counted.

    Keys: those of :func:`lineage.selectors.documents.summary_document`, where ``as_of`` is the
    moment of which the answer holds, and ``counts`` (affected, by_kind, by_influence; an artifact
    counts under each influence that it carries).
    """
    return summary_document(found.impact, found.as_of) | {"counts": _counts(found.impact.affected)}


def answer_heading(found: Answer) -> dict[str, Any]:
    """Render what tells an answer from others: as_of, snapshot_hash, complete and counts."""
    return {
        "as_of": found.as_of.astimezone(UTC).isoformat() if found.as_of else None,
        "snapshot_hash": found.impact.snapshot_hash,
        "complete": found.impact.complete,
        "counts": _counts(found.impact.affected),
    }


def _counts(affected: Collection[Affected]) -> dict[str, Any]:
    return {
        "affected": len(affected),
        "by_kind": Counter(item.node.kind.value for item in affected),
        "by_influence": Counter(each.value for item in affected for each in item.influence),
    }
