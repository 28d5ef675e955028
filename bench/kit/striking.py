"""One kill: keep the ledger's head, strike at the moment, wait until the work goes on."""

import time
from collections.abc import Sequence

import psycopg

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
    """Kills the programs of one installation."""

    def __init__(self, installation: Installation, records: Records) -> None:
        """Take the installation and a way to read its books."""
        self._installation, self._records = installation, records
        #: Heads of the ledger that were seen before kills, over all runs.
        self.heads: list[Head] = []

    def strike(self, kill: Kill, journeys: Sequence[Journey]) -> float | None:
        """Strike while requests are on their way.

        Returns:
            Seconds until the work went on; None where there was nothing to kill.

        Raises:
            ServiceError: It does not go on.
        """
        time.sleep(kill.wait)
        if kill.target is Target.JOB and not self._job_turns_up(journeys):
            return None
        self._keep_head()
        return self._kill(kill.target, journeys)

    def cut_off(self, kill: Kill, journey: Journey) -> float | None:
        """Let a letter be posted and strike at once: hundredths of a second decide what is left.

        Returns:
            Seconds until the work went on.

        Raises:
            ServiceError: It does not go on.
        """
        self._keep_head()
        journey.start()
        journey.posting.wait(RECOVERY_SECONDS)
        time.sleep(kill.wait)
        return self._kill(kill.target, [journey])

    def _keep_head(self) -> None:
        """Keep the ledger's head as somebody outside would."""
        wait_for(lambda: self._news() is not None, seconds=RECOVERY_SECONDS, what="PostgreSQL")
        self.heads.append(self._records.head())

    def _kill(self, target: Target, journeys: Sequence[Journey]) -> float | None:
        """Strike, and wait for the recovery; None where nothing was hit."""
        struck = time.monotonic()
        if target is Target.EVERYTHING:
            self._installation.kill_everything()
            self._installation.start()
        elif target is Target.JOB:
            if not self._installation.kill_job():
                return None
        else:
            self._installation.kill(target)
            if target is Target.SUPERVISOR:
                self._installation.start()
        # A killed PostgreSQL's orphaned processes may still answer on an old connection.
        self._records.close()
        self._await_news(journeys)
        return time.monotonic() - struck

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
