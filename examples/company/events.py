"""Reports the data step to Vestige with the OpenLineage client, as any pipeline would."""

from collections.abc import Mapping
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
)
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport

from unlearning.data import DESCRIPTION_FILE

NAMESPACE = "example-company"
PRODUCER = "https://example.org/company/prepare-data"
#: Which dataset each dataset was made from.
MADE_FROM = {"adult-v2": "adult-v1"}


def emit_dataset(
    directory: Path, record_index: Mapping[str, object], *, url: str, api_key: str
) -> None:
    """Emit START and COMPLETE of the job that wrote one dataset.

    Run id and time follow from the directory, so sending the events again sends the same events.
    """
    client = OpenLineageClient(
        transport=HttpTransport(
            HttpConfig(url=url, timeout=30, auth=ApiKeyTokenProvider({"apiKey": api_key}))
        )
    )
    written = (directory / DESCRIPTION_FILE).stat().st_mtime
    source = MADE_FROM.get(directory.name)
    inputs = [_input(directory.with_name(source))] if source else []
    for state in (RunState.START, RunState.COMPLETE):
        client.emit(
            RunEvent(
                eventType=state,
                eventTime=datetime.fromtimestamp(written, UTC).isoformat(),
                run=Run(runId=str(uuid5(NAMESPACE_URL, f"{directory.as_uri()}@{written}"))),
                job=Job(namespace=NAMESPACE, name=f"prepare-{directory.name}"),
                inputs=inputs,
                outputs=[_output(directory, record_index)],
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


def _output(directory: Path, record_index: Mapping[str, Any]) -> OutputDataset:
    index = DatasetFacet(producer=PRODUCER).with_additional_properties(**record_index)
    facets = {**_facets(directory), "vestige_recordIndex": cast("DatasetFacet", index)}
    return OutputDataset(namespace=NAMESPACE, name=directory.name, facets=facets)
