"""A small example company in a bench's installation: real data, real training, a real product."""

import json
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from urllib.request import ProxyHandler, build_opener

from bench.kit.installation import Installation, free_ports, wait_for
from config.embedded.errors import ServiceError
from config.embedded.paths import BASE_DIR
from vestige.demo.access import Access, manage, unread_datasets
from vestige.demo.company import Company, Customer
from vestige.demo.journey import Officer

#: Few rows: a bench measures what happens to requests, not how good the models are.
ROWS = 2_500
#: The company's own scripts that it needs: two data sets, two classifiers, an index, rows sampled
#: from a generator, a cache with a mirror, and an outside recipient of a copy.
SCRIPTS = (
    *("prepare_data", "train_sisa", "train_monolithic", "build_index"),
    *("train_generator", "synthesize", "cache_features", "share_with_partner"),
)
PRODUCT = "offer-desk"
#: Seconds until every row of the data sets is in the record index.
_READ_SECONDS = 120


class SmallCompany:
    """The company and what a bench asks about it."""

    def __init__(self, installation: Installation) -> None:
        """Make the logins and keys.

        Args:
            installation: A running one.
        """
        self._installation = installation
        home = installation.home / "company"
        home.mkdir(exist_ok=True)
        self.access: Access = _access(installation)
        token = (installation.home / "keys" / "control-token").read_text().strip()
        self._company = Company(
            home=home,
            environment={
                **installation.environment,
                "VESTIGE_API_KEY": self.access.capture_key,
                "VESTIGE_CONTROL_TOKEN": token,
            },
        )
        (self.port,) = free_ports(1)
        self._product = self._company.product(PRODUCT, port=self.port, state=installation.home)

    @property
    def data(self) -> Path:
        """Folder of the data sets."""
        return self._company.data

    @contextmanager
    def working(self) -> Iterator["SmallCompany"]:
        """Train, deploy and be captured; the product answers until the end."""
        folders = ("--data", str(self.data), "--stamps", str(self._company.home))
        self._company.run("pipeline", *folders, "--rows", str(ROWS), *SCRIPTS)
        try:
            # It is slow to load, so it does so while the registry is told of it and captured.
            self._product.launch()
            self._company.deploy(PRODUCT, port=self.port)
            manage(self._installation.environment, "capture_mlflow")
            self._product.await_ready()
            wait_for(self._everything_is_read, seconds=_READ_SECONDS, what="the records")
            yield self
        finally:
            self._product.stop()

    def start_product(self) -> None:
        """Start the product again after it was killed, and wait until it answers.

        Raises:
            ServiceError: It does not.
        """
        self._product.start()

    def partner_deletes(self, customer_numbers: Collection[str]) -> int:
        """Let the recipient delete customers from its copy, and return how many rows went.

        Raises:
            ServiceError: Its program failed.
        """
        return self._company.partner_deletes(customer_numbers)

    def customer(self, random: Random, *, trained_on: bool) -> Customer:
        """Draw a customer who has not been deleted.

        Args:
            random: The source of the draw.
            trained_on: Whether classifiers were trained on their row, so that they are trained
                again; otherwise only an index and a data set hold it, which is sooner done.
        """
        first, second = (set(self._company.customers(name)) for name in ("adult-v1", "adult-v2"))
        chosen = first & second if trained_on else second - first
        return random.choice(sorted(chosen, key=lambda customer: customer.number))

    def files_with(self, email: str) -> list[Path]:
        """The files that hold an address: of the data sets, the mirror, the recipient's copy."""
        home = self._company.home
        return [path for path in home.rglob("*.csv") if email in path.read_text()]

    def served(self) -> dict[str, str]:
        """What the product says it serves."""
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
            found: dict[str, str] = json.load(answer)
        return found

    def rules(self) -> list[str]:
        """The suppression rules that the product has in force, from the file that it keeps."""
        kept = self._company.home / "products" / PRODUCT / "suppressions.json"
        return sorted(json.loads(kept.read_text())) if kept.exists() else []

    def _everything_is_read(self) -> bool:
        return not unread_datasets(self._installation.environment)


def _access(installation: Installation) -> Access:
    """Make the logins in one process.

    Raises:
        ServiceError: It failed.
    """
    made = subprocess.run(
        [sys.executable, "-m", "bench.kit.logins"],
        cwd=BASE_DIR,
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise ServiceError(f"The logins could not be made: {made.stderr.strip()[-300:]}")
    kept = json.loads(made.stdout)
    officers = tuple(Officer(**officer) for officer in kept.pop("officers"))
    return Access(officers=officers, **kept)
