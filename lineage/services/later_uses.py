"""What used an artifact after it was destroyed: noted on it, so that the history keeps it."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import TypeAlias

from lineage.graph import PROPAGATION, Relation
from lineage.models import USED_AFTER_DESTRUCTION, Activity, Artifact, ArtifactState, Derivation

#: Edges that were made by reading their upstream artifact. What carries nothing was made without;
#: of what a product uses it is only known when somebody looked.
MADE_BY_READING = [
    relation.value
    for relation, rule in PROPAGATION.items()
    if rule.influence and relation not in {Relation.DEPLOYED_AS, Relation.RETRIEVES_FROM}
]
#: When something was used, and the name of the run that did; empty where none is known.
_Use: TypeAlias = tuple[datetime, str]


def note_later_uses(artifacts: Collection[int], runs: Collection[int] = ()) -> None:
    """Note on destroyed artifacts the first use after that; call under the writers' lock.

    A run counts from its start, for what it used it may have read then. The note is worked out
    anew from all that is on record: in which order that was told is of no account, and a start that
    is told late takes the note back.

    Args:
        artifacts: Ids of artifacts of which a use or a destruction was told.
        runs: Ids of runs of which something was told.
    """
    edges = Derivation.objects.filter(activity__in=runs, upstream__state=ArtifactState.DESTROYED)
    told = {*artifacts, *edges.values_list("upstream_id", flat=True).distinct()}
    rows = Artifact.objects.filter(pk__in=told, state=ArtifactState.DESTROYED)
    gone = {row.pk: row for row in rows if "destroyed_at" in row.attributes}
    if not gone:
        return
    first: dict[int, _Use] = {}
    for pk, use in _uses(gone):
        if use[0] > datetime.fromisoformat(gone[pk].attributes["destroyed_at"]):
            first[pk] = min(use, first.get(pk, use))
    changed = [row for pk, row in gone.items() if _note(row, first.get(pk))]
    Artifact.objects.bulk_update(changed, ["attributes"], batch_size=500)


def _uses(ids: Collection[int]) -> Iterator[tuple[int, _Use]]:
    """All uses of some artifacts, each with the artifact."""
    runs = Activity.objects.filter(used__overlap=list(ids))
    for name, started_at, used in runs.values_list("name", "started_at", "used"):
        if started_at:
            yield from ((pk, (started_at, name)) for pk in used if pk in ids)
    edges = Derivation.objects.filter(
        upstream_id__in=ids, relation__in=MADE_BY_READING, ended_at=None
    )
    for pk, name, started_at, occurred_at in edges.values_list(
        "upstream_id", "activity__name", "activity__started_at", "occurred_at"
    ):
        if at := started_at or occurred_at:
            yield pk, (at, name or "")


def _note(row: Artifact, use: _Use | None) -> bool:
    """Note a use, or that there is none; returns whether that is new."""
    before = row.attributes.pop(USED_AFTER_DESTRUCTION, None)
    after = {"at": use[0].isoformat(), "run": use[1]} if use else None
    if after:
        row.attributes[USED_AFTER_DESTRUCTION] = after
    return bool(before != after)
