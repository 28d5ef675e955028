"""How pages and reports say keys, actors and numbers."""

from collections.abc import Mapping

import pytest

from deletion_requests.lifecycle import FINAL_STATES, Event, State
from deletion_requests.presentation import NEXT
from deletion_requests.timeline import TITLES
from governance.vocabulary import EVIDENCE, GUARANTEES, KINDS, RELATIONS, STATE_TONES
from governance.wording import (
    actor_name,
    cell_text,
    clock_event,
    lower_first,
    measure_name,
    measured,
)
from lineage.graph import PROPAGATION, ArtifactKind, Relation
from unlearning.methods import METHODS


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        ("recipient:Lakeside Insights", "the recipient “Lakeside Insights”"),
        ("officer:ann", "ann"),
        ("client:web form", "the API client “web form”"),
        ("system", "system"),
    ],
)
def test_an_actor_is_named_without_its_prefix(actor: str, said: str) -> None:
    assert actor_name(actor) == said


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ("auc", "AUC"),
        ("held out loss", "Held-out loss"),
        ("retained accuracy", "Retained accuracy"),
    ],
)
def test_a_measure_reads_as_words(measure: str, said: str) -> None:
    assert measure_name(measure) == said


@pytest.mark.parametrize(
    ("value", "said"), [(None, "-"), (0.857, "0.8570"), (36058, "36,058"), (0.51234, "0.5123")]
)
def test_numbers_line_up_in_a_column(value: float | None, said: str) -> None:
    assert measured(value) == said


def test_a_clock_event_is_told_as_past() -> None:
    assert clock_event("acknowledge") == "Acknowledged"


def test_an_abbreviation_keeps_its_capitals_in_a_sentence() -> None:
    assert lower_first("SISA shard retrain") == "SISA shard retrain"
    assert lower_first("Retrain from clean ancestor") == "retrain from clean ancestor"


def test_every_event_of_a_request_has_a_title_in_its_timeline() -> None:
    assert {f"request.{event}" for event in Event} <= set(TITLES)


def test_every_state_is_told_with_what_happens_next_and_a_tone() -> None:
    for state in State:
        assert NEXT[state]
        assert state in STATE_TONES or state in FINAL_STATES


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        (KINDS, list(ArtifactKind)),
        (RELATIONS, list(Relation)),
        (EVIDENCE, [rule.blocked_by for rule in PROPAGATION.values() if rule.blocked_by]),
        (GUARANTEES, [method.guarantee_class for method in METHODS.values()]),
    ],
)
def test_every_key_that_a_page_may_meet_has_words(
    table: Mapping[str, object], keys: list[str]
) -> None:
    assert set(keys) <= set(table)


@pytest.mark.parametrize(
    ("value", "said"), [(True, "yes"), (None, "-"), ("a", "a"), (0.5, "0.5000"), (1200, "1,200")]
)
def test_a_cell_of_figures_reads_as_text(value: str | float | bool | None, said: str) -> None:
    assert cell_text(value) == said
