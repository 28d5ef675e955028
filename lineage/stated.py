"""A trace as reports state it, and the digest by which the ledger binds it: pure.

Written when a trace is recorded, read again by the offline verifier; both sides therefore reduce
the impact in the one way that stands here. It leaves out ids of one database and record ids.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785

Json = Mapping[str, Any]


def stated_trace(impact: Json) -> dict[str, Any]:
    """Reduce an impact document to what a report says of it.

    Args:
        impact: ``lineage.selectors.impact_document``.

    Returns:
        JSON values: ``snapshot_hash``, ``complete``, ``reasons``, ``records_found``,
        ``datasets_examined``, ``affected`` and ``gaps``; ``undecided_duplicates`` where there were
        any.
    """
    undecided = int(impact.get("undecided_duplicates", 0))
    return {
        "snapshot_hash": impact["snapshot_hash"],
        "complete": bool(impact["complete"]),
        "reasons": list(impact["reasons"]),
        "records_found": len(impact["records"]),
        "datasets_examined": impact["datasets_examined"],
        "affected": [_affected(item) for item in impact["affected"]],
        "gaps": [dict(gap) for gap in impact["gaps"]],
        **({"undecided_duplicates": undecided} if undecided else {}),
    }


def stated_digest(stated: Json) -> str:
    """SHA-256 of the canonical JSON (RFC 8785) of a stated trace, in hex."""
    return hashlib.sha256(rfc8785.dumps(dict(stated))).hexdigest()


def _affected(item: Json) -> dict[str, Any]:
    return {
        "kind": item["kind"],
        "name": item["name"],
        "digest": item.get("digest", ""),
        "influence": list(item["influence"]),
        "certainty": item.get("certainty", "certain"),
        "path": [node["name"] for node in item["path"]],
        "description": str(item.get("description") or ""),
    }
