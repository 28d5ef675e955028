"""Samples made-up customers from the generator: a dataset whose rows are nobody's."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file

from examples.company.datasets import SYNTHETIC, write_dataset
from examples.company.features import CLASSES, COLUMNS, LABEL, VOCABULARY
from examples.company.generator import (
    RANGES,
    WIDTHS,
    class_probabilities,
    value_probabilities,
)
from unlearning.digests import WEIGHTS_FILE
from unlearning.jobfiles import Report
from unlearning.sharding import derive_seed

Numbers = NDArray[np.float64]


class SampleGenerator:
    """Draws a class, then each column's value given the class, then a number within its range.

    Every row uses the same places of one stream of random numbers, whatever the counts are: another
    generator changes only the rows that its other counts change.
    """

    def sample(
        self,
        generator_dir: Path,
        *,
        params: Mapping[str, str],
        seed: int,
        out: Path,
        report: Report,
    ) -> None:
        """Write a whole dataset directory.

        Args:
            generator_dir: Directory of the generator's model.
            params: ``rows``, how many rows to write.
            seed: Recorded seed.
            out: Directory to write; it is created.
            report: Progress, 0.0 to 1.0.
        """
        state = load_file(generator_dir / WEIGHTS_FILE)
        rows = int(params["rows"])
        stream = np.random.Generator(np.random.PCG64(derive_seed(seed, "sample")))
        draws = stream.random((rows, 1 + 2 * len(WIDTHS)))
        classes = _choose(class_probabilities(state).numpy()[None, :], draws[:, 0])
        columns = {LABEL: [CLASSES[number] for number in classes]}
        for position, (column, likely) in enumerate(value_probabilities(state).items()):
            value, within = draws[:, 1 + 2 * position], draws[:, 2 + 2 * position]
            chosen = _choose(likely.numpy()[classes], value)
            columns[column] = _texts(column, chosen, within)
            report((position + 1) / len(WIDTHS), column)
        write_dataset(out, _rows(columns, rows), columns=("row_id", *COLUMNS), index=SYNTHETIC)


def _choose(likely: Numbers, draws: Numbers) -> NDArray[np.int64]:
    """Return which value each draw falls on; probabilities ``(n, values)`` or ``(1, values)``."""
    ends = np.cumsum(likely, axis=1)
    # The last end may round to a little less than 1, where a draw could fall behind it.
    return np.asarray((draws[:, None] >= ends[:, :-1]).sum(axis=1), dtype=np.int64)


def _texts(column: str, chosen: NDArray[np.int64], within: Numbers) -> list[str]:
    if column in VOCABULARY:
        return [VOCABULARY[column][value] for value in chosen]
    edges = np.array(RANGES[column])
    lowest, width = edges[chosen], np.diff(edges)[chosen]
    return [str(number) for number in lowest + (within * width).astype(np.int64)]


def _rows(columns: Mapping[str, list[str]], count: int) -> Iterator[dict[str, str]]:
    for position in range(count):
        row = {column: values[position] for column, values in columns.items()}
        yield {"row_id": f"S-{position + 1:06d}", **row}


sample_generator = SampleGenerator()
