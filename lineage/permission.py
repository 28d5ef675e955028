"""May a training read these datasets now? Terms, people's choices and a moment in; an answer out.

What is not recorded is refused by the name of what is missing: unknown is never allowed. This is a
check of what an organisation has recorded, not legal advice: whether a recorded basis holds, and
whether it covers training, stays for people to decide.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lineage.terms import LegalBasis, Terms

#: Scope of a choice that holds for every purpose.
EVERY_PURPOSE = ""


class Choice(StrEnum):
    """What a data subject decided."""

    CONSENT = "consent"
    #: An objection (GDPR Art. 21), or a consent taken back (Art. 7(3)).
    OPT_OUT = "opt_out"


@dataclass(frozen=True, kw_only=True)
class MadeChoice:
    """One choice of one person."""

    choice: Choice
    #: What it is about, or :data:`EVERY_PURPOSE`.
    purpose: str
    chosen_at: datetime


@dataclass(frozen=True, kw_only=True)
class Person:
    """What is recorded of a data subject beyond the rows."""

    choices: tuple[MadeChoice, ...] = ()
    #: When rows of theirs were last taken out by a redaction; None: never.
    taken_out_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class WantedDataset:
    """A dataset that a training wants to read."""

    #: As the caller named it.
    asked: str
    #: Its name in the graph; empty where the graph has none.
    name: str
    #: Its id in the graph, or 0.
    id: int = 0
    #: ``current``, ``superseded`` or ``destroyed``.
    state: str = "current"
    #: Why its people are not known, in one sentence; empty where every row was read.
    unread_because: str = ""
    terms: Terms = field(default_factory=Terms)
    #: Whether some choices are recorded under older versions of the key only, so that nobody can
    #: tell whether they are those of its people.
    choices_apart: bool = False
    #: Keys of everybody who has rows in it.
    subjects: frozenset[Hashable] = frozenset()
    #: Those of them of whom more than rows is recorded.
    people: Mapping[Hashable, Person] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One reason why the training may not start."""

    #: Name of the rule, e.g. ``opted_out``.
    rule: str
    #: Name of the dataset, and its id in the graph or 0.
    dataset: str
    dataset_id: int
    why: str
    remedy: str
    #: True: something needed is not recorded, so nobody can say that it is allowed.
    unknown: bool = False
    #: Keys of the people concerned; empty where the dataset as a whole is.
    subjects: frozenset[Hashable] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Permission:
    """The answer."""

    purpose: str
    asked_at: datetime
    datasets: tuple[str, ...]
    #: In the order of the datasets; within one, in the order of the rules.
    refusals: tuple[Refusal, ...]

    @property
    def allowed(self) -> bool:
        """Whether nothing stands against it and nothing is unknown."""
        return not self.refusals


@dataclass(frozen=True, kw_only=True)
class Stance:
    """How a person stands to one purpose at one moment."""

    opted_out: bool
    #: When the consent that holds was given; None: none holds.
    consented_at: datetime | None


def stance(choices: Iterable[MadeChoice], *, purpose: str, now: datetime) -> Stance:
    """Work out what a person's choices come to.

    Within one scope (this purpose, or every purpose) the newest choice counts, and of two at the
    same moment the opt-out. Between the two scopes an opt-out wins. Later choices do not count yet.

    >>> at = datetime(2026, 1, 1)
    >>> told = MadeChoice(choice=Choice.OPT_OUT, purpose="", chosen_at=at)
    >>> stance([told], purpose="training", now=at).opted_out
    True
    """
    newest: dict[str, MadeChoice] = {}
    for made in sorted(choices, key=lambda c: (c.chosen_at, c.choice is Choice.OPT_OUT)):
        if made.chosen_at <= now and made.purpose in (purpose, EVERY_PURPOSE):
            newest[made.purpose] = made
    opted_out = any(made.choice is Choice.OPT_OUT for made in newest.values())
    consents = [m.chosen_at for m in newest.values() if m.choice is Choice.CONSENT]
    return Stance(
        opted_out=opted_out, consented_at=None if opted_out else max(consents, default=None)
    )


def decide(datasets: Sequence[WantedDataset], *, purpose: str, now: datetime) -> Permission:
    """Decide whether a training may read datasets for a purpose.

    Args:
        datasets: Everything that it wants to read.
        purpose: What for, as :func:`lineage.terms.purpose_in` spells it.
        now: The moment of the question; aware.

    Returns:
        Every refusal, not only the first one.
    """
    return Permission(
        purpose=purpose,
        asked_at=now,
        datasets=tuple(dataset.asked for dataset in datasets),
        refusals=tuple(
            refusal for dataset in datasets for refusal in _refusals(dataset, purpose, now)
        ),
    )


