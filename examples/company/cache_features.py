"""Caches scaled numbers of the customers: ``python -m examples.company.cache_features --data DIR``.

Nobody needs the cache to train again, and a mirror of it lies in a second folder.
"""

import argparse
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from examples.company import events
from examples.company.datasets import CUSTOMERS, Row, is_written, write_dataset
from examples.company.features import NUMERIC, encode_records
from unlearning.data import RecordView

NAME = "adult-features"
SOURCE = "adult-v1"
COLUMNS = ("customer_number", "email", *NUMERIC)


def scaled(view: RecordView) -> Iterator[Row]:
    """Yield each record's numbers as training sees them."""
    features, _ = encode_records(view.records)
    for record, numbers in zip(view.records, features[:, : len(NUMERIC)].tolist(), strict=True):
        row = {"customer_number": record.id, "email": record.values["email"]}
        yield row | {name: f"{value:.6f}" for name, value in zip(NUMERIC, numbers, strict=True)}


def mirror_of(data: Path) -> Path:
    """Return the folder of the second copy."""
    return data.parent / "mirror" / NAME


def write_cache(data: Path) -> None:
    """Write the cache and its mirror; the cache is whole only when both are."""
    view, mirror = RecordView.open(data / SOURCE), mirror_of(data)
    write_dataset(mirror, scaled(view), columns=COLUMNS, index=CUSTOMERS)
    temporary = data / f".{NAME}.new"
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(mirror, temporary)
    temporary.replace(data / NAME)


def written(data: Path) -> events.Written:
    """Say what the event of the cache says."""
    return events.Written(
        directory=data / NAME,
        job="cache-features",
        description=f"Scaled numbers of {SOURCE}, kept so that training need not scale them again.",
        record_index=CUSTOMERS,
        made_from=(data / SOURCE,),
        artifact={"kind": "cache", "copies": [mirror_of(data).as_uri()]},
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Write the cache unless it is there already, and emit the event."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of prepare_data")
    events.add_options(parser)
    options = parser.parse_args(argv)
    data = options.data.resolve()
    if not is_written(data / NAME):
        write_cache(data)
        print(f"wrote {data / NAME} and {mirror_of(data)}")
    events.report(options, written(data))


if __name__ == "__main__":
    main()
