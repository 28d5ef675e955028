"""One seeded run: people file requests, programs are killed, and then the books are read."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

import psycopg

from bench.kit import checks
from bench.kit.company import SmallCompany
from bench.kit.installation import Installation, wait_for
from bench.kit.records import Records
from bench.kit.schedule import Kill, Target, kills_for
from bench.kit.striking import LOOK_SECONDS, RECOVERY_SECONDS, Striker
from bench.kit.users import Journey
from vestige.demo.access import manage
from vestige.demo.company import Customer
from vestige.demo.partner import Partner

#: Of whom nothing is held: the second request of a quick run.
STRANGER = "nobody.{seed}@example.org"
#: The one quick run whose person classifiers were trained on: a model is retrained under a kill.
QUICK_TRAINED_SEED = 3
#: Seconds that one run may take, and then the work after its last request.
RUN_SECONDS, SETTLE_SECONDS = 900, 90


@dataclass(kw_only=True)
class Outcome:
    """What one run showed."""

    #: Requests that people set out to file.
    requests: int = 0
    #: Kills that were drawn.
    scheduled: int = 0
    #: Whether the books were read at the end.
    judged: bool = False
    acknowledged: int = 0
    #: Posts that a kill left without an answer that acknowledges.
    unanswered: int = 0
    #: Kills that what was struck died of.
    kills: list[Target] = field(default_factory=list)
    #: Seconds from each kill until the work went on.
    recoveries: list[float] = field(default_factory=list)
    #: Acknowledged requests that are gone or never ended, in words.
    lost: list[str] = field(default_factory=list)
    #: What is not right about the others, in words.
    wrong: list[str] = field(default_factory=list)
    #: What happened more than once, in words.
    doubled: list[str] = field(default_factory=list)
    #: Heads of the ledger that are no prefix of it any more, in words.
    broken: list[str] = field(default_factory=list)

    def note(self, kill: Kill, recovery: float | None) -> None:
        """Note a kill and the seconds of its recovery; None where nothing died of it."""
        if recovery is not None:
            self.kills.append(kill.target)
            self.recoveries.append(recovery)

    @property
    def ran_its_course(self) -> bool:
        """Whether people filed requests, every drawn kill landed, and the books were read."""
        return (
            self.judged
            and 0 < self.requests <= self.acknowledged
            and 0 < self.scheduled == len(self.kills)
        )

    def problems(self) -> list[str]:
        """Everything that must not be."""
        return [*self.lost, *self.wrong, *self.doubled, *self.broken]


class CrashRuns:
    """Seeded runs against one installation."""

    def __init__(
        self,
        installation: Installation,
        company: SmallCompany,
        *,
        quick: bool,
        say: Callable[[str], None],
    ) -> None:
        """Take an installation with a working company.

        Args:
            installation: It runs.
            company: It is captured.
            quick: One small request and one stranger's a run, instead of two whole ones.
            say: Told what happens.
        """
        self._installation, self._company = installation, company
        self._quick, self._say = quick, say
        self._records = Records(installation.connect, jobs=installation.home / "jobs")
        self._registry = checks.Registry(installation)
        self._key = installation.home / "public-key.pem"
        self._key.write_text(manage(installation.environment, "public_key"))
        #: Of the first export, as somebody outside keeps it.
        self._checkpoint = installation.home / "checkpoint.txt"
        self._striker = Striker(installation, self._records, start_product=company.start_product)
        #: Problems that a run was told of.
        self._told: set[str] = set()

    def run_seed(self, seed: int) -> Outcome:
        """Carry out one run and read the books."""
        people = self._people(seed)
        journeys = self._journeys(seed, people)
        kills = kills_for(seed, journeys=1 if self._quick else len(journeys))
        outcome = Outcome(requests=len(journeys), scheduled=len(kills))
        self._say(f"Seed {seed}: " + ", ".join(_words(kill) for kill in kills))
        try:
            self._carry_out(kills, journeys, outcome)
        finally:
            for journey in journeys:
                journey.stop()
        self._judge(journeys, people, outcome)
        outcome.judged = True
        spent = ", ".join(f"{seconds:.1f} s" for seconds in outcome.recoveries)
        self._say(f"Seed {seed}: recovered after {spent}; {len(outcome.problems())} problems")
        for problem in outcome.problems():
            self._say(f"  {problem}")
        return outcome

    def close(self) -> None:
        """Give the connection to the database back."""
        self._records.close()

    def _people(self, seed: int) -> list[Customer | None]:
        random = Random(f"people:{seed}")  # noqa: S311 - draws people, no secrets
        if self._quick:
            trained_on = seed == QUICK_TRAINED_SEED
            return [self._company.customer(random, trained_on=trained_on), None]
        first = self._company.customer(random, trained_on=True)
        second = first
        while second == first:
            second = self._company.customer(random, trained_on=True)
        return [first, second]

    def _journeys(self, seed: int, people: Iterable[Customer | None]) -> list[Journey]:
        journeys: list[Journey] = []
        for number, customer in enumerate(people):
            journeys.append(
                Journey(
                    url=self._installation.url,
                    mail=self._installation.home / "mail",
                    access=self._company.access,
                    partner=Partner(
                        mail_dir=self._installation.home / "mail",
                        erase=self._company.partner_deletes,
                    ),
                    email=customer.email if customer else STRANGER.format(seed=seed),
                    key=f"crash-{seed}-{number}",
                    # A stranger's request meets no plan and need not wait.
                    after=journeys[-1] if journeys and customer else None,
                )
            )
        return journeys

    def _carry_out(
        self, kills: Sequence[Kill], journeys: Sequence[Journey], outcome: Outcome
    ) -> None:
        """Let the letters be posted, and strike when each kill's moment has come."""
        give_up = time.monotonic() + RUN_SECONDS
        cut_off = {kill.journey: kill for kill in kills if kill.at is None}
        for number, journey in enumerate(journeys):
            if number in cut_off:
                outcome.note(cut_off[number], self._striker.cut_off(cut_off[number], journey))
            else:
                journey.start()
        waiting = [kill for kill in kills if kill.at is not None]
        while waiting or not all(journey.ended for journey in journeys):
            if time.monotonic() > give_up:
                return
            if waiting and self._is_due(waiting[0], journeys):
                kill = waiting.pop(0)
                outcome.note(kill, self._striker.strike(kill, journeys))
            time.sleep(LOOK_SECONDS)

    def _is_due(self, kill: Kill, journeys: Sequence[Journey]) -> bool:
        journey = journeys[kill.journey]
        try:
            return journey.ended or self._records.progress_of(journey.key) >= (kill.at or 0.0)
        except psycopg.OperationalError:
            return False

    def _judge(
        self, journeys: list[Journey], people: Sequence[Customer | None], outcome: Outcome
    ) -> None:
        """Read the books once everything rests."""
        wait_for(self._installation.is_up, seconds=RECOVERY_SECONDS, what="every program")
        outcome.wrong += self._left_over()
        for journey, customer in zip(journeys, people, strict=True):
            outcome.wrong += checks.refused_again(journey)
            outcome.acknowledged += len(journey.acknowledged)
            outcome.unanswered += journey.unanswered
            if lost := checks.lost(journey, self._records):
                outcome.lost += lost
                continue
            outcome.wrong += self._export_problems(journey)
            if customer is not None:
                outcome.wrong += checks.still_held(customer, self._company)
                outcome.wrong += checks.still_served(customer, self._company, self._registry)
        outcome.doubled += self._new(checks.doubled(journeys, self._records))
        outcome.doubled += self._new(self._registry.doubled())
        outcome.broken += self._new(checks.broken_prefixes(self._striker.heads, self._records))
        checkpoint = self._checkpoint if self._checkpoint.exists() else None
        outcome.broken += self._new(checks.fsck_problems(self._installation, checkpoint, self._key))

    def _left_over(self) -> list[str]:
        """Wait for the installation to rest, and say what does not."""
        give_up = time.monotonic() + SETTLE_SECONDS
        while left := [words for words in self._records.unsettled() if words not in self._told]:
            if time.monotonic() > give_up:
                return self._new(left)
            time.sleep(0.5)
        return []

    def _new(self, found: list[str]) -> list[str]:
        """Leave out what an earlier run was told of already: the books cover all runs."""
        new = [words for words in found if words not in self._told]
        self._told.update(new)
        return new

    def _export_problems(self, journey: Journey) -> list[str]:
        """Read an export as a regulator does; the first checkpoint is kept for all later runs."""
        export = self._installation.home / "export.zip"
        if refused := checks.refused_export(journey, export):
            return refused
        if problems := checks.export_problems(export, self._key):
            return [f"{journey.id}: {problem}" for problem in problems]
        if not self._checkpoint.exists():
            self._checkpoint.write_text(checks.checkpoint_of(export))
        return []


def _words(kill: Kill) -> str:
    moment = "during the POST" if kill.at is None else f"at {kill.at:.0%}"
    return f"{kill.target} {moment} of request {kill.journey + 1}"
