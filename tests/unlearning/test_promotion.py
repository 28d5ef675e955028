"""New versions wait for a person unless every check of their methods passed."""

from collections.abc import Callable

import pytest

from lineage.graph import Relation
from lineage.models import Derivation
from tests.factories import (
    ArtifactFactory,
    EvidenceFactory,
    JobFactory,
    PlanStepFactory,
    pass_checks,
)
from unlearning.errors import PromotionRefusedError
from unlearning.jobs import promotion
from unlearning.jobs.findings import StepFinding
from unlearning.jobs.lease import acquire
from unlearning.models import Evidence, Job, PlanStep, StepState

pytestmark = pytest.mark.django_db


@pytest.fixture
def step() -> PlanStep:
    """A retrained model whose every check passed."""
    made: PlanStep = PlanStepFactory.create(
        artifact=ArtifactFactory.create(name="income v1"), state=StepState.DONE
    )
    pass_checks(made)
    return made


@pytest.fixture(autouse=True)
def no_tracking_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promotion, "capture_mlflow", lambda: None)


def promote(step: PlanStep, **job_input: str) -> list[StepFinding]:
    job: Job = JobFactory.create(
        plan=step.plan, step=None, purpose="promotion", input={"purpose": "promotion", **job_input}
    )
    lease = acquire(job.pk)
    assert lease is not None
    return promotion.promote_plan(job, lease)


def told_by(step: PlanStep, kind: str) -> Evidence:
    return Evidence.objects.get(step=step, kind=kind)


def without_replay(step: PlanStep) -> None:
    told_by(step, "replay_equal").delete()


def without_held_out_rows(step: PlanStep) -> None:
    Evidence.objects.filter(step=step, kind="utility_floor").update(
        outcome="inconclusive", summary="Accuracy retained 0.9; no held-out records are known."
    )


def with_a_base(step: PlanStep) -> None:
    """Its base is affected too, and nobody looked whether the one that was used is clean."""
    base = PlanStepFactory.create(plan=step.plan, method="recipient_notice").artifact
    Derivation.objects.create(
        upstream=base, downstream=step.artifact, relation=Relation.FINE_TUNED_FROM
    )


def with_a_finding_about_the_plan(step: PlanStep) -> None:
    EvidenceFactory.create(step=None, plan=step.plan, kind="source_rows_absent", outcome="failed")


@pytest.mark.parametrize(
    ("weaken", "words"),
    [
        (without_replay, r"replay equal of income v1 \(missing\)"),
        (without_held_out_rows, "utility floor of income v1 .*no held-out records are known"),
        (with_a_base, r"ancestor clean of income v1 \(missing\)"),
        (with_a_finding_about_the_plan, r"source rows absent of the plan \(failed"),
    ],
)
def test_a_check_that_did_not_pass_asks_a_person_with_the_reason(
    step: PlanStep, weaken: Callable[[PlanStep], None], words: str
) -> None:
    weaken(step)

    with pytest.raises(PromotionRefusedError, match=words):
        promote(step)


def test_nobody_is_asked_where_every_check_passed(step: PlanStep) -> None:
    assert promote(step) == []


def test_who_lets_versions_serve_all_the_same_stands_in_the_evidence(step: PlanStep) -> None:
    without_replay(step)

    [finding] = promote(step, accepted_by="officer:ann")

    assert finding.kind == "failure_accepted"
    assert finding.summary.startswith("officer:ann decided")
    assert finding.payload["not_passed"] == ["replay equal of income v1 (missing)"]
