"""Finds words in a rendering that its claims do not carry.

Two checks: a claim's own sentence against the words that its verb never allows, and the prose
around the document's texts (a template's) against every word that would be a claim of its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from reports.verbs import Verb

#: Words that no sentence of a claim may use, whatever was done.
NEVER = ("erased", "erasure of", "forgotten", "forgot ", "guaranteed", "all copies", "certified")
REMOVAL = ("removed", "deleted", "eliminated", "purged", "wiped", "destroyed", "regenerated")

#: Verb to the words that its sentence must not use.
FORBIDDEN: dict[str, tuple[str, ...]] = {
    Verb.INFLUENCE_REMOVED: (*NEVER, "unlearned", "deleted"),
    Verb.DELETED: (*NEVER, "unlearned", "influence", "removed"),
    Verb.REGENERATED: (*NEVER, "unlearned", "influence", "deleted"),
    Verb.DESTROYED: (*NEVER, "unlearned", "influence", "removed", "deleted", "everywhere"),
    Verb.REMOVED_FROM_INDEX: (*NEVER, "unlearned", "influence", "deleted"),
    Verb.APPLIED: (*NEVER, *REMOVAL),
    Verb.APPLIED_UNPROVEN: (*NEVER, *REMOVAL),
    Verb.SUPPRESSED: (*NEVER, *REMOVAL, "unlearned", "unlearning"),
    Verb.NOTIFIED: (*NEVER, *REMOVAL, "unlearned", "influence"),
    Verb.NOTIFIED_UNANSWERED: (*NEVER, *REMOVAL, "unlearned", "influence"),
    Verb.NOT_ESTABLISHED: (*NEVER, *REMOVAL, "unlearned", "applied", "suppressed", "notified"),
}

#: Phrases that would be a claim if a template said them by itself.
CLAIMING = (
    "was removed", "were removed", "has been removed", "have been removed", "everything was",
    "was erased", "were erased", "has been erased", "was deleted", "were deleted",
    "has been deleted", "was destroyed", "were destroyed", "was regenerated", "was forgotten",
    "has been forgotten", "was unlearned", "no longer knows",
    "fully compliant", "is guaranteed",
)  # fmt: skip


def lint_claim(claim: Mapping[str, Any]) -> list[str]:
    """Check the sentence of one claim against its verb.

    Args:
        claim: A claim as in the document.

    Returns:
        One sentence a problem; empty when there is none.
    """
    forbidden = FORBIDDEN.get(claim["verb"])
    if forbidden is None:
        return [f"The claim on {claim['artifact']} uses an unknown verb: {claim['verb']}."]
    # Names are data: an artifact may be called "deleted-users" without making a claim.
    sentence = claim["sentence"].replace(claim["artifact"], "").casefold()
    return [
        f'The claim on {claim["artifact"]} ({claim["verb"]}) says "{word.strip()}".'
        for word in forbidden
        if _says(sentence, word)
    ]


def lint_document(document: Mapping[str, Any]) -> list[str]:
    """Check every claim of a document."""
    return [problem for claim in document["claims"] for problem in lint_claim(claim)]


def lint_html(html: str, document: Mapping[str, Any]) -> list[str]:
    """Check a rendering: it shows headline and claims word for word, and adds no claim.

    Args:
        html: The rendered report.
        document: The document that it was rendered from.
    """
    text = visible_text(html)
    problems = [
        f"The rendering lacks the {what}."
        for what, sentence in must_show(document)
        if _plain(sentence) not in text
    ]
    prose = text
    for known in sorted(set(texts(document)), key=len, reverse=True):
        prose = prose.replace(known, " ")
    problems += [
        f'The rendering adds "{phrase}", which no claim carries.'
        for phrase in CLAIMING
        if _says(prose.casefold(), phrase)
    ]
    return problems


def visible_text(html: str) -> str:
    """Text of a page as a reader sees it, with single spaces."""
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    return _plain(" ".join(reader.parts))


class _TextReader(HTMLParser):
    """Collects text outside styles and scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._hidden += tag in {"style", "script"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "script"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def must_show(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What every rendering shows word for word, each with what to call it."""
    yield "headline", document["headline"]
    for claim in document["claims"]:
        yield f"claim on {claim['artifact']}", claim["sentence"]
        for limit in claim["limits"]:
            yield f"limit of the claim on {claim['artifact']}: {limit}", limit


def texts(value: object) -> Iterator[str]:
    """Every text of the document long enough to be a phrase."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str) and " " in value:
        yield _plain(value)


def _says(text: str, phrase: str) -> bool:
    return re.search(rf"\b{re.escape(phrase.strip())}\b", text) is not None


def _plain(text: str) -> str:
    return " ".join(text.split())
