"""Whether a training is allowed: every rule, and that nothing unknown is ever allowed."""

import doctest
from collections.abc import Hashable
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage import permission, terms
from lineage.permission import (
    EVERY_PURPOSE,
    Choice,
    MadeChoice,
    Permission,
    Person,
    WantedDataset,
    decide,
    stance,
)
from lineage.terms import LegalBasis, Terms

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
EARLIER, EARLIEST = NOW - timedelta(days=1), NOW - timedelta(days=9)
KEPT = Terms(
    legal_basis=LegalBasis.LEGITIMATE_INTERESTS,
    purposes=("fraud", "training"),
    retention_until=date(2026, 11, 25),
)
FINE = WantedDataset(
    asked="customers", name="customers@1", id=5, terms=KEPT, subjects=frozenset({1, 2, 3})
)


def chose(choice: Choice, at: datetime, purpose: str = EVERY_PURPOSE) -> MadeChoice:
    return MadeChoice(choice=choice, purpose=purpose, chosen_at=at)


def opted_out(at: datetime = EARLIER, purpose: str = EVERY_PURPOSE) -> MadeChoice:
    return chose(Choice.OPT_OUT, at, purpose)


def consented(at: datetime = EARLIER, purpose: str = EVERY_PURPOSE) -> MadeChoice:
    return chose(Choice.CONSENT, at, purpose)


def ask(*datasets: WantedDataset, purpose: str = "training") -> Permission:
    return decide(datasets, purpose=purpose, now=NOW)


def rules(answer: Permission) -> list[str]:
    return [refusal.rule for refusal in answer.refusals]


def test_what_is_recorded_and_within_its_terms_is_allowed_on_the_last_day_too() -> None:
    assert ask(FINE).allowed
    assert ask(FINE, FINE).datasets == ("customers", "customers")


@pytest.mark.parametrize(
    ("changed", "rule", "unknown"),
    [
        (replace(FINE, name=""), "unknown_dataset", True),
        (replace(FINE, state="superseded"), "not_in_use", False),
        (replace(FINE, state="destroyed"), "not_in_use", False),
        (replace(FINE, unread_because="it waits."), "people_not_known", True),
        (replace(FINE, choices_apart=True), "choices_under_another_key", True),
        (replace(FINE, terms=replace(KEPT, legal_basis=None)), "no_legal_basis", True),
        (replace(FINE, terms=replace(KEPT, purposes=None)), "no_purposes", True),
        (replace(FINE, terms=replace(KEPT, retention_until=None)), "no_retention_term", True),
        (replace(FINE, terms=replace(KEPT, purposes=("billing",))), "other_purpose", False),
        (
            replace(FINE, terms=replace(KEPT, retention_until=date(2026, 11, 24))),
            "past_retention_term",
            False,
        ),
        (replace(FINE, people={2: Person(choices=(opted_out(),))}), "opted_out", False),
        (replace(FINE, people={2: Person(taken_out_at=EARLIER)}), "taken_out_before", False),
        (replace(FINE, terms=replace(KEPT, legal_basis=LegalBasis.CONSENT)), "no_consent", True),
    ],
)
def test_each_rule_refuses_by_its_name_with_a_reason_and_a_remedy(
    changed: WantedDataset, rule: str, unknown: bool
) -> None:
    answer = ask(FINE, changed)

    (refusal,) = answer.refusals
    assert not answer.allowed
    assert (refusal.rule, refusal.unknown) == (rule, unknown)
    assert refusal.why.endswith(".")
    assert refusal.remedy.endswith(".")


def test_people_are_counted_and_kept_apart_by_rule() -> None:
    people: dict[Hashable, Person] = {
        1: Person(choices=(opted_out(),)),
        2: Person(choices=(consented(),)),
        3: Person(taken_out_at=EARLIER),
    }
    on_consent = replace(KEPT, legal_basis=LegalBasis.CONSENT)
    subjects = frozenset({1, 2, 3, 4})

    answer = ask(replace(FINE, terms=on_consent, subjects=subjects, people=people))

    assert {refusal.rule: set(refusal.subjects) for refusal in answer.refusals} == {
        "opted_out": {1},
        "taken_out_before": {3},
        "no_consent": {3, 4},
    }
    assert "2 people" in answer.refusals[2].why
    assert answer.refusals[0].why == "1 person with rows in customers@1 opted out of training."


