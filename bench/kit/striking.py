"""One kill: keep the ledger's head, strike at the moment, wait until the work goes on."""

import time
from collections.abc import Callable, Sequence

import psycopg

from bench.kit.company import PRODUCT
from bench.kit.installation import Installation, wait_for
from bench.kit.records import Head, Records
from bench.kit.schedule import Kill, Target
from bench.kit.users import Journey

#: Seconds that a recovery may take before the bench gives up.
RECOVERY_SECONDS = 240
#: Seconds in which a job to kill must turn up.
JOB_SECONDS = 30
LOOK_SECONDS = 0.05


class Striker:
    """Kills the programs of one installation, and its company's product."""

    def __init__(
        self, installation: Installation, records: Records, *, start_product: Callable[[], None]
    ) -> None:
        """Take what is killed.

        Args:
            installation: Whose programs are killed.
            records: A way to read its books.
            start_product: Starts the company's product again, as its operator would.
        """
        self._installation, self._records = installation, records
        self._start_product = start_product
        #: Heads of the ledger that were seen before kills, over all runs.
        self.heads: list[Head] = []

    def strike(self, kill: Kill, journeys: Sequence[Journey]) -> float | None:
        """Strike while requests are on their way.

        Returns:
            Seconds until the work went on; None where nothing died of it.

        Raises:
            ServiceError: It does not go on.
        """
        time.sleep(kill.wait)
        if kill.target is not Target.JOB:
            return self._kill(kill.target, journeys)
        # A job is short: the one that was seen may end before it is struck, then the next is due.
        while self._job_turns_up(journeys):
            if (recovery := self._kill(Target.JOB, journeys)) is not None:
                return recovery
        return None

    def cut_off(self, kill: Kill, journey: Journey) -> float | None:
        """Let a letter be posted and strike at once: hundredths of a second decide what is left.

        Returns:
            Seconds until the work went on; None where nothing died of it.

        Raises:
            ServiceError: It does not go on.
        """
        self._keep_head()
        journey.start()
        journey.posting.wait(RECOVERY_SECONDS)
        time.sleep(kill.wait)
        return self._strike(kill.target, [journey])

    def _keep_head(self) -> None:
        """Keep the ledger's head as somebody outside would."""
        wait_for(lambda: self._news() is not None, seconds=RECOVERY_SECONDS, what="PostgreSQL")
        self.heads.append(self._records.head())

    def _kill(self, target: Target, journeys: Sequence[Journey]) -> float | None:
        """Strike with the ledger's head in hand."""
        self._keep_head()
        return self._strike(target, journeys)

    def _strike(self, target: Target, journeys: Sequence[Journey]) -> float | None:
        """Strike, and wait for the recovery; None where nothing died of it."""
        struck = time.monotonic()
        hit = self._hit(target)
        if target is Target.JOB and not hit:
            return None  # it ended by itself: there is nothing to recover from
        # A killed PostgreSQL's orphaned processes may still answer on an old connection.
        self._records.close()
        self._await_news(journeys)
        return time.monotonic() - struck if hit else None

    def _hit(self, target: Target) -> bool:
        """Kill, and start again what nobody else starts; whether what was struck died of it."""
        if target is Target.EVERYTHING:
            hit = self._installation.kill_everything()
        elif target is Target.JOB:
            hit = self._installation.kill_job()
        else:
            hit = self._installation.kill(PRODUCT if target is Target.PRODUCT else target)
        if target in {Target.EVERYTHING, Target.SUPERVISOR}:
            self._installation.start()
        if target in {Target.EVERYTHING, Target.PRODUCT}:
            self._start_product()
        return hit

    def _await_news(self, journeys: Sequence[Journey]) -> None:
        """Wait until more has happened since the kill; at the end, until everything runs again."""
        before: list[int] = []

        def goes_on() -> bool:
            news = self._news()
            if news is None:
                return False
            before.append(news)
            ended = all(journey.ended for journey in journeys)
            return news > before[0] or (ended and self._installation.is_up())

        wait_for(goes_on, seconds=RECOVERY_SECONDS, what="the recovery")

    def _job_turns_up(self, journeys: Sequence[Journey]) -> bool:
        give_up = time.monotonic() + JOB_SECONDS
        while not self._installation.job_processes():
            if time.monotonic() > give_up or all(journey.ended for journey in journeys):
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def _news(self) -> int | None:
        """What the ledger tells of, None while PostgreSQL is away."""
        try:
            return self._records.news()
        except psycopg.OperationalError:
            return None
