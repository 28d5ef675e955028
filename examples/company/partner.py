"""What the partner does when told to delete: ``python -m examples.company.partner --copy DIR ...``.

The partner is another organisation: this program knows nothing of Vestige, only the partner's own
copy and the customer numbers of a notice. It prints how many rows it deleted. ::

    python -m examples.company.partner --copy DIR C-000123 [C-000456 ...]
"""

import argparse
import csv
from collections.abc import Collection, Sequence
from pathlib import Path

ID_COLUMN = "customer_number"


def delete_rows(copy: Path, customer_numbers: Collection[str]) -> int:
    """Delete customers' rows from every file of the copy and return how many rows there were."""
    return sum(_delete_from(file, customer_numbers) for file in sorted(copy.glob("*.csv")))


def _delete_from(path: Path, customer_numbers: Collection[str]) -> int:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    kept = [row for row in rows if row[ID_COLUMN] not in customer_numbers]
    if len(kept) < len(rows):
        temporary = path.with_suffix(".new")
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(kept)
        temporary.replace(path)
    return len(rows) - len(kept)


def main(argv: Sequence[str] | None = None) -> None:
    """Delete and say how many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copy", type=Path, required=True, help="folder of the partner's copy")
    parser.add_argument("customer_numbers", nargs="+", help="customers to delete")
    options = parser.parse_args(argv)
    print(delete_rows(options.copy, set(options.customer_numbers)))


if __name__ == "__main__":
    main()
