"""What changed between two moments in the answer of a trace."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from governance.errors import InvalidInput
from lineage.difference import ImpactDifference, Link, compare_graphs, compare_impacts
from lineage.graph import Affected, Node
from lineage.locks import lock_graph
from lineage.selectors.changes import differing_parts
from lineage.selectors.history import moment_at
from lineage.selectors.impact import trace
from lineage.selectors.starts import Asked, settled


def diff_impact(
    asked: Asked,
    before: datetime,
    after: datetime | None = None,
    *,
    fields: tuple[str, str] = ("as_of", "diff"),
) -> ImpactDifference:
    """Compare what was affected at two moments, and the graph that it was found in.

    Args:
        asked: A data subject, a record or an artifact; of an artifact that was on record at one of
            the moments only, nothing is affected at the other.
        before: The earlier moment.
        after: The later one; None for now.
        fields: What the moments are called where they were given, for errors.

    Raises:
        InvalidInput: A moment is none that the history knows, or they are the wrong way round; or
            more than one artifact is so called.
        RecordNotFound: The record index does not hold the record.
        ArtifactNotFound: No artifact was so called at either moment.
    """
    with transaction.atomic():
        lock_graph()
        _check(before, after, fields)
        asked = settled(asked, before, after)
        old, new = (trace(asked, moment) for moment in (before, after))
        parts = differing_parts(before, after)
    return compare_impacts(old, new, compare_graphs(*parts))


def _check(before: datetime, after: datetime | None, fields: tuple[str, str]) -> None:
    earlier, later = fields
    moment_at(before, earlier)
    if after is None:
        return
    moment_at(after, later)
    if after <= before:
        detail = f"{later}: {after.isoformat()} must be later than {earlier}, {before.isoformat()}."
        raise InvalidInput.at(f"/{later}", detail)


def difference_document(
    difference: ImpactDifference, before: datetime, after: datetime | None
) -> dict[str, Any]:
    """Render a difference; every line of it, none is cut.

    Keys: ``before`` and ``after`` (as_of, complete, reasons, snapshot_hash), ``newly_affected``,
    ``no_longer_affected`` (artifact_id, kind, name, state, influence, certainty),
    ``otherwise_affected`` (before, after), ``graph`` (artifacts_recorded, artifacts_removed,
    artifacts_changed, edges_begun, edges_ended).
    """
    graph = difference.graph
    answers = ((difference.before, before), (difference.after, after))
    old, new = (
        {
            "as_of": as_of.astimezone(UTC).isoformat() if as_of else None,
            "complete": impact.complete,
            "reasons": list(impact.reasons),
            "snapshot_hash": impact.snapshot_hash,
        }
        for impact, as_of in answers
    )
    return {
        "before": old,
        "after": new,
        "newly_affected": [_affected(item) for item in difference.newly],
        "no_longer_affected": [_affected(item) for item in difference.no_longer],
        "otherwise_affected": [
            {"before": _affected(was), "after": _affected(now)} for was, now in difference.otherwise
        ],
        "graph": {
            "artifacts_recorded": [_node(node) for node in graph.recorded],
            "artifacts_removed": [_node(node) for node in graph.removed],
            "artifacts_changed": [
                {"before": _node(was), "after": _node(now)} for was, now in graph.changed
            ],
            "edges_begun": _links(graph.begun),
            "edges_ended": _links(graph.ended),
        },
    }


def _affected(item: Affected) -> dict[str, Any]:
    return {
        "artifact_id": item.node.id,
        "kind": item.node.kind.value,
        "name": item.node.name,
        "state": item.node.state,
        "influence": [influence.value for influence in item.influence],
        "certainty": item.certainty,
    }


def _node(node: Node) -> dict[str, Any]:
    return {
        "artifact_id": node.id,
        "kind": node.kind.value,
        "name": node.name,
        "digest": node.digest,
        "state": node.state,
        "indexed": node.indexed,
    }


def _links(links: Iterable[Link]) -> list[dict[str, Any]]:
    return [
        {
            "upstream": {"id": link.upstream.id, "name": link.upstream.name},
            "downstream": {"id": link.downstream.id, "name": link.downstream.name},
            "relation": link.relation.value,
        }
        for link in links
    ]
