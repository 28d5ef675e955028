"""When a suppression may be lifted, and when it stays."""

import pytest

from lineage.graph import ArtifactKind, Relation
from lineage.models import Derivation
from tests.factories import ArtifactFactory, JobFactory, PlanStepFactory
from unlearning import product
from unlearning.errors import ProductError
from unlearning.jobs.lease import acquire
from unlearning.jobs.suppression import lift, serves_untreated, suppress
from unlearning.models import PlanStep

pytestmark = pytest.mark.django_db


@pytest.fixture
def step() -> PlanStep:
    desk = ArtifactFactory.create(kind=ArtifactKind.PRODUCT, name="offer-desk")
    made: PlanStep = PlanStepFactory.create(artifact=desk, method="output_suppression")
    return made


def serve(step: PlanStep, name: str, *, untreated: bool = False) -> Derivation:
    model = ArtifactFactory.create(kind=ArtifactKind.MODEL, name=name)
    if untreated:
        step.plan.uncovered = [
            {"artifact_id": model.pk, "artifact": name, "reason": "Its recipe is not recorded."}
        ]
    return Derivation.objects.create(
        upstream=model, downstream=step.artifact, relation=Relation.DEPLOYED_AS
    )


def test_outputs_stay_suppressed_while_an_untreated_model_answers(step: PlanStep) -> None:
    serve(step, "income-sisa v2")
    serve(step, "old-scores v1", untreated=True)

    [finding] = lift(step)

    assert finding.kind == "suppression_kept"
    assert "old-scores v1" in finding.summary
    assert finding.payload == {"untreated": ["old-scores v1"]}


def test_outputs_stay_suppressed_while_the_product_looks_up_what_nobody_treated(
    step: PlanStep,
) -> None:
    edge = serve(step, "help pages", untreated=True)
    Derivation.objects.filter(pk=edge.pk).update(relation=Relation.RETRIEVES_FROM)

    assert serves_untreated(step) == ["help pages"]


def test_what_is_served_no_more_or_was_treated_keeps_nothing_suppressed(step: PlanStep) -> None:
    serve(step, "income-sisa v2")
    ended = serve(step, "old-scores v1", untreated=True)
    Derivation.objects.filter(pk=ended.pk).update(ended_at=ended.recorded_at)

    assert serves_untreated(step) == []


def test_nothing_is_suppressed_at_a_product_that_does_not_say_what_it_serves(
    step: PlanStep, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def call(_endpoint: str, verb: str, path: str, *_: object, **__: object) -> product.Answer:
        asked.append((verb, path))
        return product.Answer(status=503, digest="", body=None)

    monkeypatch.setattr(product, "_call", call)
    lease = acquire(JobFactory.create(step=step).pk)
    assert lease is not None

    with pytest.raises(ProductError, match="GET /healthz with 503"):
        suppress(step, {"rule": {}, "rule_digest": ""}, lease)

    assert asked == [("GET", "/healthz")]
