"""The computed step is the one in which torch's own loader and sampler show a row."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, DistributedSampler, Sampler, TensorDataset

from lineage.exposure import Shuffle, TrainingOrder, first_steps, order_digest

ROWS, EPOCHS, SEED = 23, 3, 7
IDS = tuple(f"r-{row:02}" for row in range(ROWS))


def shown(samplers: list[Sampler[int]], batch_size: int, *, drop_last: bool) -> dict[str, int]:
    """Load three epochs with a loader a worker; the step in which each row is shown first."""
    rows = TensorDataset(torch.arange(ROWS))
    first: dict[str, int] = {}
    step = 0
    for epoch in range(EPOCHS):
        for sampler in samplers:
            if isinstance(sampler, DistributedSampler):
                sampler.set_epoch(epoch)
        loaders = [
            DataLoader(rows, batch_size, sampler=sampler, drop_last=drop_last)
            for sampler in samplers
        ]
        for together in zip(*loaders, strict=True):
            step += 1
            for (batch,) in together:
                for row in batch.tolist():
                    first.setdefault(IDS[row], step)
    return first


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_rows_in_order_dealt_out_to_workers(workers: int, drop_last: bool) -> None:
    samplers: list[Sampler[int]] = [
        DistributedSampler(range(ROWS), num_replicas=workers, rank=rank, shuffle=False)  # type: ignore[arg-type]
        for rank in range(workers)
    ]
    order = TrainingOrder(
        rows=ROWS,
        shuffle=Shuffle.NONE,
        batch_size=3,
        epochs=EPOCHS,
        workers=workers,
        drop_last=drop_last,
    )

    found = first_steps(order, ids=IDS, wanted=IDS)

    assert {record: step for record, step in found.items() if step} == shown(
        samplers, 3, drop_last=drop_last
    )


def test_an_order_drawn_by_torch_is_followed_as_it_was_written_down(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(SEED)
    drawn = [torch.randperm(ROWS, generator=generator).tolist() for _ in range(EPOCHS)]
    np.save(tmp_path / "order.npy", np.array(drawn))
    visited = np.load(tmp_path / "order.npy")

    class Written(Sampler[int]):
        """Visits the rows that were written down, an epoch at a time."""

        def __init__(self) -> None:
            self.epochs = iter(drawn)

        def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204 - as torch has it
            return iter(next(self.epochs))

        def __len__(self) -> int:
            return ROWS

    order = TrainingOrder(
        rows=ROWS,
        shuffle=Shuffle.RECORDED,
        batch_size=4,
        epochs=EPOCHS,
        digest=order_digest(visited),
        file=(tmp_path / "order.npy").as_uri(),
    )

    found = first_steps(order, ids=IDS, wanted=IDS, recorded=visited)

    assert found == shown([Written()], 4, drop_last=False)