def _refusals(dataset: WantedDataset, purpose: str, now: datetime) -> Iterator[Refusal]:
    if not dataset.name:
        yield Refusal(
            rule="unknown_dataset",
            dataset=dataset.asked,
            dataset_id=0,
            why=f"No dataset of the name {dataset.asked} is recorded.",
            remedy="Announce it with an OpenLineage event, or correct the name.",
            unknown=True,
        )
        return
    yield from _by_state(dataset)
    yield from _by_terms(dataset, purpose, now)
    yield from _by_people(dataset, purpose, now)


def _by_state(dataset: WantedDataset) -> Iterator[Refusal]:
    name = dataset.name
    if dataset.state != "current":
        yield Refusal(
            rule="not_in_use",
            dataset=name,
            dataset_id=dataset.id,
            why=f"{name} is {dataset.state}; rows may have been taken out of it since.",
            remedy="Read the version that took its place.",
        )
    if dataset.unread_because:
        yield Refusal(
            rule="people_not_known",
            dataset=name,
            dataset_id=dataset.id,
            why=f"Whose rows {name} holds is not known: {dataset.unread_because}",
            remedy="Let its rows be read into the record index.",
            unknown=True,
        )

    if dataset.choices_apart:
        yield Refusal(
            rule="choices_under_another_key",
            dataset=name,
            dataset_id=dataset.id,
            why=(
                f"Some choices are recorded under another version of the key than the people in "
                f"{name}; whether they are theirs is not known."
            ),
            remedy="Tell the choices from before the key was changed again, from where they lie.",
            unknown=True,
        )


def _by_terms(dataset: WantedDataset, purpose: str, now: datetime) -> Iterator[Refusal]:
    name, terms = dataset.name, dataset.terms
    today = now.date()
    for missing, words in (
        (terms.legal_basis, "legal basis"),
        (terms.purposes, "purposes"),
        (terms.retention_until, "retention term"),
    ):
        if missing is None:
            yield Refusal(
                rule=f"no_{words.replace(' ', '_')}",
                dataset=name,
                dataset_id=dataset.id,
                why=f"No {words} of {name} is recorded.",
                remedy="Record it with vestige terms, or in the facet vestige_terms.",
                unknown=True,
            )
    if terms.purposes is not None and purpose not in terms.purposes:
        yield Refusal(
            rule="other_purpose",
            dataset=name,
            dataset_id=dataset.id,
            why=f"{name} is kept for {', '.join(terms.purposes)}, not for {purpose}.",
            remedy="Ask for a purpose that is recorded, or have this one decided and recorded.",
        )
    if terms.retention_until is not None and today > terms.retention_until:
        yield Refusal(
            rule="past_retention_term",
            dataset=name,
            dataset_id=dataset.id,
            why=f"{name} was to be kept until {terms.retention_until} only.",
            remedy="Destroy it, or have a longer term decided and recorded.",
        )


def _by_people(dataset: WantedDataset, purpose: str, now: datetime) -> Iterator[Refusal]:
    stances = {
        key: stance(person.choices, purpose=purpose, now=now)
        for key, person in dataset.people.items()
    }
    opted_out = frozenset(key for key, found in stances.items() if found.opted_out)
    if opted_out:
        yield Refusal(
            rule="opted_out",
            dataset=dataset.name,
            dataset_id=dataset.id,
            why=f"{_people(opted_out)} with rows in {dataset.name} opted out of {purpose}.",
            remedy="Leave their rows out (vestige allowed-to-train --records lists them).",
            subjects=opted_out,
        )
    returned = frozenset(_returned(dataset.people, stances))
    if returned:
        yield Refusal(
            rule="taken_out_before",
            dataset=dataset.name,
            dataset_id=dataset.id,
            why=(
                f"Rows of {_people(returned)} were taken out before, and {dataset.name} holds rows "
                "of theirs."
            ),
            remedy="Leave their rows out, or record a consent that they gave since.",
            subjects=returned,
        )
    if dataset.terms.legal_basis is LegalBasis.CONSENT:
        agreed = {key for key, found in stances.items() if found.consented_at is not None}
        without = dataset.subjects - agreed - opted_out
        if without:
            yield Refusal(
                rule="no_consent",
                dataset=dataset.name,
                dataset_id=dataset.id,
                why=(
                    f"{dataset.name} rests on consent, and of {_people(without)} in it no consent "
                    f"to {purpose} is recorded."
                ),
                remedy="Leave their rows out, or record the consent that they gave.",
                unknown=True,
                subjects=without,
            )


def _returned(
    people: Mapping[Hashable, Person], stances: Mapping[Hashable, Stance]
) -> Iterator[Hashable]:
    """Those whose rows were taken out and who gave no consent since."""
    for key, person in people.items():
        consented_at = stances[key].consented_at
        if person.taken_out_at is not None and (
            consented_at is None or consented_at <= person.taken_out_at
        ):
            yield key


def _people(keys: Collection[Hashable]) -> str:
    return "1 person" if len(keys) == 1 else f"{len(keys)} people"
