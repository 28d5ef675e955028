"""Reading facets, whose shape nobody has checked: they may hold anything."""

from collections.abc import Mapping
from typing import Any

#: An event, or a part of it, after the check of the core schema.
Json = Mapping[str, Any]


def facets_of(owner: Json) -> dict[str, Any]:
    """Facets that are in force; ``_deleted: true`` takes one away."""
    return {
        name: facet
        for name, facet in (owner.get("facets") or {}).items()
        if not facet.get("_deleted")
    }


def objects(value: object) -> list[Json]:
    """The JSON objects in a list; anything else is passed over."""
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def value_at(value: object, *keys: str) -> Any:  # noqa: ANN401 - JSON is any value
    """Follow keys through nested objects; None where the shape is another."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def text_at(value: object, *keys: str) -> str:
    """Follow keys to a string; empty where there is none."""
    found = value_at(value, *keys)
    return found if isinstance(found, str) else ""


def names_in(values: object) -> set[tuple[str, str]]:
    """Namespace and name of those objects in a list that have both."""
    return {
        (text_at(item, "namespace"), text_at(item, "name"))
        for item in objects(values)
        if text_at(item, "name")
    }
