"""One page of the answer of a trace."""

from datetime import datetime
from typing import Any

from lineage import cursors
from lineage.cursors import Cursor
from lineage.errors import AnswerChanged
from lineage.selectors.answers import Answer, answer, answer_document, answer_heading
from lineage.selectors.documents import affected_documents
from lineage.selectors.starts import Asked


def trace_page(
    asked: Asked, as_of: datetime | None, *, cursor: str | None, size: int
) -> dict[str, Any]:
    """Render one page; every page of an answer holds of the same moment.

    Keys: on the first page those of :func:`lineage.selectors.answers.answer_document`, on the
    others, which need not repeat every reason and gap, those of ``answer_heading``; ``affected``
    (the rows of this page, in the order in which artifacts came from each other), and ``next`` (the
    cursor of the following page; null on the last one).

    Args:
        asked: What the trace is asked about.
        as_of: A past moment; None for now.
        cursor: ``next`` of the page before; None for the first page.
        size: Rows a page.

    Raises:
        AnswerChanged: The answer as of the first page's moment is not what it was.
        RecordNotFound, ArtifactNotFound, InvalidInput: As :func:`lineage.selectors.trace` does;
            InvalidInput also for a cursor of another question.
    """
    question = cursors.question_digest(asked, as_of)
    found, first = _found(asked, as_of, cursor, question)
    end = first + size
    rest = _next(found, end, question) if end < len(found.impact.affected) else None
    rows = affected_documents(found.impact.affected[first:end], found.as_of)
    page = {"affected": rows, "next": rest}
    return (answer_document(found) if cursor is None else answer_heading(found)) | page


def _found(
    asked: Asked, as_of: datetime | None, cursor: str | None, question: str
) -> tuple[Answer, int]:
    """The answer, and how many of its rows were read before."""
    if cursor is None:
        return answer(asked, as_of), 0
    stand = cursors.read(cursor, question=question)
    found = answer(asked, as_of, before=datetime.fromisoformat(stand.as_of))
    if found.fingerprint != stand.fingerprint:
        raise AnswerChanged
    return found, stand.position


def _next(found: Answer, position: int, question: str) -> str | None:
    if found.as_of is None:
        return None
    return cursors.written(
        Cursor(
            question=question,
            as_of=found.as_of.isoformat(),
            fingerprint=found.fingerprint,
            position=position,
        )
    )
