"""Finds words in a rendering that its claims do not carry.

Three checks: a claim's own texts against the words that its verb never allows; the prose around the
document's texts (a template's) against every phrase that would be a claim of its own; and the whole
rendering against the one that its document gives. The first two keep the writer from signing what
says too much. The third finds whatever was changed in a rendering afterwards, in words or looks:
the document decides every byte.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from itertools import takewhile
from typing import Any

from governance.wording import guarantee_name, kind_name
from reports.rendering import report_html
from reports.verbs import Verb

#: Stands where a known text stood, so that what was around it does not become a sentence.
SEAM = " | "
#: How much of the text around a departure is quoted, in characters.
_BEFORE, _AFTER = 30, 50

#: Words that no text of a claim may use, whatever was done.
NEVER = ("erased", "erasure of", "forgotten", "forgot", "guaranteed", "all copies", "certified")
REMOVAL = ("removed", "deleted", "eliminated", "purged", "wiped", "destroyed", "regenerated")
#: Words that would say that a procedure worked, which tests can only fail to refute.
EFFECT = ("influence", "reduced", "lowered", "weakened", "unlearned")

#: Verb to the words that its sentence, and its part of the headline, must not use.
FORBIDDEN: dict[str, tuple[str, ...]] = {
    Verb.INFLUENCE_REMOVED: (*NEVER, "unlearned", "deleted"),
    Verb.DELETED: (*NEVER, "unlearned", "influence", "removed"),
    Verb.REGENERATED: (*NEVER, "unlearned", "influence", "deleted"),
    Verb.DESTROYED: (*NEVER, "unlearned", "influence", "removed", "deleted", "everywhere"),
    Verb.REMOVED_FROM_INDEX: (*NEVER, "unlearned", "influence", "deleted"),
    Verb.APPLIED: (*NEVER, *REMOVAL, *EFFECT),
    Verb.APPLIED_UNPROVEN: (*NEVER, *REMOVAL, *EFFECT),
    Verb.SUPPRESSED: (*NEVER, *REMOVAL, "unlearned", "unlearning"),
    Verb.NOTIFIED: (*NEVER, *REMOVAL, "unlearned", "influence"),
    Verb.NOTIFIED_UNANSWERED: (*NEVER, *REMOVAL, "unlearned", "influence"),
    Verb.NOT_ESTABLISHED: (*NEVER, *REMOVAL, "unlearned", "applied", "suppressed", "notified"),
}

#: What makes of a removal word a claim: something that is, was or will have been so.
_BEING = ("is", "are", "was", "were", "be", "been", "being", "gets", "got", "has", "have", "had")
#: What may stand between the two.
_DEGREE = (
    *("now", "not", "all", "both", "also", "since", "already", "fully", "completely", "entirely"),
    *("permanently", "irreversibly", "securely", "successfully", "verifiably"),
)
_GONE = (*REMOVAL, "erased", "forgotten", "unlearned", "scrubbed", "shredded", "gone")
_PHRASE = (
    rf"(?:{'|'.join(_BEING)})\s*(?:(?:{'|'.join(_DEGREE)})\s*){{0,2}}(?:{'|'.join(_GONE)})"
    r"|no\s*longer\s*(?:knows?|holds?|contains?|carr(?:y|ies))"
    r"|everything\s*was|fully\s*compliant|is\s*guaranteed"
)
#: Phrases that would be a claim if a template said them by itself.
CLAIMING = re.compile(rf"\b(?:{_PHRASE})\b", re.IGNORECASE)
#: The same in text that is read without white space, as the pages of a PDF are.
CLAIMING_SQUEEZED = re.compile(_PHRASE, re.IGNORECASE)
#: Fields of the document that hold names, which are data and may be single words.
_NAMES = frozenset({"artifact", "artifact_name", "inherits", "location", "name", "path", "place"})


def lint_claim(claim: Mapping[str, Any], names: Iterable[str] = ()) -> list[str]:
    """Check the texts of one claim: its sentence against its verb, the others against ``NEVER``.

    Args:
        claim: A claim as in the document.
        names: Names of artifacts and places that its texts may quote.

    Returns:
        One sentence a problem; empty when there is none.
    """
    forbidden = FORBIDDEN.get(claim["verb"])
    if forbidden is None:
        return [f"The claim on {claim['artifact']} uses an unknown verb: {claim['verb']}."]
    # Names are data: an artifact may be called "deleted-users" without making a claim.
    said = _without(claim["sentence"], {claim["artifact"], *names})
    problems = [f'({claim["verb"]}) says "{word}".' for word in _words_in(said, forbidden)]
    # So are findings, which limits quote: a check may count "forgotten records".
    quoted = {claim["artifact"], *names, *(item["summary"] for item in claim["evidence"])}
    for text in (*claim["assumptions"], *claim["limits"]):
        found = _words_in(_without(text, quoted), NEVER)
        problems += [f'says "{word}" in "{text}".' for word in found]
    return [f"The claim on {claim['artifact']} {problem}" for problem in problems]


def lint_document(document: Mapping[str, Any]) -> list[str]:
    """Check every claim of a document."""
    names = {
        action[field] for action in document["actions"] for field in ("artifact_name", "place")
    }
    return [problem for claim in document["claims"] for problem in lint_claim(claim, names)]


def lint_html(html: str, document: Mapping[str, Any]) -> list[str]:
    """Check the file for people: its words, and that it is what this document gives.

    Args:
        html: The rendered report.
        document: The document that it was rendered from.

    Raises:
        ValueError: The document is of another shape than a report.
    """
    text, due = visible_text(html), report_html(document)
    problems = lint_text(text, document)
    if html != due:
        problems.append(departure(text, visible_text(due)))
    return problems


def lint_text(
    text: str,
    document: Mapping[str, Any],
    *,
    seen: Callable[[str], str] = lambda said: " ".join(said.split()),
    claiming: re.Pattern[str] = CLAIMING,
) -> list[str]:
    """Check the words of a rendering: it shows what it must, claim by claim, and claims no more.

    Args:
        text: All that a reader sees, as ``seen`` gives it.
        document: The document that it was rendered from.
        seen: How a text of the document reads in this rendering.
        claiming: What would be a claim of the rendering's own.

    Returns:
        One sentence a problem; empty when there is none.
    """
    problems = [
        f"It lacks the {what}."
        for what, sentence in must_show(document)
        if seen(sentence) not in text
    ]
    prose = text
    for known in sorted({seen(said) for said in texts(document)}, key=len, reverse=True):
        prose = prose.replace(known, SEAM)
    problems += [
        f'It adds "{found.group()}", which no claim carries.' for found in claiming.finditer(prose)
    ]
    return problems


def departure(shown: str, due: str) -> str:
    """Say where a rendering departs from the one that its document gives."""
    if shown == due:
        return "It reads as the report but is not the file that this version makes of it."
    pairs = zip(shown, due, strict=False)
    place = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    start = max(0, place - _BEFORE)
    here, there = (text[start : place + _AFTER] for text in (shown, due))
    return f"It reads “{here}” where the report gives “{there}”."


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
    """What every rendering shows word for word, each with what to call it.

    A claim's artifact, verb, guarantee class and sentence stand together: a sentence under the verb
    of another claim would be shown, and would say something else.
    """
    yield "headline", document["headline"]
    for claim in document["claims"]:
        name = claim["artifact"]
        yield f"claim on {name} with its verb and guarantee class", _claim_text(claim)
        for limit in claim["limits"]:
            yield f"limit of the claim on {name}: {limit}", limit


def _claim_text(claim: Mapping[str, Any]) -> str:
    return (
        f"{kind_name(claim['kind'])} {claim['artifact']} {claim['verb']}"
        f" Guarantee class: {guarantee_name(claim['guarantee_class'])} {claim['sentence']}"
    )


def texts(value: object, field: str = "") -> Iterator[str]:
    """Every text of the document long enough to be a phrase, and every name."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, field)
    elif isinstance(value, str) and value and (" " in value or field in _NAMES):
        yield value


def _without(text: str, names: Iterable[str]) -> str:
    """A text in small letters without the names that it quotes, each as a whole, longest first."""
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", SEAM, text)
    return text.casefold()


def _words_in(text: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if re.search(rf"\b{re.escape(word)}\b", text)]


def _plain(text: str) -> str:
    return " ".join(text.split())
