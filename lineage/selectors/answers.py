"""The answer of a trace at one moment, which later questions can come back to."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
from django.db import transaction

from lineage.closure.impact import Answer
from lineage.closure.links import INFLUENCES
from lineage.locks import lock_graph
from lineage.models import Moment
from lineage.selectors.documents import affected_documents, blocked_documents, named
from lineage.selectors.history import described
from lineage.selectors.impact import answer_to
from lineage.selectors.knowledge import one_moment
from lineage.selectors.starts import Asked


@dataclass(frozen=True, kw_only=True, eq=False)
class DatedAnswer:
    """An answer in columns, and the moment of which it holds."""

    answer: Answer
    #: Asked as of this moment again, the graph is the same; None where nothing was ever recorded.
    as_of: datetime | None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of what was found, in which order, and in which graph."""
        answer, closure = self.answer, self.answer.closure
        found = hashlib.sha256(repr((answer.snapshot_hash, answer.records)).encode())
        for column in (closure.nodes, closure.masks, closure.ranks, closure.certain):
            found.update(np.ascontiguousarray(column[answer.listed]).tobytes())
        return found.hexdigest()

    def rows(self, begin: int = 0, end: int | None = None) -> list[dict[str, Any]]:
        """Render affected artifacts from one place of the list until before another."""
        on_paths = {node for reach in self.answer.reaches(begin, end) for node in reach.path}
        rows = described(on_paths, self.as_of)
        texts = {pk: (row.name, row.digest) for pk, row in rows.items()}
        return affected_documents(self.answer.affected(texts, begin, end), rows)


def dated_answer(
    asked: Asked, as_of: datetime | None, *, before: datetime | None = None
) -> DatedAnswer:
    """Trace at one moment; of now without waiting for those who write the graph.

    Args:
        asked: What the trace is asked about.
        as_of: A past moment; None for now.
        before: The moment of an earlier answer to the same question, to answer as of that one
            where ``as_of`` is None.

    Raises:
        RecordNotFound, ArtifactNotFound, InvalidInput: As :func:`lineage.selectors.trace` does.
    """
    with held_moment(as_of, before) as (read_as_of, moment):
        return DatedAnswer(answer=answer_to(asked, read_as_of), as_of=moment)


@contextmanager
def held_moment(
    as_of: datetime | None, before: datetime | None = None
) -> Iterator[tuple[datetime | None, datetime | None]]:
    """Let all reads see one moment, and tell which.

    Args:
        as_of: The moment asked for; None for now.
        before: The moment of an earlier answer, where ``as_of`` is None.

    Yields:
        The moment to read the graph as of, None where that is as it is now; and the moment of which
        everything read holds, None where nothing was ever recorded.
    """
    if as_of is None:
        with one_moment():
            newest = Moment.objects.order_by("at").values_list("at", flat=True).last()
            if before in (None, newest):
                yield None, newest
                return
    moment = as_of or before
    with transaction.atomic():
        lock_graph()
        yield moment, moment


def answer_heading(found: DatedAnswer) -> dict[str, Any]:
    """Render what tells an answer from others.

    Keys: ``as_of`` (the moment of which it holds, in UTC), ``snapshot_hash``, ``complete`` and
    ``counts`` (affected, by_kind, by_influence, by_certainty; an artifact counts under each
    influence that it carries).
    """
    answer = found.answer
    masks = np.bincount(answer.closure.masks[answer.listed], minlength=len(INFLUENCES)).tolist()
    by_influence = {
        influence.value: sum(
            count for kinds, count in zip(INFLUENCES, masks, strict=True) if influence in kinds
        )
        for influence in INFLUENCES[-1]
    }
    return {
        "as_of": found.as_of.astimezone(UTC).isoformat() if found.as_of else None,
        "snapshot_hash": answer.snapshot_hash,
        "complete": not answer.reasons,
        "counts": {
            "affected": len(answer),
            "by_kind": {kind.value: count for kind, count in answer.counts_by_kind().items()},
            "by_influence": by_influence,
            "by_certainty": answer.counts_by_certainty(),
        },
    }


def answer_document(found: DatedAnswer) -> dict[str, Any]:
    """Render everything of an answer but the affected artifacts, which are counted.

    Keys: those of :func:`answer_heading`, and ``records``, ``reasons``, ``frontier``, ``blocked``,
    ``cycles``, ``datasets_examined``, as :func:`lineage.selectors.impact_document` has them.
    """
    answer = found.answer
    return answer_heading(found) | {
        "records": [asdict(record) for record in answer.records],
        "reasons": list(answer.reasons),
        "frontier": named(answer.frontier, found.as_of),
        "blocked": blocked_documents(answer.blocked_links(), found.as_of),
        "cycles": [list(cycle) for cycle in answer.closure.cycles],
        "datasets_examined": answer.datasets_examined,
    }
