"""A program that asks over HTTP what came of people's records."""

import json
import subprocess
import sys
import time
from typing import Any

import psycopg
import requests

from bench.kit.big_company import Dataset
from bench.kit.installation import Installation
from config.embedded.errors import ServiceError
from config.embedded.paths import BASE_DIR

#: Seconds after which a question counts as unanswered.
PATIENCE = 600
_NEWS = """
WITH model AS (
    INSERT INTO lineage_artifact (kind, name, identity, digest, location, state, attributes, stamps,
        recorded_at)
    VALUES ('model', 'news', 'bench:news:' || %(number)s, 'sha256:' || md5(%(number)s), '',
        'current', '{}', '{}', now())
    RETURNING id
)
INSERT INTO lineage_derivation (upstream_id, downstream_id, relation, recorded_at)
SELECT %(dataset)s, id, 'trained_on', now() FROM model
"""


class Asking:
    """Asks about one person in each of some data sets, and remembers what was answered."""

    def __init__(
        self,
        place: Installation,
        connection: "psycopg.Connection[tuple[Any, ...]]",
        datasets: list[Dataset],
    ) -> None:
        """Put the people there, and open a session with a key of its own.

        Raises:
            ServiceError: The people cannot be written.
        """
        made = _people(place, [dataset.segment for dataset in datasets])
        self._people: list[str] = made["people"]
        self._url = f"{place.url}/api/v1/lineage/trace"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {made['key']}"
        self._connection, self._datasets = connection, datasets
        #: How many artifacts were affected, by answer.
        self.affected: list[int] = []
        #: Answers in which what was recorded just before is missing.
        self.missed = 0

    def milliseconds(self, number: int) -> float:
        """Ask one question; returns how long the answer took.

        Raises:
            ServiceError: The answer is an error.
        """
        email = self._people[number % len(self._people)]
        begin = time.perf_counter()
        answer = self._session.post(self._url, json={"subject": {"email": email}}, timeout=PATIENCE)
        took = time.perf_counter() - begin
        if not answer.ok:
            raise ServiceError(f"A trace was answered with {answer.status_code}: {answer.text}")
        self.affected.append(answer.json()["counts"]["affected"])
        return took * 1e3

    def milliseconds_after_news(self, number: int) -> float:
        """Record a model trained on a person's data, then ask about the person.

        Raises:
            ServiceError: An answer is an error.
        """
        self.milliseconds(number)
        before = self.affected[-1]
        dataset = self._datasets[number % len(self._datasets)].id
        self._connection.execute(_NEWS, {"number": str(number), "dataset": dataset})
        took = self.milliseconds(number)
        self.missed += int(self.affected[-1] != before + 1)
        return took


def _people(place: Installation, segments: list[int]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.kit.people"],
        cwd=BASE_DIR,
        env=place.environment,
        input=json.dumps(segments),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServiceError(f"The people could not be written:\n{done.stderr}")
    made: dict[str, Any] = json.loads(done.stdout)
    return made
