"""Whose records lie in which segments: bytes, load and look-up, in PostgreSQL and in files.

Memberships are drawn from a seed, 5 a data subject on average: a few people have thousands, most
have one or two. They are loaded with digests given and without record ids; what record ids and
keyed hashing cost is told apart, for 50,000 people. The rival of every load is a COPY of
the same pairs into a plain logged table without an index; the two alternate in one run.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import click
import numpy as np

from bench.kit.memberships import MEAN, Memberships, draw_memberships, later_memberships
from bench.kit.own_database import own_database
from bench.kit.timing import Duel, duel, milliseconds, seconds_of
from vestige.bench import BenchResult, Figure

if TYPE_CHECKING:
    from bench.kit.membership_work import Read
    from lineage.membership.index import MembershipIndex

OPTIONS = (
    click.Option(
        ["--subjects"],
        type=click.IntRange(min=1_000),
        default=10_000_000,
        show_default=True,
        help="How many data subjects are drawn; --quick draws 20,000.",
    ),
)
QUICK_SUBJECTS = 20_000
SEED = 1
ROUNDS = 3
LOOK_UPS = 5_000
SAMPLE = 1_000
#: How many people record ids and keyed hashing are timed with.
PEOPLE_WITH_IDS = 50_000


def run(*, quick: bool, subjects: int) -> BenchResult:
    """Draw and measure.

    Args:
        quick: Few people; the answers are compared all the same, the ratios mean little.
        subjects: How many people otherwise.
    """
    started = time.monotonic()

    def say(words: str) -> None:
        click.echo(f"{time.monotonic() - started:7.1f} s  {words}", err=True)

    count = QUICK_SUBJECTS if quick else subjects
    say(f"Drawing {count * MEAN:,} memberships")
    drawn = draw_memberships(count, seed=SEED)
    with own_database():
        measured = Measured(drawn, say)
        figures = [
            _told("memberships", len(drawn), "memberships", better="higher"),
            *measured.loading(),
            *measured.in_postgresql(),
            *measured.in_files(),
            *measured.loading_more(),
            *measured.with_record_ids(),
        ]
    return BenchResult(bench="membership", seeds=(SEED,), figures=tuple(figures))


class Measured:
    """The memberships, and a database to load them into."""

    def __init__(self, drawn: Memberships, say: Callable[[str], None]) -> None:
        """Bring Vestige's services in, now that Django has read its settings."""
        from bench.kit import membership_work  # noqa: PLC0415 - see above

        self._work, self._drawn, self._say = membership_work, drawn, say

    def loading(self) -> list[Figure]:
        """Everything into an empty index, beside a COPY; the last load stays."""
        self._say("Loading, beside a COPY")
        parts = self._drawn.parts

        def load() -> None:
            self._work.empty()
            self._work.load(parts)

        result = duel([(load, partial(self._work.copy_pairs, parts))], rounds=ROUNDS)
        self._work.drop_pairs()
        return [
            result.times_faster("load_against_copy", bound=0.4),
            *self._rates(result),
        ]

    def in_postgresql(self) -> list[Figure]:
        """Room and look-ups."""
        from lineage.selectors.postings import PostgresIndex  # noqa: PLC0415 - see above

        self._say("Looking up in PostgreSQL")
        held = self._work.memberships_held()
        index = PostgresIndex()
        segments = [int(segment) for segment in self._drawn.segments[:: len(self._drawn) // 3]]
        return [
            _bytes_each("bytes_per_membership", self._work.bytes_held() / held, bound=26),
            self._slowest_look_ups("look_up_ms", index, unit="ms", bound=2),
            self._wrong("wrong_answers_of_postgresql", index),
            milliseconds(
                "people_of_a_segment_ms",
                [seconds_of(partial(self._work.people_in, [segment])) for segment in segments],
            ),
        ]

    def in_files(self) -> list[Figure]:
        """The file index, asked through the interface that leaves changes to the database."""
        from lineage.selectors.postings import membership_index  # noqa: PLC0415 - see above
        from lineage.services import build_file_index, drop_file_index  # noqa: PLC0415 - see above

        self._say("Building a file index")
        began = time.perf_counter()
        built = build_file_index(progress=lambda _: None)
        took = time.perf_counter() - began
        self._say("Looking up in files")
        with membership_index() as index:
            figures = [
                _bytes_each(
                    "file_bytes_per_membership", built.nbytes / built.memberships, bound=12
                ),
                self._slowest_look_ups("file_look_up_us", index, unit="µs", bound=20),
                self._wrong("wrong_answers_of_files", index),
                _told("file_build_seconds", round(took, 2), "seconds"),
            ]
        changed = later_memberships(self._drawn, seed=SEED)
        few = [(digests[:1_000], segments[:1_000]) for digests, segments in changed.parts[:1]]
        self._work.load(few)
        figures.append(self._stale(changed))
        drop_file_index()
        return figures

    def loading_more(self) -> list[Figure]:
        """A tenth as many again for the same people, into the index that holds the rest."""
        self._say("Loading more, beside a COPY")
        more = later_memberships(self._drawn, seed=SEED)
        theirs = seconds_of(partial(self._work.copy_pairs, more.parts))
        ours = seconds_of(partial(self._work.load, more.parts))
        self._work.drop_pairs()
        held = self._work.memberships_held()
        return [
            _told("next_load_against_copy", round(theirs / ours, 3), "times", better="higher"),
            _bytes_each("bytes_after_next_load", self._work.bytes_held() / held),
        ]

    def with_record_ids(self) -> list[Figure]:
        """The same with an id for every record, and with digests computed from identifiers."""
        self._say("Loading with record ids, beside a COPY")
        given = list(self._read(lambda n: self._drawn.digests[n].tobytes().hex()))
        identifiers = list(self._read(lambda n: f"person-{n:09}@example.org"))

        def load(rows: "list[Read]", *, keyed: bool) -> None:
            self._work.empty()
            self._work.load_read(rows, keyed=keyed)

        copying = partial(self._work.copy_read, given)
        keyed = duel([(partial(load, identifiers, keyed=True), copying)], rounds=ROUNDS)
        named = duel([(partial(load, given, keyed=False), copying)], rounds=ROUNDS)
        held = self._work.memberships_held()
        return [
            named.times_faster("named_load_against_copy"),
            keyed.times_faster("keyed_load_against_copy"),
            _bytes_each("bytes_with_record_ids", self._work.bytes_held() / held),
        ]

    def _read(self, identifier: Callable[[int], str]) -> "Iterator[Read]":
        """Rows of the first people, in the order of their segments."""
        few = self._drawn.own < PEOPLE_WITH_IDS
        pairs = zip(self._drawn.own[few], self._drawn.segments[few], strict=True)
        for number, (own, segment) in enumerate(pairs):
            yield identifier(int(own)), int(segment), f"C-{number:09}"

    def _rates(self, result: Duel) -> Iterator[Figure]:
        for name, seconds in (("load", result.ours), ("copy", result.theirs)):
            rates = sorted(len(self._drawn) / each / 1e6 for each in seconds)
            yield Figure(
                name=f"{name}_rate",
                value=round(median(rates), 3),
                unit="million memberships a second",
                better="higher",
                low=round(rates[0], 3),
                high=round(rates[-1], 3),
                runs=len(rates),
            )

    def _slowest_look_ups(
        self, name: str, index: "MembershipIndex", *, unit: str, bound: float
    ) -> Figure:
        """The 99th of a hundred look-ups: in some passes over people chosen by chance."""
        random = np.random.default_rng(SEED)
        chosen = random.integers(0, len(self._drawn.digests), LOOK_UPS)
        digests = [self._drawn.digests[n].tobytes() for n in chosen]
        scale = {"ms": 1e3, "µs": 1e6}[unit]
        passes = []
        for _ in range(ROUNDS + 1):
            seconds = [seconds_of(partial(index.look_up, digest)) for digest in digests]
            passes.append(float(np.percentile(seconds, 99)) * scale)
        counted = sorted(passes[1:])  # the first one warms up
        return Figure(
            name=name,
            value=round(median(counted), 3),
            unit=unit,
            better="lower",
            bound=bound,
            low=round(counted[0], 3),
            high=round(counted[-1], 3),
            runs=len(counted) * LOOK_UPS,
        )

    def _wrong(self, name: str, index: "MembershipIndex") -> Figure:
        wrong = self._work.wrong_answers(index, self._drawn, sample=SAMPLE, seed=SEED)
        return Figure(name=name, value=wrong, unit="found", better="lower", bound=0, runs=SAMPLE)

    def _stale(self, changed: Memberships) -> Figure:
        """Answers from before a change, of the people whose memberships changed after the build."""
        from lineage.selectors.postings import membership_index  # noqa: PLC0415 - see above

        digests, segments = (column[:1_000] for column in changed.parts[0])
        with membership_index() as index:
            stale = sum(
                int(segment) not in index.look_up(digest.tobytes())
                for digest, segment in zip(digests, segments, strict=True)
            )
        return Figure(
            name="stale_answers", value=stale, unit="found", better="lower", bound=0,
            runs=len(segments),
        )  # fmt: skip


def _bytes_each(name: str, value: float, *, bound: float | None = None) -> Figure:
    return Figure(name=name, value=round(value, 2), unit="bytes", better="lower", bound=bound)


def _told(name: str, value: float, unit: str, *, better: str = "lower") -> Figure:
    return Figure(
        name=name, value=value, unit=unit, better="higher" if better == "higher" else "lower"
    )
