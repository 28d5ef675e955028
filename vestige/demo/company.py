"""Sets the example company up: its data, its models, its product, each by its own script."""

import csv
import hashlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.embedded.errors import ServiceError
from config.embedded.paths import BASE_DIR
from config.embedded.process import Command
from config.embedded.programs import Program

#: The example company's own scripts, in the order in which such a company would run them.
SCRIPTS = {
    "prepare_data": "Preparing the data in two versions",
    "train_sisa": "Training the sharded (SISA) classifier",
    "train_monolithic": "Training the monolithic classifier",
    "fine_tune": "Fine-tuning it on the second version",
    "build_index": "Building the embedding index",
}
#: The dataset versions from which the demo picks its data subject.
VERSIONS = ("adult-v1", "adult-v2")


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
        """Folder of the dataset versions."""
        return self.home / "data"

    def is_done(self, script: str) -> bool:
        """Whether an earlier run finished this script."""
        return self._stamp(script).exists()

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

    def product(self, *, port: int, state: Path) -> Program:
        """The product, as a program that is ready when it answers."""
        from config.embedded.mlflow import answers  # noqa: PLC0415 - beside its one use

        command = Command(
            name="product",
            argv=[
                sys.executable,
                *("-m", "examples.company.product"),
                *("--port", str(port)),
                *("--state", str(self.home / "product")),
            ],
            state=state,
            environment={**self.environment, "PYTHONPATH": str(BASE_DIR)},
        )
        return Program(
            command, ready=lambda: answers(f"http://127.0.0.1:{port}/healthz"), seconds=90
        )

    def next_customer(self) -> Customer:
        """The next customer to ask for deletion: in both dataset versions, and not deleted yet.

        The order is fixed but mixed, so that each run of the demo meets another shard and segment.

        Raises:
            ServiceError: nobody is left.
        """
        first, second = ({c.number: c for c in self._customers(name)} for name in VERSIONS)
        both = first.keys() & second.keys()
        if not both:
            raise ServiceError(
                "Every customer of the example company has been deleted; make clean."
            )
        return first[min(both, key=lambda number: hashlib.sha256(number.encode()).digest())]

    def _customers(self, version: str) -> Iterator[Customer]:
        for segment in sorted((self.data / version).glob("segment-*.csv")):
            with segment.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    yield Customer(number=row["customer_number"], email=row["email"])

    def _stamp(self, script: str) -> Path:
        return self.home / f"{script}.done"
