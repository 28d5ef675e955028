"""Merging observations so that order and repetition do not matter.

Every field is a last-writer-wins register (Shapiro et al., "Conflict-free Replicated Data Types",
2011): the newest observation wins, equal times fall to the larger value. Times of beginning
take the minimum, times of ending the maximum. All three are commutative, associative and
idempotent, so a replayed or reordered stream leads to the same graph.
"""

import json
from collections.abc import Mapping, MutableMapping
from datetime import datetime

#: Times that keep their latest value; every other time keeps its earliest.
LATEST = frozenset({"ended_at"})
EMPTY: tuple[object, ...] = (None, "")


def merge(
    fields: MutableMapping[str, object],
    stamps: MutableMapping[str, str],
    seen: Mapping[str, object],
    observed_at: datetime,
) -> None:
    """Merge one observation into a row's fields, in place.

    Args:
        fields: The row's values by name; nested names are written ``attributes.model_id``.
        stamps: Per field, when its value was observed (ISO 8601, UTC).
        seen: The observed values; None and the empty string say nothing.
        observed_at: When they were observed; aware.
    """
    for name, value in seen.items():
        if value in EMPTY:
            continue
        before = fields.get(name)
        if isinstance(value, datetime):
            fields[name] = _outermost(name, before, value)
            continue
        stamp = observed_at.isoformat()
        if before in EMPTY or _weight(stamp, value) > _weight(stamps.get(name, ""), before):
            fields[name] = value
            stamps[name] = stamp


def _outermost(name: str, before: object, value: datetime) -> datetime:
    """The earlier of two beginnings, or the later of two ends."""
    if not isinstance(before, datetime):
        return value
    return max(before, value) if name in LATEST else min(before, value)


def _weight(stamp: str, value: object) -> tuple[float, str]:
    moment = datetime.fromisoformat(stamp).timestamp() if stamp else float("-inf")
    return moment, json.dumps(value, sort_keys=True, default=str)
