"""The answer of a trace as JSON."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from lineage.graph import Affected, BlockedLink, Impact
from lineage.models import Artifact, ArtifactRevision
from lineage.selectors.history import described


def impact_document(impact: Impact, as_of: datetime | None = None) -> dict[str, Any]:
    """Render an impact; every node of every path is spelled out, none is cut.

    Keys: ``as_of`` (the moment that was asked for, in UTC; null for now), ``records`` (record_id,
    segment, dataset_version), ``affected`` (artifact_id, kind, name, digest, influence, certainty,
    path of id, kind and name, rank, state, description in its owner's words, contact of a
    recipient), ``complete``, ``reasons``, ``gaps``, ``frontier``, ``blocked`` (upstream and
    downstream of id, kind and name, relation, evidence), ``cycles``, ``snapshot_hash``,
    ``datasets_examined``.

    Args:
        impact: The answer of a trace.
        as_of: The moment that the trace was asked for; names are those of then.
    """
    return {
        "as_of": as_of.astimezone(UTC).isoformat() if as_of else None,
        "records": [asdict(record) for record in impact.records],
        "affected": affected_documents(impact.affected, described(_on_paths(impact), as_of)),
        "complete": impact.complete,
        "reasons": list(impact.reasons),
        "gaps": [asdict(gap) for gap in impact.gaps],
        "frontier": named(impact.frontier, as_of),
        "blocked": blocked_documents(impact.blocked, as_of),
        "cycles": [list(cycle) for cycle in impact.cycles],
        "snapshot_hash": impact.snapshot_hash,
        "datasets_examined": impact.datasets_examined,
    }


def affected_documents(
    items: Collection[Affected], rows: Mapping[int, Artifact | ArtifactRevision]
) -> list[dict[str, Any]]:
    """Render affected artifacts.

    Args:
        items: All of them are rendered.
        rows: Every artifact on their paths, as it was on record at the moment asked for.
    """
    names = _names(rows)
    return [_affected(item, names) | _owners_words(rows[item.node.id].attributes) for item in items]


def blocked_documents(
    links: Collection[BlockedLink], as_of: datetime | None
) -> list[dict[str, Any]]:
    """Render links that evidence blocked, as what they join was on record at the moment."""
    ids = {node for link in links for node in (link.upstream, link.downstream)}
    names = _names(described(ids, as_of))
    return [
        {
            "upstream": names[link.upstream],
            "downstream": names[link.downstream],
            "relation": link.relation.value,
            "evidence": link.evidence,
        }
        for link in links
    ]


def _on_paths(impact: Impact) -> set[int]:
    return {node for item in impact.affected for node in item.path}


def named(ids: Collection[int], as_of: datetime | None) -> list[dict[str, Any]]:
    """Id, name and kind of artifacts, in the order of their ids as given."""
    names = _names(described(ids, as_of))
    return [names[pk] for pk in ids]


def _names(rows: Mapping[int, Artifact | ArtifactRevision]) -> dict[int, dict[str, Any]]:
    return {pk: {"id": pk, "name": row.name, "kind": row.kind} for pk, row in rows.items()}


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
