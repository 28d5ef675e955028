"""Records are read by id: files in another order are the same records."""

from pathlib import Path

import pytest

from tests.unlearning.tiny import write_dataset
from unlearning.data import DatasetError, RecordView, local_path


def test_files_in_another_order_are_the_same_view(tmp_path: Path) -> None:
    forward = RecordView.open(write_dataset(tmp_path / "a"))
    backward = RecordView.open(write_dataset(tmp_path / "b", reverse=True))

    assert forward.records == backward.records


def test_an_excluded_record_is_as_if_it_were_not_in_the_file(tmp_path: Path) -> None:
    excluded = RecordView.open(write_dataset(tmp_path / "a"), exclude={"R-007"})
    absent = RecordView.open(write_dataset(tmp_path / "b", without={"R-007"}))

    assert excluded.records == absent.records
    assert [record.id for record in excluded.excluded] == ["R-007"]
    assert excluded.manifest()["records_digest"] == absent.manifest()["records_digest"]


def test_a_file_uri_is_a_path(tmp_path: Path) -> None:
    directory = write_dataset(tmp_path / "with space")

    assert local_path(directory.as_uri()) == directory
    assert len(RecordView.open(directory.as_uri()).records) == 60


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    nameless = write_dataset(tmp_path / "nameless")
    (nameless / "segment-0000.csv").write_text("number,a\n,1\n")

    with pytest.raises(DatasetError, match=r"record-index\.json"):
        RecordView.open(empty)
    with pytest.raises(DatasetError, match="row without number"):
        RecordView.open(nameless)
    with pytest.raises(DatasetError, match="not a local directory"):
        RecordView.open("s3://bucket/data")
    with pytest.raises(DatasetError, match="no dataset"):
        RecordView.open()
