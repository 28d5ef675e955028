"""A product is asked for model and index after its reload; each must be the successor."""

from typing import Any

import pytest

from lineage.graph import ArtifactKind
from tests.factories import ArtifactFactory, PlanStepFactory
from unlearning import product
from unlearning.errors import ProductError
from unlearning.jobs.switching import switch
from unlearning.models import PlanStep

pytestmark = pytest.mark.django_db


@pytest.fixture
def steps() -> list[PlanStep]:
    """A product's step, and those of the model and the index that it serves."""
    desk = ArtifactFactory.create(
        kind=ArtifactKind.PRODUCT, name="offer-desk", location="http://127.0.0.1:1"
    )
    served: PlanStep = PlanStepFactory.create(
        artifact=desk,
        method="output_suppression",
        outcome={"served_before": "sha256:model-1", "index_before": "sha256:index-1"},
    )
    return [
        served,
        *(
            PlanStepFactory.create(
                plan=served.plan,
                artifact=ArtifactFactory.create(digest=f"sha256:{name}-1"),
                outcome={"model_id": f"m-{name}", "digest": f"sha256:{name}-2"},
            )
            for name in ("model", "index")
        ),
    ]


def serve(patch: pytest.MonkeyPatch, model: str, index: str) -> None:
    def answer(*_: Any, **__: Any) -> product.Answer:  # noqa: ANN401 - stands for a product
        return product.Answer(status=200, digest=model, index_digest=index, body=None)

    patch.setattr(product, "reload", answer)
    patch.setattr(product, "health", answer)


def test_model_and_index_are_both_named_in_the_finding(
    steps: list[PlanStep], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, "sha256:model-2", "sha256:index-2")

    finding = switch(steps[0], steps)

    assert finding.outcome == "passed"
    assert finding.payload["after"] == finding.payload["expected"] == "sha256:model-2"
    assert finding.payload["index_after"] == "sha256:index-2"
    assert "index sha256:index-1 before and sha256:index-2 after" in finding.summary


@pytest.mark.parametrize(
    ("model", "index", "words"),
    [
        ("sha256:model-2", "sha256:index-1", "serves sha256:index-1 index"),
        ("sha256:model-1", "sha256:index-2", "serves sha256:model-1 model"),
        ("", "sha256:index-2", "serves an unknown model"),
    ],
)
def test_a_product_that_kept_one_of_them_is_not_switched(
    steps: list[PlanStep], monkeypatch: pytest.MonkeyPatch, model: str, index: str, words: str
) -> None:
    serve(monkeypatch, model, index)

    with pytest.raises(ProductError, match=words):
        switch(steps[0], steps)


def test_a_product_without_an_index_needs_none(
    steps: list[PlanStep], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps[0].outcome = {"served_before": "sha256:model-1", "index_before": ""}
    serve(monkeypatch, "sha256:model-2", "")

    assert switch(steps[0], steps).outcome == "passed"


def test_a_product_of_which_nothing_was_replaced_shows_nothing(
    steps: list[PlanStep], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, "sha256:model-1", "sha256:index-1")

    assert switch(steps[0], steps[:1]).outcome == "inconclusive"


def test_a_product_that_named_nothing_before_shows_no_switch(
    steps: list[PlanStep], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps[0].outcome = {"served_before": "", "index_before": ""}
    serve(monkeypatch, "sha256:model-2", "")

    finding = switch(steps[0], steps)

    assert finding.outcome == "inconclusive"
    assert "named no model before" in finding.summary


def test_a_replaced_version_is_not_served_although_nothing_was_named_before(
    steps: list[PlanStep], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps[0].outcome = {"served_before": "", "index_before": ""}
    serve(monkeypatch, "sha256:model-1", "")

    with pytest.raises(ProductError, match="serves sha256:model-1 model"):
        switch(steps[0], steps)
