"""What is kept longer than its term, and what has none."""

from dataclasses import dataclass
from datetime import date, datetime

from lineage.graph import DATASETS, ArtifactKind
from lineage.models import Artifact, ArtifactState
from lineage.terms import terms_of

#: Kinds that are listed where no term is recorded; of any other kind only a term is minded.
NEEDING_A_TERM = DATASETS | {ArtifactKind.CHECKPOINT}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An artifact that is there, and until when it may be."""

    artifact_id: int
    kind: str
    name: str
    location: str
    #: Last day on which it may be kept; None where no term is recorded.
    until: date | None
    #: Days since then; 0 where the term has not passed or none is recorded.
    days_over: int


@dataclass(frozen=True, kw_only=True)
class Retention:
    """The answer."""

    #: To be destroyed, the longest overdue first.
    past_term: tuple[Kept, ...]
    #: Datasets and checkpoints without a term.
    no_term_recorded: tuple[Kept, ...]


def retention(now: datetime) -> Retention:
    """List what is kept past its term, and what has no term, as of a moment.

    Superseded artifacts count too: they are there until they are destroyed.
    """
    kept = [
        _kept(artifact, now.date())
        for artifact in Artifact.objects.exclude(state=ArtifactState.DESTROYED)
        .exclude(kind=ArtifactKind.SEGMENT)
        .order_by("pk")
        .iterator()
    ]
    over = [item for item in kept if item.days_over]
    return Retention(
        past_term=tuple(sorted(over, key=lambda item: (-item.days_over, item.artifact_id))),
        no_term_recorded=tuple(
            item for item in kept if item.until is None and item.kind in NEEDING_A_TERM
        ),
    )


def _kept(artifact: Artifact, today: date) -> Kept:
    until = terms_of(artifact.attributes).retention_until
    return Kept(
        artifact_id=artifact.pk,
        kind=artifact.kind,
        name=artifact.name,
        location=artifact.location,
        until=until,
        days_over=max(0, (today - until).days) if until else 0,
    )
