"""Numbers of the findings in one shape: a measure before, after, and of the retrained reference."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.facts import FindingFacts

MOMENTS = ("before", "after", "reference")
#: The finding whose numbers stand in a table of their own, record by record.
REPLICAS = "replica_membership"


def measurements(findings: Sequence[FindingFacts]) -> list[dict[str, Any]]:
    """Tabulate every finding whose data hold values before, after or of a reference.

    A payload may hold ``{"before": 0.61, "after": 0.52}``, ``{"before": {"auc": 0.61, …}, …}`` or
    groups of these, ``{"retained": {"before": …}, …}``; each number becomes one cell.

    Returns:
        Rows of ``artifact``, ``evidence``, ``measure`` and the three moments (None: not measured).
    """
    return [row for item in findings if item.kind != REPLICAS for row in _rows(item)]


def _rows(item: FindingFacts) -> Iterator[dict[str, Any]]:
    for group, payload in _groups(item.payload):
        columns = {moment: _numbers(payload.get(moment)) for moment in MOMENTS}
        # Sorted: a database and canonical JSON give the keys of one payload in different orders.
        for measure in sorted({name for column in columns.values() for name in column}):
            yield {
                "artifact": item.artifact,
                "evidence": item.kind,
                "measure": f"{group} {measure}".strip().replace("_", " "),
                **{moment: columns[moment].get(measure) for moment in MOMENTS},
            }


def _groups(payload: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every mapping at or below the payload that compares moments, by the names that lead to it."""
    if any(moment in payload for moment in MOMENTS):
        yield name, payload
    for key, inner in sorted(payload.items()):
        if key not in MOMENTS and isinstance(inner, Mapping):
            yield from _groups(inner, f"{name} {key}".strip())


def _numbers(value: object, name: str = "") -> dict[str, float | int]:
    """Numbers below a payload value, by the names that lead to them."""
    if isinstance(value, Mapping):
        found: dict[str, float | int] = {}
        for key, inner in value.items():
            found |= _numbers(inner, f"{name} {key}".strip())
        return found
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {name: value}
    return {}
