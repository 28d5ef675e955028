"""The data steps are reported as any OpenLineage pipeline would report them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.company import (
    cache_features,
    log_losses,
    prepare_data,
    prepare_digits,
    share_with_partner,
    synthesize,
)
from examples.company.datasets import CUSTOMERS, IMAGES, SYNTHETIC, write_dataset
from examples.company.events import Written, emit_dataset
from lineage.terms import read_facet
from tests.examples.receiver import Receiver, facet, receiving
from unlearning.data import RecordView


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def lay_down(dataset: Written) -> Written:
    """Write a dataset without rows where its event says it is."""
    index = dataset.record_index or SYNTHETIC
    write_dataset(dataset.directory, [], columns=(), index=index)
    return dataset


def emitted(receiver: Receiver, dataset: Written) -> dict[str, Any]:
    """Return the COMPLETE event of a dataset."""
    emit_dataset(lay_down(dataset), url=receiver.url, api_key="vst_key")
    return receiver.events[-1]


def test_the_second_version_says_what_it_holds_and_where_it_came_from(
    receiver: Receiver, tmp_path: Path
) -> None:
    emitted(receiver, prepare_data.written(tmp_path, "adult-v2"))

    start, complete = receiver.events
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert receiver.keys == {"Bearer vst_key"}
    assert [dataset["name"] for dataset in complete["inputs"]] == ["adult-v1"]
    facets = complete["outputs"][0]["facets"]
    assert facets["dataSource"]["uri"] == (tmp_path / "adult-v2").as_uri()
    assert facets["version"]["datasetVersion"] == "1"
    assert facet(complete, "vestige_recordIndex") == CUSTOMERS
    assert read_facet(facet(complete, "vestige_terms"))[0].purposes == ("training",)
    assert "vestige_artifact" not in facets, "a version to train on needs no word"


def test_sent_again_the_events_are_the_same_events(receiver: Receiver, tmp_path: Path) -> None:
    dataset = lay_down(prepare_data.written(tmp_path, "adult-v1"))
    for _ in range(2):
        emit_dataset(dataset, url=receiver.url, api_key="vst_key")

    assert receiver.events[:2] == receiver.events[2:]


def test_the_digits_say_what_they_are_and_that_their_owners_are_made_up(
    receiver: Receiver, tmp_path: Path
) -> None:
    for name, kind in (("digits-v1", "dataset_version"), ("digits-eval", "evaluation_set")):
        event = emitted(receiver, prepare_digits.written(tmp_path, name))

        assert facet(event, "vestige_artifact") == {"kind": kind}
        assert facet(event, "vestige_recordIndex") == IMAGES
        assert "assigned to people at random" in facet(event, "documentation")["description"]


def test_a_log_a_cache_and_an_evaluation_set_are_called_so(
    receiver: Receiver, tmp_path: Path
) -> None:
    log = emitted(receiver, log_losses.written(tmp_path / "data"))
    cache = emitted(receiver, cache_features.written(tmp_path / "data"))
    held_out = emitted(receiver, prepare_data.written(tmp_path / "data", "adult-holdout"))

    assert facet(log, "vestige_artifact") == {"kind": "log"}
    mirror = (tmp_path / "mirror" / "adult-features").as_uri()
    assert facet(cache, "vestige_artifact") == {"kind": "cache", "copies": [mirror]}
    assert facet(held_out, "vestige_artifact") == {"kind": "evaluation_set"}
    for event in (log, cache):
        assert [dataset["name"] for dataset in event["inputs"]] == ["adult-v1"]
        assert facet(event, "vestige_recordIndex") == CUSTOMERS


def test_the_recipient_of_a_copy_is_named_with_an_address(
    receiver: Receiver, tmp_path: Path
) -> None:
    event = emitted(receiver, share_with_partner.written(tmp_path / "data"))

    assert event["outputs"][0]["name"] == "lakeside-insights"
    assert [dataset["name"] for dataset in event["inputs"]] == ["adult-v2"]
    assert facet(event, "vestige_artifact") == {
        "kind": "recipient",
        "displayName": "Lakeside Insights",
        "contact": "mailto:privacy@lakeside.example",
    }
    assert "vestige_recordIndex" not in event["outputs"][0]["facets"]


def test_made_up_rows_name_the_model_that_they_were_sampled_from(
    receiver: Receiver, tmp_path: Path
) -> None:
    event = emitted(receiver, synthesize.written(tmp_path / "adult-synthetic", "m-1", rows=9))

    assert event["inputs"] == []
    synthesis = facet(event, "vestige_artifact")["synthesis"]
    assert synthesis["model"] == "m-1"
    assert synthesis["params"] == {"rows": "9"}
    assert synthesis["policy"] == "regenerate"


def test_a_copy_for_the_partner_and_a_mirror_of_the_cache_lie_outside_the_data(
    company_data: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(company_data, data)

    share_with_partner.main(["--data", str(data)])
    cache_features.main(["--data", str(data)])

    copy = share_with_partner.folder_of(data)
    assert RecordView.open(copy).ids == RecordView.open(data / "adult-v2").ids
    mirror, cache = cache_features.mirror_of(data), data / "adult-features"
    for folder in (copy, mirror):
        assert data not in folder.parents
    assert RecordView.open(cache).records == RecordView.open(mirror).records
    assert RecordView.open(cache).ids == RecordView.open(data / "adult-v1").ids
