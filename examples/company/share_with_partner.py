"""Hands a dataset out: ``python -m examples.company.share_with_partner --data DIR``.

The partner gets a copy in a folder of its own, which Vestige cannot write to; ``partner.py`` is
what the partner does when it is told to delete somebody.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from examples.company import events
from examples.company.datasets import is_written
from unlearning.data import DESCRIPTION_FILE

NAME = "lakeside-insights"
SOURCE = "adult-v2"
RECIPIENT = {
    "kind": "recipient",
    "displayName": "Lakeside Insights",
    "contact": "mailto:privacy@lakeside.example",
}


def folder_of(data: Path) -> Path:
    """Return the partner's folder, which lies outside the company's data."""
    return data.parent / "partners" / NAME


def hand_over(data: Path) -> None:
    """Copy the dataset; the copy is there whole or not at all."""
    folder = folder_of(data)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{NAME}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(data / SOURCE, temporary)
    (temporary / DESCRIPTION_FILE).touch()  # handed over now, whenever it was made
    temporary.replace(folder)


def written(data: Path) -> events.Written:
    """Say what the event of the hand-over says."""
    return events.Written(
        directory=folder_of(data),
        job="share-with-lakeside",
        description=f"A copy of {SOURCE} that Lakeside Insights holds.",
        made_from=(data / SOURCE,),
        artifact=RECIPIENT,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Hand the dataset over unless that was done already, and emit the event."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of prepare_data")
    events.add_options(parser)
    options = parser.parse_args(argv)
    data = options.data.resolve()
    if not is_written(folder_of(data)):
        hand_over(data)
        print(f"handed {SOURCE} over to {folder_of(data)}")
    events.report(options, written(data))


if __name__ == "__main__":
    main()
