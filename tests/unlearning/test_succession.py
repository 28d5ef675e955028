"""New versions name the datasets as they are now; findings about one step speak with one voice."""

import pytest

from lineage.capture.observations import ObservedDerivation
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, Derivation
from tests.factories import ArtifactFactory, PlanFactory, PlanStepFactory
from unlearning.jobs.findings import StepFinding, merged
from unlearning.jobs.succession import lineage_of_new_versions
from unlearning.models import PlanStep


def treated(plan: object, old: Artifact, new: Artifact, **outcome: object) -> PlanStep:
    step: PlanStep = PlanStepFactory.create(
        plan=plan, artifact=old, outcome={"artifact": new.pk, **outcome}
    )
    return step


@pytest.mark.django_db
@pytest.mark.parametrize(
    "kind",
    [
        ArtifactKind.DATASET_VERSION,
        ArtifactKind.EVALUATION_SET,
        ArtifactKind.CACHE,
        ArtifactKind.SYNTHETIC_DATASET,
    ],
)
def test_a_model_made_anew_was_trained_on_the_dataset_as_it_is_now(kind: ArtifactKind) -> None:
    plan = PlanFactory.create()
    data, data_now = (ArtifactFactory.create(kind=kind) for _ in range(2))
    model, model_now, base, base_now = (ArtifactFactory.create() for _ in range(4))
    Derivation.objects.create(upstream=data, downstream=model, relation=Relation.TRAINED_ON)
    Derivation.objects.create(upstream=data, downstream=base, relation=Relation.TRAINED_ON)
    Derivation.objects.create(upstream=base, downstream=model, relation=Relation.DISTILLED_FROM)
    bases = [{"of": base.pk, "artifact": base_now.pk}]
    told = {"bases": bases} if kind is not ArtifactKind.CACHE else {"base": bases[0]}
    steps = [
        treated(plan, model, model_now, **told),
        treated(plan, data, data_now),
    ]

    observed = lineage_of_new_versions(steps)

    # The teacher is a run's model input: MLflow tells of it.
    assert set(observed.derivations) == {
        ObservedDerivation(
            upstream=data_now.identity, downstream=made.identity, relation=Relation.TRAINED_ON
        )
        for made in (model_now, base_now)
    }


def finding(outcome: str, step_id: int | None = None) -> StepFinding:
    return StepFinding(
        step_id=step_id,
        kind="source_rows_absent",
        outcome=outcome,
        summary=f"It {outcome}.",
        payload={"outcome": outcome},
    )


def test_of_several_findings_about_one_thing_the_worst_counts() -> None:
    one, other = merged([finding("passed"), finding("passed", 1), finding("failed")])

    assert (one.outcome, one.summary) == ("failed", "It failed. It passed.")
    assert one.payload == {"findings": [{"outcome": "failed"}, {"outcome": "passed"}]}
    assert other == finding("passed", 1)
