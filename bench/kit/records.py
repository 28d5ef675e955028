"""What the installation's own database says, asked by plain SQL through every crash."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.kit.schedule import progress
from governance.ledger import merkle

#: Jobs of a plan beside those of its steps: verification and promotion.
_WHOLE_PLAN_JOBS = 2
_REQUEST = "SELECT id, state FROM deletion_requests_deletionrequest WHERE idempotency_key = %s"
_WORK = """
SELECT (SELECT count(*) FROM unlearning_planstep s JOIN unlearning_plan p ON p.id = s.plan_id
        WHERE p.case_id = %(case)s),
       (SELECT coalesce(sum(CASE WHEN j.state = 'succeeded' THEN 1 ELSE j.progress END), 0)
        FROM unlearning_job j JOIN unlearning_plan p ON p.id = j.plan_id
        WHERE p.case_id = %(case)s)
"""
_LEAVES = "SELECT leaf_hash FROM governance_ledgerentry ORDER BY index"
#: Entries that tell of a crash are no sign that the work goes on.
_NEWS = """
SELECT count(*) FROM governance_ledgerentry WHERE kind NOT IN ('job.stranded', 'job.failed')
"""
_WAITING = "SELECT count(*) FROM governance_outboxmessage WHERE published_at IS NULL"
_OPEN_JOBS = "SELECT purpose, id, state, error FROM unlearning_job WHERE state <> 'succeeded'"


@dataclass(frozen=True, kw_only=True)
class Head:
    """Size and root of the ledger as somebody outside kept them."""

    size: int
    root: bytes

    def is_prefix_of(self, leaves: Sequence[bytes]) -> bool:
        """Whether a ledger with these leaf hashes still begins with what was seen."""
        return len(leaves) >= self.size and merkle.root(leaves[: self.size]) == self.root


class Records:
    """Reads; the connection is made anew when a crash has taken it."""

    def __init__(
        self, connect: Callable[[], "psycopg.Connection[tuple[Any, ...]]"], *, jobs: Path
    ) -> None:
        """Take a way to the database.

        Args:
            connect: Opens a connection that commits each statement.
            jobs: The folder in which jobs work.
        """
        self._connect, self._jobs = connect, jobs
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def rows(
        self, query: str, values: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """Answer a query.

        Raises:
            psycopg.OperationalError: the server is away.
        """
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        try:
            return self._connection.execute(query, values).fetchall()
        except psycopg.OperationalError:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()

    def progress_of(self, key: str) -> float:
        """How far the request of an Idempotency-Key has come, from 0 to 1."""
        found = self.rows(_REQUEST, [key])
        if not found:
            return 0.0
        case, state = found[0]
        [(steps, finished)] = self.rows(_WORK, {"case": case})
        return progress(state, finished=float(finished), jobs=steps + _WHOLE_PLAN_JOBS)

    def head(self) -> Head:
        """The ledger's head now."""
        leaves = self.leaves()
        return Head(size=len(leaves), root=merkle.root(leaves))

    def leaves(self) -> list[bytes]:
        """All leaf hashes of the ledger, in order."""
        return [bytes(leaf) for (leaf,) in self.rows(_LEAVES)]

    def news(self) -> int:
        """How much has happened: a number that grows whenever the work goes on."""
        return int(self.rows(_NEWS)[0][0])

    def unsettled(self) -> list[str]:
        """What still waits or is stuck, in words; empty when the installation rests."""
        waiting = int(self.rows(_WAITING)[0][0])
        found = [f"{waiting} rows wait in the outbox"] if waiting else []
        found += [
            f"{purpose} job {job} is {state} ({error})"
            for purpose, job, state, error in self.rows(_OPEN_JOBS)
        ]
        folders = self._jobs.iterdir() if self._jobs.is_dir() else ()
        return found + [f"the folder of job {folder.name} was not discarded" for folder in folders]
