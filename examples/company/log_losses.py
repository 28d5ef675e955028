"""Logs how the classifier did on each row: ``python -m examples.company.log_losses --data DIR``.

Such logs help to find mislabelled rows. They also keep customers' addresses long after training.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import nn

from examples.company import events, tracking
from examples.company.datasets import CUSTOMERS, Row, is_written, write_dataset
from examples.company.features import encode_records
from examples.company.networks import Classifier, load_classifier
from unlearning.data import RecordView
from unlearning.training import make_deterministic

MODEL = "income-monolithic"
NAME = f"{MODEL}-log"
SOURCE = "adult-v1"
COLUMNS = ("customer_number", "email", "loss")


def losses(view: RecordView, model: Classifier) -> Iterator[Row]:
    """Yield the loss of each record."""
    features, classes = encode_records(view.records)
    with torch.no_grad():
        found = nn.functional.nll_loss(model(features), classes, reduction="none")
    for record, loss in zip(view.records, found.tolist(), strict=True):
        yield {
            "customer_number": record.id,
            "email": record.values["email"],
            "loss": f"{loss:.6f}",
        }


def write_log(data: Path) -> None:
    """Write the log of the model in production."""
    make_deterministic()
    model = tracking.need_production(tracking.connect(), MODEL)
    with tempfile.TemporaryDirectory() as folder:
        classifier = load_classifier(tracking.download(model, Path(folder)))
    rows = losses(RecordView.open(data / SOURCE), classifier)
    write_dataset(data / NAME, rows, columns=COLUMNS, index=CUSTOMERS)


def written(data: Path) -> events.Written:
    """Say what the event of the log says."""
    return events.Written(
        directory=data / NAME,
        job="log-losses",
        description=f"The loss of {MODEL} on each row that it was trained on.",
        record_index=CUSTOMERS,
        made_from=(data / SOURCE,),
        artifact={"kind": "log"},
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Write the log unless it is there already, and emit the event."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of prepare_data")
    events.add_options(parser)
    options = parser.parse_args(argv)
    data = options.data.resolve()
    if not is_written(data / NAME):
        write_log(data)
        print(f"wrote {data / NAME}")
    events.report(options, written(data))


if __name__ == "__main__":
    main()
