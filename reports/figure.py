"""The lineage of the affected artifacts as one picture, for print and screen alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from governance.wording import kind_name
from lineage.layout import Box, Drawing, Metrics, draw
from reports.printing import printable

#: Narrow boxes, so that six ranks fit across a page.
METRICS = Metrics(box_width=148, box_height=40, gap_along=30, gap_across=12, margin=4)
#: Characters that fit into a box.
ROOM = 24
INK, SOFT, LINE, PAPER = "#15212b", "#485762", "#8a9aa3", "#ffffff"
#: Border by what a kind is: data, model, or a place where people meet it.
BORDERS = {"product": "#47298c", "recipient": "#6b3d04"}
MODEL_KINDS = frozenset(
    {
        "model",
        "fine_tune",
        "adapter",
        "distilled",
        "merged",
        "quantized",
        "reward_model",
        "checkpoint",
        "embedding_index",
    }
)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture with the words for those who cannot see it."""

    svg: str
    alt: str
    caption: str
    #: Size in units of the drawing.
    width: float
    height: float


def lineage_figure(affected: Sequence[Mapping[str, Any]]) -> Figure | None:
    """Draw how the records reached each artifact, along the paths of the report.

    Args:
        affected: The document's affected artifacts, each with ``name``, ``kind`` and ``path``.

    Returns:
        None where there is nothing to draw.
    """
    kinds = {printable(item["name"]): item["kind"] for item in affected}
    paths = [[printable(name) for name in item["path"]] for item in affected]
    nodes = list(dict.fromkeys(name for path in paths for name in path))
    edges = list(dict.fromkeys(edge for path in paths for edge in pairwise(path)))
    if not edges:
        return None
    steps = "; ".join(f"{tail} leads to {head}" for tail, head in edges)
    drawing = draw(nodes, edges, metrics=METRICS)
    return Figure(
        svg=_svg(drawing, kinds),
        alt=f"Lineage of the affected artifacts: {steps}.",
        caption="How the records reached each artifact, from left to right",
        width=drawing.width,
        height=drawing.height,
    )


def _svg(drawing: Drawing, kinds: Mapping[str, str]) -> str:
    wires = "".join(
        f'<path d="{wire.path}" fill="none" stroke="{LINE}" stroke-width="1.5"/>'
        for wire in drawing.wires
    )
    boxes = "".join(_box(box, kinds.get(str(box.node), "")) for box in drawing.boxes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{drawing.width:g}"'
        f' height="{drawing.height:g}" viewBox="0 0 {drawing.width:g} {drawing.height:g}"'
        f' font-family="Libertinus Serif">{wires}{boxes}</svg>'
    )


def _box(box: Box, kind: str) -> str:
    border = BORDERS.get(kind, "#14532d" if kind in MODEL_KINDS else "#0f4373")
    left = box.x + 8
    return (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{METRICS.box_width}"'
        f' height="{METRICS.box_height}" rx="4" fill="{PAPER}" stroke="{border}"/>'
        f'<text x="{left:g}" y="{box.y + 16:g}" font-size="13" fill="{INK}">'
        f"{escape(_fitted(str(box.node)))}</text>"
        f'<text x="{left:g}" y="{box.y + 31:g}" font-size="11" fill="{SOFT}">'
        f"{escape(kind_name(kind) if kind else '')}</text>"
    )


def _fitted(name: str) -> str:
    """A name that fits its box; the middle goes first, as both ends tell artifacts apart."""
    if len(name) <= ROOM:
        return name
    half = (ROOM - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
