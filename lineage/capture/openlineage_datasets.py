"""Datasets of OpenLineage events as observations, and what is unusable of their facets."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime

from lineage.capture.artifact_facet import FACET as ARTIFACT_FACET
from lineage.capture.artifact_facet import Declared, read_artifact_facet
from lineage.capture.facets import Json, facets_of, text_at, value_at
from lineage.capture.locations import normalise_location
from lineage.capture.observations import ActivityKey, ObservedArtifact
from lineage.graph import ROW_HOLDERS, ArtifactKind
from lineage.records import RecordFormat, RecordLayout, layout_document
from lineage.terms import FACET as TERMS_FACET
from lineage.terms import TOLD, as_facet, read_facet

#: Names that did not fit are replaced by their hash; the clear name stays in the attributes.
LONGEST_IDENTITY = 500
LONGEST_NAME = 300
#: Our facet on a dataset: its rows are people's records (format, subjectColumns, recordIdColumn).
RECORD_INDEX_FACET = "vestige_recordIndex"
#: Formats of files that an announced dataset is read in.
FORMATS = tuple(form.value for form in RecordFormat if form is not RecordFormat.SQL)


def dataset_identity(dataset: Json) -> str:
    """The one name of a dataset version: ``dataset:<namespace>/<name>@<version>``.

    A dataset without the ``version`` facet is one name for all times. Between two redactions it is
    one node (``lineage.services.standing``), which at worst lists too much as affected.
    """
    version = text_at(facets_of(dataset), "version", "datasetVersion")
    wanted = f"dataset:{dataset['namespace']}/{dataset['name']}@{version or 'unversioned'}"
    if len(wanted) <= LONGEST_IDENTITY:
        return wanted
    return f"dataset:sha256:{hashlib.sha256(wanted.encode()).hexdigest()}"


def declared(dataset: Json) -> Declared:
    """What the owner of a dataset says that it is."""
    return read_artifact_facet(facets_of(dataset).get(ARTIFACT_FACET))


def map_dataset(
    dataset: Json, at: datetime, *, made_by: ActivityKey | None, made_at: datetime | None
) -> ObservedArtifact:
    """Map one dataset of an event.

    Args:
        dataset: An input, an output, or the dataset of a dataset event.
        at: Time of the event.
        made_by: The run, where it is an output.
        made_at: When it was made, where the event tells.
    """
    facets = facets_of(dataset)
    says = declared(dataset)
    version = text_at(facets, "version", "datasetVersion")
    name = str(dataset["name"])
    return ObservedArtifact(
        identity=dataset_identity(dataset),
        kind=says.kind or ArtifactKind.DATASET_VERSION,
        observed_at=at,
        name=(says.display_name or (f"{name}@{version}" if version else name))[-LONGEST_NAME:],
        location=_location(dataset, facets),
        made_by=made_by,
        occurred_at=made_at,
        attributes={
            "namespace": dataset["namespace"],
            "dataset": name,
            "version": version or None,
            "record_index": record_index(facets.get(RECORD_INDEX_FACET)),
            "lifecycle": text_at(facets, "lifecycleStateChange", "lifecycleStateChange"),
            "symlinks": value_at(facets, "symlinks", "identifiers"),
            "description": text_at(facets, "documentation", "description"),
            TOLD: as_facet(read_facet(facets.get(TERMS_FACET, {}))[0]) or None,
        }
        | _declared_attributes(says),
    )


def _declared_attributes(says: Declared) -> dict[str, object]:
    """What the owner says, in the words of the graph; None says nothing."""
    misread = any(place.startswith("/copies") for place, _ in says.problems)
    return {
        "declared_kind": says.kind.value if says.kind else None,
        "copies": None if says.copies is None else list(says.copies),
        "unreadable_copies": misread if misread or says.copies is not None else None,
        "contact": says.contact,
        "synthesis": says.synthesis,
    }


def _location(dataset: Json, facets: Json) -> str:
    """The URI of the data source where it names a place, else namespace and name."""
    uri = text_at(facets, "dataSource", "uri")
    if "/" in uri:
        return normalise_location(uri)[:1000]
    namespace, name = str(dataset["namespace"]), str(dataset["name"])
    if namespace == "file" or namespace.startswith("file:"):
        return normalise_location(name if name.startswith("/") else f"file:///{name}")[:1000]
    return normalise_location(f"{namespace}/{name}")[:1000]


def record_index(facet: object) -> dict[str, object] | None:
    """The facet ``vestige_recordIndex`` in the words of the graph; None where it is unusable."""
    if not isinstance(facet, Mapping) or facet.get("format") not in FORMATS:
        return None
    columns = facet.get("subjectColumns")
    record_id = facet.get("recordIdColumn")
    if not isinstance(columns, list) or not columns or not isinstance(record_id, str):
        return None
    if not all(isinstance(column, str) for column in columns):
        return None
    layout = RecordLayout(
        subject_columns=tuple(columns),
        record_id_column=record_id,
        format=RecordFormat(facet["format"]),
        unnamed_rows=facet.get("unnamedRows") is True,
        near_duplicates=facet.get("nearDuplicates") is True,
    )
    return layout_document(layout)


def facet_warnings(dataset: Json, pointer: str) -> Iterator[str]:
    """What is unusable of our facets on a dataset that lies at a JSON pointer of its event."""
    facet = facets_of(dataset).get(RECORD_INDEX_FACET)
    here = f"{pointer}/facets/{RECORD_INDEX_FACET}"
    says = declared(dataset)
    if facet is not None and record_index(facet) is None:
        yield (
            f"{here}: unusable; it needs format ({', '.join(FORMATS)}), subjectColumns and "
            "recordIdColumn. The rows will not be read."
        )
    elif facet is not None and says.kind is not None and says.kind not in ROW_HOLDERS:
        yield f"{here}: unused; of a {says.kind} no rows are read."
    _, unusable = read_facet(facets_of(dataset).get(TERMS_FACET, {}))
    for problem in unusable:
        yield f"{pointer}/facets/{TERMS_FACET}/{problem.field}: unusable; it {problem.rule}."
    for place, rule in says.problems:
        yield f"{pointer}/facets/{ARTIFACT_FACET}{place}: unusable; it {rule}."
