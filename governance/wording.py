"""How the pages and the report say things: pure functions over ``governance.vocabulary``.

The report's renderings call them, and so does the offline verifier; ``templatetags.words`` makes
filters of them for the pages.
"""

from collections.abc import Sequence
from datetime import datetime

from governance.vocabulary import (
    ACTORS,
    CLOCK_EVENTS,
    EVIDENCE,
    GUARANTEES,
    INFLUENCES,
    KINDS,
    OUTCOMES,
    PHRASES,
    RELATIONS,
    STATE_TONES,
    VERB_TONES,
)

_MINUTE = 60
_HOUR = 3600
_SOON_DAYS = 7


def kind_name(kind: str) -> str:
    """Name of a kind of artifact."""
    return KINDS.get(kind, phrase(kind))


def relation_name(relation: str) -> str:
    """What an edge says of its downstream artifact, in words."""
    return RELATIONS.get(relation, relation.replace("_", " "))


def guarantee_name(key: str) -> str:
    """Name of a guarantee class."""
    return GUARANTEES[key][0] if key in GUARANTEES else phrase(key)


def guarantee_tone(key: str) -> str:
    """Tone of a guarantee class; grey when unknown."""
    return GUARANTEES[key][1] if key in GUARANTEES else "grey"


def guarantee_classes() -> Sequence[tuple[str, str, str]]:
    """Every guarantee class as (name, tone, meaning), strongest first."""
    return tuple(GUARANTEES.values())


def influence_name(influence: str) -> str:
    """Name of a kind of influence."""
    return INFLUENCES.get(influence, phrase(influence))


def evidence_shown(evidence: str) -> str:
    """What the evidence that blocks a link shows of the artifact behind it."""
    return EVIDENCE.get(evidence, phrase(evidence))


def state_tone(state: str) -> str:
    """Tone of a state or an evidence outcome; grey when it needs no attention."""
    return STATE_TONES.get(state, "grey")


def outcome_name(outcome: str) -> str:
    """Name of an evidence outcome."""
    return OUTCOMES.get(outcome, phrase(outcome))


def verb_tone(verb: str) -> str:
    """Tone of a claim's verb; grey when unknown."""
    return VERB_TONES.get(verb, "grey")


def message_tone(level: str) -> str:
    """Tone of a Django message by its level tag."""
    return {"success": "green", "warning": "amber", "error": "red"}.get(level, "")


def phrase(key: str) -> str:
    """A key as words: ``negative_gradient_repair`` → ``Negative gradient repair``."""
    text = str(key)
    return PHRASES.get(text, text.replace("_", " ")[:1].upper() + text.replace("_", " ")[1:])


def lower_first(text: str) -> str:
    """A phrase for the middle of a sentence; abbreviations keep their capitals."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def clock_event(kind: str) -> str:
    """What happened to the clock: ``acknowledge`` → ``Acknowledged``."""
    return CLOCK_EVENTS.get(kind, phrase(kind))


def actor_name(actor: str) -> str:
    """Who acted: ``officer:ann`` → ``ann``, ``client:web form`` → ``the API client “web form”``."""
    kind, _, name = actor.partition(":")
    return ACTORS[kind].format(name) if name and kind in ACTORS else actor


def measure_name(measure: str) -> str:
    """Name of a measure: ``held out loss`` → ``Held-out loss``, ``auc`` → ``AUC``."""
    said = phrase(measure.replace("held out", "held-out"))
    return " ".join("AUC" if word.lower() == "auc" else word for word in said.split())


def short_digest(digest: str) -> str:
    """First twelve hexadecimal digits of a digest, without its algorithm."""
    return digest.rpartition(":")[2][:12]


def duration(seconds: float | None) -> str:
    """Seconds as a person would say them; an unknown time is said to be unknown."""
    if seconds is None:
        return "not known"
    if seconds < 1:
        return "under 1 s"
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"
    return f"{seconds // _HOUR:.0f} h {seconds % _HOUR // _MINUTE:.0f} min"


def days_left_words(days: int) -> str:
    """``12 days left``, ``due today`` or ``3 days overdue``."""
    if days == 0:
        return "due today"
    count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f"{count} left" if days > 0 else f"{count} overdue"


def days_left_tone(days: int) -> str:
    """Red when overdue, amber in the last week, grey before."""
    if days < 0:
        return "red"
    return "amber" if days <= _SOON_DAYS else "grey"


def percent(share: float) -> int:
    """A share from 0 to 1 as a whole percentage."""
    return round(100 * share)


def moment(text: str) -> str:
    """An ISO 8601 moment or day of a document as people write it: ``3 Nov 2026, 14:05 UTC``."""
    when = datetime.fromisoformat(text)
    day = f"{when.day} {when:%b %Y}"
    return day if len(text) == len("2026-11-03") else f"{day}, {when:%H:%M} {when:%Z}"


def measured(value: float | None) -> str:
    """A measured number, a share with four decimals; a dash where nothing was measured."""
    if value is None:
        return "-"
    return f"{value:,.4f}" if isinstance(value, float) else f"{value:,}"


def cell_text(value: str | float | bool | None) -> str:
    """One value of a finding's data: numbers as measured, truths as words, nothing as a dash."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str) else measured(value)
