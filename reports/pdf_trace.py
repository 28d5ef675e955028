"""What the trace found, arranged for print."""

from collections.abc import Sequence
from dataclasses import asdict

from governance.wording import influence_name, kind_name, phrase
from reports.figure import lineage_figure
from reports.pdf_blocks import Block, Json, bullets, heading, table_of, text
from unlearning.verification.wording import counted


def trace_blocks(document: Json) -> list[Block]:
    """The section on the trace: picture, artifacts, notes, gaps, and what the second trace left."""
    trace = document["trace"]
    return [
        text(
            f"{counted(trace['records_found'], 'record')} in"
            f" {counted(trace['datasets_examined'], 'indexed data set')}."
            f" Lineage snapshot {trace['snapshot_hash']}."
        ),
        *_figure(document),
        *table_of(
            "Affected artifacts, each with one path from a record to it",
            ["Artifact", "Kind", "Influence", "Certainty", "Path"],
            [4, 3, 3, 2, 6],
            [
                [
                    item["name"],
                    kind_name(item["kind"]),
                    ", ".join(influence_name(name) for name in item["influence"]),
                    phrase(item["certainty"]),
                    " → ".join(item["path"]),
                ]
                for item in document["affected_artifacts"]
            ],
        ),
        *_notes(document["notes"]),
        heading("Gaps in the lineage"),
        *_gaps(document["gaps"]),
        *_closing(document["closing_trace"]),
    ]


def _figure(document: Json) -> list[Block]:
    figure = lineage_figure(document["affected_artifacts"])
    if figure is None:
        return []
    return [{"kind": "figure", **asdict(figure)}]


def _notes(notes: Sequence[Json]) -> list[Block]:
    if not notes:
        return []
    said = [f"{item['artifact']}: {item['note']}" for item in notes]
    return [heading("Notes from the owner of the data"), bullets(said)]


def _gaps(gaps: Sequence[Json]) -> list[Block]:
    near = [gap for gap in gaps if gap["on_path"]]
    far = [gap for gap in gaps if not gap["on_path"]]
    if not gaps:
        return [text("None were found.")]
    return [
        *_gaps_at(
            "On the paths from the records, so that further artifacts may be affected:", near
        ),
        *_gaps_at("Elsewhere, where nothing can have come from the records that were found:", far),
    ]


def _gaps_at(where: str, gaps: Sequence[Json]) -> list[Block]:
    return [text(where), bullets(map(_gap, gaps))] if gaps else []


def _gap(gap: Json) -> str:
    return f"{gap['artifact']} ({gap['severity']} severity). {gap['hides']} {gap['remedy']}"


def _closing(closing: Json | None) -> list[Block]:
    if closing is None:
        return []
    left = [
        f"{item['name']} ({kind_name(item['kind'])}), influence {item['certainty']}"
        for item in closing["affected"]
    ]
    found = (
        [
            text("These artifacts still hold the records or may carry their influence:"),
            bullets(left),
        ]
        if left
        else [text("The second trace found no affected artifact in use.")]
    )
    return [heading("Traced again after the work"), *found]
