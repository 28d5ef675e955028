"""Sets the example company up: its data, its models, its products, each by its own script."""

import csv
import hashlib
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.embedded.errors import ServiceError
from config.embedded.paths import BASE_DIR
from config.embedded.process import Command
from config.embedded.programs import Program

#: The example company's own scripts, in the order in which such a company would run them.
SCRIPTS = {
    "prepare_data": "Preparing the customer data in two versions",
    "prepare_digits": "Preparing the handwritten digits",
    "train_sisa": "Training the sharded (SISA) classifier",
    "train_monolithic": "Training the monolithic classifier",
    "fine_tune": "Fine-tuning it on the second version",
    "build_index": "Building the embedding index",
    "train_digits": "Training the digit reader",
    "distill": "Distilling a student from the monolithic classifier",
    "segment_customers": "Finding customer segments",
    "train_generator": "Fitting the generator of made-up customers",
    "synthesize": "Sampling made-up customers",
    "train_on_synthetic": "Training on the made-up customers",
    "log_losses": "Logging the losses of the classifier",
    "cache_features": "Caching scaled features",
    "share_with_partner": "Handing a copy to the partner",
}
#: The deployed products by name, each with the number that is added to the first product's port.
PRODUCTS = {"offer-desk": 0, "digit-reader": 1}
#: The datasets from which the demo picks its data subject: one who has rows in each of them.
CUSTOMER_DATASETS = ("adult-v1", "adult-v2")
IMAGE_DATASETS = ("digits-v1", "digits-eval")
#: Folder of the partner's copy.
PARTNER = "lakeside-insights"


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A row's owner, as the company knows them."""

    number: str
    email: str


@dataclass(frozen=True, kw_only=True)
class Company:
    """Where the example company lives and how its scripts are called."""

    #: Folder of the company's data, of its logs and of the stamps of what has been done.
    home: Path
    environment: Mapping[str, str]

    @property
    def data(self) -> Path:
        """Folder of the datasets."""
        return self.home / "data"

    def is_done(self, script: str) -> bool:
        """Whether an earlier run finished this script."""
        return self._stamp(script).exists()

    def set_up(self, *, rows: int | None) -> None:
        """Run the scripts that no earlier run finished, in order and in one process.

        One process loads torch and MLflow once. Each script leaves its stamp as it ends, so that
        the next start goes on where this one stopped.

        Args:
            rows: how many rows of Adult are used; None for all.

        Raises:
            ServiceError: a script failed.
        """
        waiting = [f"{name}={title}" for name, title in SCRIPTS.items() if not self.is_done(name)]
        if waiting:
            limit = ["--rows", str(rows)] if rows is not None else []
            folders = ["--data", str(self.data), "--stamps", str(self.home)]
            self.run("pipeline", *folders, *limit, *waiting)

    def run(self, script: str, *arguments: str) -> None:
        """Run one script in a process of its own, as the company's pipeline would.

        Its output, progress bars and all, goes to standard error, because standard output is
        kept for results.

        Raises:
            ServiceError: the script failed.
        """
        finished = subprocess.run(
            [sys.executable, "-m", f"examples.company.{script}", *arguments],
            cwd=BASE_DIR,
            env={**self.environment, "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            check=False,
        )
        if finished.returncode != 0:
            raise ServiceError(
                f"The example company's {script} failed; its last lines stand above. Start the "
                "demo again to go on from there, or remove everything with `make clean`."
            )
        self._stamp(script).touch()

    def partner_deletes(self, customer_numbers: Collection[str]) -> int:
        """Let the partner delete customers from its copy, and return how many rows it deleted.

        Raises:
            ServiceError: the partner's program failed.
        """
        copy = self.home / "partners" / PARTNER
        deleted = subprocess.run(
            [
                sys.executable,
                *("-m", "examples.company.partner"),
                *("--copy", str(copy)),
                *sorted(customer_numbers),
            ],
            cwd=BASE_DIR,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if deleted.returncode != 0:
            raise ServiceError("The partner could not delete rows; its last lines stand above.")
        return int(deleted.stdout)

    def deploy(self, name: str, *, port: int) -> None:
        """Declare in the registry that a product serves at a loopback port."""
        self.run("deploy", "--product", name, "--endpoint", f"http://127.0.0.1:{port}")

    def product(self, name: str = "offer-desk", *, port: int, state: Path) -> Program:
        """A product, as a program that is ready when it answers."""
        from config.embedded.mlflow import answers  # noqa: PLC0415 - beside its one use

        command = Command(
            name=name,
            argv=[
                sys.executable,
                *("-m", "examples.company.product"),
                *("--product", name),
                *("--port", str(port)),
                *("--state", str(self.home / "products" / name)),
            ],
            state=state,
            environment={**self.environment, "PYTHONPATH": str(BASE_DIR)},
        )
        return Program(
            command, ready=lambda: answers(f"http://127.0.0.1:{port}/healthz"), seconds=90
        )

    def next_customer(self) -> Customer:
        """The next customer to ask for deletion: in every dataset, and not deleted yet.

        The order is fixed but mixed, so that each run of the demo meets another shard and segment.

        Raises:
            ServiceError: nobody is left.
        """
        first, second = ({c.number: c for c in self.customers(name)} for name in CUSTOMER_DATASETS)
        trained, evaluated = ({row["email"] for row in self._rows(n)} for n in IMAGE_DATASETS)
        owners = trained & evaluated
        everywhere = [n for n in first.keys() & second.keys() if first[n].email in owners]
        if not everywhere:
            raise ServiceError(
                "Every customer of the example company who is in all of its data has been deleted; "
                "make clean."
            )
        return first[min(everywhere, key=lambda number: hashlib.sha256(number.encode()).digest())]

    def customers(self, dataset: str) -> Iterator[Customer]:
        """Everybody who has a row in a dataset of customers."""
        for row in self._rows(dataset):
            yield Customer(number=row["customer_number"], email=row["email"])

    def _rows(self, dataset: str) -> Iterator[dict[str, str]]:
        for segment in sorted((self.data / dataset).glob("segment-*.csv")):
            with segment.open(newline="", encoding="utf-8") as file:
                yield from csv.DictReader(file)

    def _stamp(self, script: str) -> Path:
        return self.home / f"{script}.done"
