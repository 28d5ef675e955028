"""Which version a name stands for: what succeeded a dataset goes on under its old name.

Pipelines know nothing of redactions. They write and read a dataset under one name before and after
rows were taken out of it, and the graph holds the versions between two redactions as nodes of
their own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lineage.capture.observations import Observations, ObservedArtifact
from lineage.graph import Relation
from lineage.models import Derivation

#: Edges from a dataset to what took its place under the same name.
SUCCEEDING = (Relation.REDACTED_FROM, Relation.REGENERATED_FROM)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The successors of some datasets."""

    #: By identity, each with the moment when it took the place.
    successors: Mapping[str, tuple[tuple[datetime, str], ...]]

    def as_of(self, identity: str, moment: datetime | None) -> str:
        """The identity of what stood under a name at a moment; without one, of the first."""
        while moment is not None:
            later = [found for found in self.successors.get(identity, ()) if found[0] < moment]
            if not later:
                break
            _, identity = max(later)
        return identity

    def now(self, identity: str) -> str:
        """The identity of what stands under a name."""
        return self.as_of(identity, datetime.max.replace(tzinfo=UTC))


def read_standing(identities: Iterable[str]) -> Standing:
    """Read all successors of datasets; call under the writers' lock."""
    successors: dict[str, tuple[tuple[datetime, str], ...]] = {}
    waiting = set(identities)
    while waiting:
        edges = Derivation.objects.filter(
            upstream__identity__in=waiting,
            relation__in=SUCCEEDING,
            ended_at=None,
        ).values_list("upstream__identity", "downstream__occurred_at", "downstream__identity")
        fresh: set[str] = set()
        for old, at, new in edges:
            if at is not None:
                successors[old] = (*successors.get(old, ()), (at, new))
                fresh.add(new)
        waiting = fresh - set(successors)
    return Standing(successors=successors)


def settle_names(observations: Observations) -> Observations:
    """Let every observation speak of the version that stood under its name at its time.

    So rows that a pipeline writes after a redaction belong to the version that the redaction made,
    and so does what reads them. In which order observations arrive is of no account: only times
    are compared. Descriptions of a dataset that was merely read are left where they are.

    Args:
        observations: What a capture source saw; call under the writers' lock.
    """
    standing = read_standing(_names(observations))
    if not standing.successors:
        return observations
    return replace(
        observations,
        artifacts=tuple(_settled(artifact, standing) for artifact in observations.artifacts),
        derivations=tuple(
            replace(
                edge,
                upstream=standing.as_of(edge.upstream, edge.occurred_at),
                downstream=standing.as_of(edge.downstream, edge.occurred_at),
            )
            for edge in observations.derivations
        ),
        activities=tuple(
            replace(run, used=tuple(standing.as_of(used, run.started_at) for used in run.used))
            for run in observations.activities
        ),
    )


def _names(observations: Observations) -> set[str]:
    names = {artifact.identity for artifact in observations.artifacts}
    names |= {edge.upstream for edge in observations.derivations}
    return names | {used for run in observations.activities for used in run.used}


def _settled(artifact: ObservedArtifact, standing: Standing) -> ObservedArtifact:
    identity = standing.as_of(artifact.identity, artifact.occurred_at)
    if identity == artifact.identity:
        return artifact
    # The successor keeps its name, which tells it from the version that it took the place of.
    return replace(artifact, identity=identity, name="")
