"""A drawn part of the graph as a page shows it: boxes with labels, and wires. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lineage.layout import Metrics, draw

#: Narrow enough that six ranks stand beside each other on an ordinary screen.
SIZES = Metrics(box_width=178, box_height=46, gap_along=34, gap_across=14, margin=12)
_LABEL_LENGTH = 20


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One thing to draw."""

    #: Unique within the drawing.
    id: int
    kind: str
    name: str
    #: Where the box leads.
    href: str
    #: The drawing is about this one.
    here: bool = False


@dataclass(frozen=True, kw_only=True)
class GraphBox:
    """One thing where it stands; ``x`` and ``y`` are its upper left corner."""

    item: Drawn
    #: The name, cut to the width of the box.
    label: str
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The drawing; sizes in user units."""

    width: float
    height: float
    box_width: int
    box_height: int
    boxes: tuple[GraphBox, ...]
    #: SVG path data, one an edge.
    wires: tuple[str, ...]
    #: The kinds that are drawn, for the legend, in the order they first appear.
    kinds: tuple[str, ...]


def draw_graph(items: Sequence[Drawn], edges: Iterable[tuple[int, int]]) -> Graph:
    """Lay the items out, what came first on the left.

    Args:
        items: What to draw, in the order in which ties are settled.
        edges: Pairs of ids of items, from what was used to what came of it.
    """
    drawing = draw([item.id for item in items], edges, metrics=SIZES)
    boxes = tuple(
        GraphBox(item=item, label=_cut(item.name), x=box.x, y=box.y)
        for box, item in zip(drawing.boxes, items, strict=True)
    )
    across = sorted(boxes, key=lambda box: (box.x, box.y))
    return Graph(
        width=drawing.width,
        height=drawing.height,
        box_width=SIZES.box_width,
        box_height=SIZES.box_height,
        boxes=boxes,
        wires=tuple(wire.path for wire in drawing.wires),
        kinds=tuple(dict.fromkeys(box.item.kind for box in across)),
    )


def _cut(name: str) -> str:
    """Shorten in the middle: the end of a name often tells versions apart."""
    if len(name) <= _LABEL_LENGTH:
        return name
    half = (_LABEL_LENGTH - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