@pytest.mark.parametrize(
    ("choices", "out", "since"),
    [
        ([], False, None),
        ([consented()], False, EARLIER),
        ([opted_out(EARLIEST), consented(EARLIER)], False, EARLIER),
        ([consented(EARLIEST), opted_out(EARLIER)], True, None),
        ([consented(), opted_out()], True, None),
        ([opted_out(), consented()], True, None),
        # Between this purpose and every purpose the opt-out wins, whichever is newer.
        ([opted_out(EARLIEST), consented(EARLIER, "training")], True, None),
        ([opted_out(EARLIEST, "training"), consented(EARLIER)], True, None),
        # Other purposes, and choices from tomorrow on, say nothing.
        ([opted_out(EARLIER, "advertising")], False, None),
        ([consented(EARLIEST), opted_out(NOW + timedelta(days=1))], False, EARLIEST),
    ],
)
def test_the_newest_choice_holds_and_an_opt_out_wins(
    choices: list[MadeChoice], out: bool, since: datetime | None
) -> None:
    found = stance(choices, purpose="training", now=NOW)

    assert (found.opted_out, found.consented_at) == (out, since)


def test_only_a_consent_given_after_the_redaction_lets_somebody_come_back() -> None:
    before = Person(choices=(consented(EARLIEST),), taken_out_at=EARLIER)
    after = Person(choices=(consented(EARLIER),), taken_out_at=EARLIEST)

    assert rules(ask(replace(FINE, people={1: before}))) == ["taken_out_before"]
    assert ask(replace(FINE, people={1: after})).allowed


MOMENTS = st.sampled_from([EARLIEST, EARLIER, NOW, NOW + timedelta(days=3)])
CHOICES = st.lists(
    st.builds(
        MadeChoice,
        choice=st.sampled_from(Choice),
        purpose=st.sampled_from([EVERY_PURPOSE, "training", "fraud"]),
        chosen_at=MOMENTS,
    ),
    max_size=5,
).map(tuple)
WANTED = st.builds(
    WantedDataset,
    asked=st.just("customers"),
    name=st.sampled_from(["customers@1", ""]),
    state=st.sampled_from(["current", "superseded"]),
    unread_because=st.sampled_from(["", "it waits."]),
    choices_apart=st.booleans(),
    terms=st.builds(
        Terms,
        legal_basis=st.none() | st.sampled_from(LegalBasis),
        purposes=st.none() | st.sampled_from([("training",), ("billing",)]),
        retention_until=st.none() | st.sampled_from([date(2026, 1, 1), date(2027, 1, 1)]),
    ),
    subjects=st.just(frozenset({1, 2})),
    people=st.dictionaries(
        st.sampled_from([1, 2]),
        st.builds(Person, choices=CHOICES, taken_out_at=st.none() | MOMENTS),
    ),
)


@given(WANTED)
def test_nothing_unknown_is_ever_allowed(wanted: WantedDataset) -> None:
    unknown = (
        not wanted.name
        or wanted.unread_because
        or wanted.choices_apart
        or any(getattr(wanted.terms, field.name) is None for field in fields(Terms))
    )
    answer = ask(wanted)

    assert not (unknown and answer.allowed)
    assert not unknown or any(refusal.unknown for refusal in answer.refusals)


@given(WANTED, st.sampled_from([EVERY_PURPOSE, "training"]))
def test_one_more_opt_out_never_allows_what_was_refused(wanted: WantedDataset, scope: str) -> None:
    person = wanted.people.get(1, Person())
    objecting = replace(person, choices=(*person.choices, opted_out(NOW, scope)))
    answer = ask(replace(wanted, people={**wanted.people, 1: objecting}))

    assert not answer.allowed
    assert set(rules(ask(wanted))) - {"taken_out_before", "no_consent"} <= set(rules(answer))


def test_a_facet_is_read_part_by_part() -> None:
    told = {"legalBasis": "art. 6", "purposes": ["Training", "training "], "retentionUntil": "soon"}

    found, problems = terms.read_facet(told)

    assert found == Terms(purposes=("training",))
    assert [problem.field for problem in problems] == ["legalBasis", "retentionUntil"]
    assert terms.read_facet({"purposes": ["a,b"]})[1][0].field == "purposes"
    assert terms.read_facet({"purposes": []})[1][0].field == "purposes"
    assert terms.read_facet(terms.as_facet(KEPT)) == (KEPT, ())


@pytest.mark.parametrize("module", [permission, terms])
def test_the_examples_in_the_docstrings_hold(module: object) -> None:
    failed, tried = doctest.testmod(module)  # type: ignore[arg-type]
    assert (failed, tried > 0) == (0, True)
