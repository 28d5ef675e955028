"""The rows that a training read, read again: possible only while the files are the same."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from lineage.capture.locations import local_path
from lineage.exposure import RowOrder, Shuffle, TrainingOrder, UnusableOrderError
from lineage.exposure.steps import Rows
from lineage.graph import Relation
from lineage.models import Artifact
from lineage.records import (
    MalformedRecordsError,
    RecordLayout,
    SegmentFile,
    layout_from,
    list_segments,
    read_rows,
)


class RowsNotAsReadError(Exception):
    """The rows of a dataset are not, or no longer, those of its version; the message says why."""


def ids_in_order(
    datasets: Sequence[Artifact], row_order: RowOrder, *, started_at: datetime | None
) -> tuple[str, ...]:
    """Read the record ids of datasets in the order in which a training holds them.

    Args:
        datasets: What the training read.
        row_order: Sorted by id, each id once, or as they stand in the files.
        started_at: When the training began.

    Raises:
        RowsNotAsReadError: The files are not those of the version, or several datasets are read
            in an order that was not recorded.
    """
    if row_order is RowOrder.FILE and len(datasets) > 1:
        raise RowsNotAsReadError(
            f"The training read {len(datasets)} datasets; in which order is not recorded."
        )
    if started_at is None:
        raise RowsNotAsReadError("When the run began is not recorded.")
    found = [record_id for dataset in datasets for record_id in _ids_of(dataset, started_at)]
    return tuple(sorted(set(found)) if row_order is RowOrder.RECORD_ID else found)


def _ids_of(dataset: Artifact, started_at: datetime) -> list[str]:
    """Record ids of one dataset: segments by file name, rows by line."""
    layout = layout_from(dataset.attributes)
    directory = local_path(dataset.location)
    if layout is None or directory is None:
        raise RowsNotAsReadError(f"The rows of {dataset.name} cannot be read on this machine.")
    try:
        files = list_segments(directory, layout.format)
        _check_unchanged(dataset, files, started_at)
        return [record_id for file in files for record_id in _ids_in(file, layout)]
    except (MalformedRecordsError, OSError) as error:
        raise RowsNotAsReadError(f"{dataset.name}: {error}") from error


def _check_unchanged(dataset: Artifact, files: Sequence[SegmentFile], started_at: datetime) -> None:
    """Compare the files with the segments that the version is made of, and with the clock.

    A dataset without versions is written and read again under one name: its files may be those of
    the index and yet not those of the training.
    """
    recorded = set(
        Artifact.objects.filter(
            derivations_out__downstream=dataset, derivations_out__relation=Relation.PART_OF
        ).values_list("digest", flat=True)
    )
    if recorded != {file.digest for file in files}:
        raise RowsNotAsReadError(
            f"The files of {dataset.name} have changed since its rows were read."
        )
    if any(file.path.stat().st_mtime > started_at.timestamp() for file in files):
        raise RowsNotAsReadError(
            f"The files of {dataset.name} were written after the training began."
        )


def _ids_in(file: SegmentFile, layout: RecordLayout) -> list[str]:
    return [row.record_id for row in read_rows(file.path, layout)]


def recorded_rows(order: TrainingOrder) -> Rows | None:
    """Read the row numbers that a training wrote down; None where it drew them from its seed.

    Raises:
        UnusableOrderError: The file cannot be read as row numbers.
    """
    if order.shuffle is not Shuffle.RECORDED:
        return None
    path = local_path(order.file) or Path()
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UnusableOrderError(f"file cannot be read as a .npy file: {order.file}.") from error
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "iu":
        raise UnusableOrderError("file must hold whole numbers.")
    rows: Rows = found.astype(np.int64)
    return rows
