"""The answer of a trace as JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lineage.graph import Affected, Impact
from lineage.models import Artifact


def impact_document(impact: Impact) -> dict[str, Any]:
    """Render an impact; every node of every path is spelled out, none is cut.

    Keys: ``records`` (record_id, segment, dataset_version), ``affected`` (artifact_id, kind, name,
    digest, influence, certainty, path of id, kind and name, rank, state, description in its
    owner's words, contact of a recipient), ``complete``, ``reasons``, ``gaps``, ``frontier``,
    ``cycles``, ``snapshot_hash``, ``datasets_examined``.
    """
    ids = {node for item in impact.affected for node in item.path} | set(impact.frontier)
    rows = {row.pk: row for row in Artifact.objects.filter(pk__in=ids)}
    names = {pk: {"id": pk, "name": row.name, "kind": row.kind} for pk, row in rows.items()}
    return {
        "records": [asdict(record) for record in impact.records],
        "affected": [
            _affected(item, names) | _owners_words(rows[item.node.id].attributes)
            for item in impact.affected
        ],
        "complete": impact.complete,
        "reasons": list(impact.reasons),
        "gaps": [asdict(gap) for gap in impact.gaps],
        "frontier": [names[node] for node in impact.frontier],
        "cycles": [list(cycle) for cycle in impact.cycles],
        "snapshot_hash": impact.snapshot_hash,
        "datasets_examined": impact.datasets_examined,
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


def _owners_words(attributes: Mapping[str, Any]) -> dict[str, str]:
    """What the owner of an artifact says of it; empty where nothing is recorded."""
    return {key: str(attributes.get(key) or "") for key in ("description", "contact")}
