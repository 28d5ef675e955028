"""A finding's data as tables that people can read: any JSON in, rows of text out. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

#: Values of a list that one cell spells out; the rest are counted.
MOST_VALUES = 12

#: Keys that lead a table, in this order: the database gives keys back by length, not by meaning.
LEADING = ("location", "before", "after", "reference", "control")

Cell: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class PayloadTable:
    """One table; without columns every row is a name and a value."""

    #: What the rows are about, as a key of the payload; empty for the payload itself.
    title: str
    #: Keys of the columns after the first; empty for plain facts.
    columns: tuple[str, ...]
    #: Each row: its key, then its cells.
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def tables_of(payload: Mapping[str, Any]) -> tuple[PayloadTable, ...]:
    """Lay a payload out, the plain facts first.

    >>> tables_of({"rows": 3, "before": {"auc": 0.6}, "after": {"auc": 0.5}})[1].columns
    ('before', 'after')
    """
    facts = tuple((key, (_cell(value),)) for key, value in payload.items() if _is_plain(value))
    found = [PayloadTable(title="", columns=(), rows=facts)] if facts else []
    return (*found, *_nested(payload))


def _nested(payload: Mapping[str, Any]) -> Iterator[PayloadTable]:
    objects = {key: value for key, value in payload.items() if isinstance(value, Mapping) and value}
    flat = {key: value for key, value in objects.items() if _all_plain(value.values())}
    if len(flat) > 1:
        yield _side_by_side("", flat)
    for key, value in payload.items():
        if key in flat:
            if len(flat) == 1:
                yield PayloadTable(title=key, columns=(), rows=_facts(value))
        elif key in objects:
            yield from _deeper(key, value)
        elif not _is_plain(value) and isinstance(value, Sequence):
            yield _listed(key, value)


def _deeper(key: str, value: Mapping[str, Any]) -> Iterator[PayloadTable]:
    """An object that holds objects: side by side where that is all it holds."""
    inner = {name: item for name, item in value.items() if isinstance(item, Mapping)}
    if inner and all(_all_plain(item.values()) for item in inner.values()):
        rest = {name: item for name, item in value.items() if name not in inner}
        if _all_plain(rest.values()):
            if rest:
                yield PayloadTable(title=key, columns=(), rows=_facts(rest))
            yield _side_by_side(key, inner)
            return
    for table in tables_of(value):
        title = f"{key} {table.title}".strip()
        yield PayloadTable(title=title, columns=table.columns, rows=table.rows)


def _side_by_side(title: str, objects: Mapping[str, Mapping[str, Any]]) -> PayloadTable:
    """One column an object, one row a key that any of them has."""
    names = dict.fromkeys(name for item in objects.values() for name in item)
    columns = _ordered(objects)
    return PayloadTable(
        title=title,
        columns=columns,
        rows=tuple(
            (name, tuple(_cell(objects[column].get(name)) for column in columns)) for name in names
        ),
    )


def _listed(title: str, items: Sequence[Any]) -> PayloadTable:
    """One row an item; its keys are the columns."""
    objects = [item if isinstance(item, Mapping) else {"value": item} for item in items]
    columns = _ordered(dict.fromkeys(name for item in objects for name in item))
    return PayloadTable(
        title=title,
        columns=columns,
        rows=tuple(
            (str(number), tuple(_cell(item.get(name)) for name in columns))
            for number, item in enumerate(objects, 1)
        ),
    )


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    """The leading keys first, the others as they come."""
    found = tuple(names)
    leading = tuple(name for name in LEADING if name in found)
    return leading + tuple(name for name in found if name not in leading)


def _facts(value: Mapping[str, Any]) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
    return tuple((name, (_cell(item),)) for name, item in value.items())


def _is_plain(value: object) -> bool:
    """Whether one cell can hold the value: a scalar, or a list of scalars, or nothing."""
    if isinstance(value, str) or not isinstance(value, Mapping | Sequence):
        return True
    return not value or (isinstance(value, Sequence) and all(_is_scalar(item) for item in value))


def _all_plain(values: Iterable[object]) -> bool:
    return all(_is_plain(value) for value in values)


def _is_scalar(value: object) -> bool:
    return isinstance(value, str) or not isinstance(value, Mapping | Sequence)


def _cell(value: object) -> Cell:
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items()) or None
    if isinstance(value, Sequence):
        said = ", ".join(str(item) for item in value[:MOST_VALUES])
        more = len(value) - MOST_VALUES
        return f"{said} and {more} more" if more > 0 else said or None
    return str(value)
