"""One page of the answer of a trace."""

from datetime import datetime
from typing import Any

from lineage import cursors
from lineage.cursors import Cursor
from lineage.errors import AnswerChanged
from lineage.selectors.answers import DatedAnswer, answer_document, answer_heading, dated_answer
from lineage.selectors.starts import Asked


def trace_page(
    asked: Asked, as_of: datetime | None, *, cursor: str | None, size: int
) -> dict[str, Any]:
    """Render one page; every page of an answer holds of the same moment.

    Keys: on the first page those of :func:`lineage.selectors.answers.answer_document`, on the
    others, which need not repeat every reason, those of ``answer_heading``; ``affected`` (the rows
    of this page, in the order in which artifacts came from each other), and ``next`` (the cursor of
    the following page; null on the last one).

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
    if cursor is None:
        found, first = dated_answer(asked, as_of), 0
        page = answer_document(found)
    else:
        stand = cursors.read(cursor, question=question)
        found, first = _found_again(asked, as_of, stand), stand.position
        # Which artifacts were not shown lately is known of now only: the first page knew.
        page = answer_heading(found) | {"complete": stand.complete}
    end = first + size
    rest = _next(found, question, end, complete=page["complete"])
    return page | {"affected": found.rows(first, end), "next": rest}


def _found_again(asked: Asked, as_of: datetime | None, stand: Cursor) -> DatedAnswer:
    found = dated_answer(asked, as_of, before=datetime.fromisoformat(stand.as_of))
    if found.fingerprint != stand.fingerprint:
        raise AnswerChanged
    return found


def _next(found: DatedAnswer, question: str, position: int, *, complete: bool) -> str | None:
    if position >= len(found.answer) or found.as_of is None:
        return None
    return cursors.written(
        Cursor(
            question=question,
            as_of=found.as_of.isoformat(),
            fingerprint=found.fingerprint,
            complete=complete,
            position=position,
        )
    )
