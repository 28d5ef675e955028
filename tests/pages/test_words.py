"""How pages and reports say keys, actors and numbers."""

import pytest

from governance.templatetags.words import (
    actor_name,
    clock_event,
    lower_first,
    measure_name,
    measured,
)


@pytest.mark.parametrize(
    ("actor", "said"),
    [
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
