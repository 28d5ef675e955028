"""The answer of a trace as JSON."""

from dataclasses import asdict
from typing import Any

from lineage.graph import Affected, Impact
from lineage.models import Artifact


def impact_document(impact: Impact) -> dict[str, Any]:
    """Render an impact; every node of every path is spelled out, none is cut.

    Keys: ``records`` (record_id, segment, dataset_version), ``affected`` (artifact_id, kind, name,
    digest, influence, certainty, path of id, kind and name, rank, state), ``complete``,
    ``reasons``, ``gaps``, ``frontier``, ``cycles``, ``snapshot_hash``.
    """
    ids = {node for item in impact.affected for node in item.path} | set(impact.frontier)
    rows = Artifact.objects.filter(pk__in=ids).values("id", "name", "kind")
    names: dict[int, dict[str, Any]] = {row["id"]: dict(row) for row in rows}
    return {
        "records": [asdict(record) for record in impact.records],
        "affected": [_affected(item, names) for item in impact.affected],
        "complete": impact.complete,
        "reasons": list(impact.reasons),
        "gaps": [asdict(gap) for gap in impact.gaps],
        "frontier": [names[node] for node in impact.frontier],
        "cycles": [list(cycle) for cycle in impact.cycles],
        "snapshot_hash": impact.snapshot_hash,
    }


def _affected(item: Affected, names: dict[int, dict[str, Any]]) -> dict[str, Any]:
    return {
        "artifact_id": item.node.id,
        "kind": item.node.kind.value,
        "name": item.node.name,
        "digest": item.node.digest,
        "state": item.node.state,
        "influence": [influence.value for influence in item.influence],
        "certainty": item.certainty,
        "path": [names[node] for node in item.path],
        "rank": item.rank,
    }
