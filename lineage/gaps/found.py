"""What a rule is, and what it finds."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from lineage.gaps.knowledge import Knowledge
from lineage.gaps.walk import Mask
from lineage.graph import Gap

#: Severities: an answer that meets a high one is incomplete; a low one hides no artifact.
HIGH = "high"
LOW = "low"
SEVERITIES = (HIGH, LOW)


@dataclass(frozen=True, kw_only=True)
class FoundGap:
    """A gap, and for whom it matters."""

    gap: Gap
    #: The artifact that it is about, for names do not tell versions apart; None for a run.
    about: int | None
    #: It matters to a trace that reaches one of these nodes; empty: it matters to every trace.
    near: frozenset[int] = field(default=frozenset())

    def may_hide(self, reached: Collection[int]) -> bool:
        """Whether an artifact missing here could belong to a trace that reached these nodes."""
        return self.gap.severity == HIGH and (not self.near or not self.near.isdisjoint(reached))


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """An artifact of which a rule has something to say."""

    id: int
    name: str
    #: Its row in the columns.
    place: int


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a gap says."""

    #: What it hides, in one sentence.
    hides: str
    #: How to close it, in one sentence.
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is wrong with artifacts of some sort."""

    #: Its key, as its gaps carry it.
    name: str
    severity: str = HIGH
    #: Whether it matters only to traces that reach the artifact itself.
    near: bool = False
    #: Which artifacts it finds, over all columns at once.
    suspects: Callable[[Knowledge], Mask]
    #: What it says of one that it found.
    words: Callable[[Knowledge, Suspect], Words]

    def gap(self, known: Knowledge, suspect: Suspect) -> FoundGap:
        """The gap at one artifact."""
        words = self.words(known, suspect)
        return FoundGap(
            gap=Gap(
                rule=self.name,
                artifact=suspect.name,
                severity=self.severity,
                hides=words.hides,
                remedy=words.remedy,
            ),
            about=suspect.id,
            near=frozenset({suspect.id}) if self.near else frozenset(),
        )
