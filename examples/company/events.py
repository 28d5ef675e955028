"""Reports the data steps to Vestige with the OpenLineage client, as any pipeline would."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import NAMESPACE_URL, uuid5

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
)
from openlineage.client.facet_v2 import (
    DatasetFacet,
    dataset_version_dataset,
    datasource_dataset,
    documentation_dataset,
)
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport

from unlearning.data import DESCRIPTION_FILE

NAMESPACE = "example-company"
PRODUCER = "https://example.org/company/pipeline"
#: Facet ``vestige_terms`` of everything that the company keeps; like its people, made up.
TERMS = {
    "legalBasis": "legitimate_interests",
    "purposes": ["training"],
    "retentionUntil": "2036-12-31",
}


@dataclass(frozen=True, kw_only=True)
class Written:
    """A dataset that a job wrote, and what its event says of it."""

    #: Its folder; the folder's name is the dataset's.
    directory: Path
    job: str
    #: What the dataset holds and where it came from, in one or two sentences for people.
    description: str
    #: Facet ``vestige_recordIndex``; None where no row is a person's, or where nobody may look.
    record_index: Mapping[str, object] | None = None
    #: Folders of the datasets that the job read.
    made_from: tuple[Path, ...] = ()
    #: Facet ``vestige_artifact``: what kind of dataset it is; empty for a version to train on.
    artifact: Mapping[str, object] = field(default_factory=dict)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a script take where Vestige answers."""
    parser.add_argument("--vestige", default=os.environ.get("VESTIGE_URL", ""))
    parser.add_argument("--api-key", default=os.environ.get("VESTIGE_API_KEY", ""))


def report(options: argparse.Namespace, *datasets: Written) -> None:
    """Emit the events of datasets, where a script was told about Vestige."""
    if options.vestige:
        for written in datasets:
            emit_dataset(written, url=options.vestige, api_key=options.api_key)


def emit_dataset(written: Written, *, url: str, api_key: str) -> None:
    """Emit START and COMPLETE of the job that wrote one dataset.

    Run id and time follow from the directory, so sending the events again sends the same events.
    """
    client = OpenLineageClient(
        transport=HttpTransport(
            HttpConfig(url=url, timeout=30, auth=ApiKeyTokenProvider({"apiKey": api_key}))
        )
    )
    directory = written.directory
    at = (directory / DESCRIPTION_FILE).stat().st_mtime
    for state in (RunState.START, RunState.COMPLETE):
        client.emit(
            RunEvent(
                eventType=state,
                eventTime=datetime.fromtimestamp(at, UTC).isoformat(),
                run=Run(runId=str(uuid5(NAMESPACE_URL, f"{directory.as_uri()}@{at}"))),
                job=Job(namespace=NAMESPACE, name=written.job),
                inputs=[_input(source) for source in written.made_from],
                outputs=[_output(written)],
                producer=PRODUCER,
            )
        )


def _facets(directory: Path) -> dict[str, DatasetFacet]:
    return {
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion="1"),
        "dataSource": datasource_dataset.DatasourceDatasetFacet(
            name=directory.name, uri=directory.as_uri()
        ),
    }


def _input(directory: Path) -> InputDataset:
    return InputDataset(namespace=NAMESPACE, name=directory.name, facets=_facets(directory))


def _output(written: Written) -> OutputDataset:
    facets = _facets(written.directory)
    facets["documentation"] = documentation_dataset.DocumentationDatasetFacet(
        description=written.description
    )
    if written.record_index is not None:
        facets["vestige_recordIndex"] = _own_facet(written.record_index)
    if written.artifact.get("kind") != "recipient":
        facets["vestige_terms"] = _own_facet(TERMS)
    if written.artifact:
        facets["vestige_artifact"] = _own_facet(written.artifact)
    return OutputDataset(namespace=NAMESPACE, name=written.directory.name, facets=facets)


def _own_facet(values: Mapping[str, Any]) -> DatasetFacet:
    facet = DatasetFacet(producer=PRODUCER).with_additional_properties(**values)
    return cast("DatasetFacet", facet)
