"""A clustering is judged by its distances: it has no accuracy, and no class to be pushed from."""

from pathlib import Path

import pytest

from tests.unlearning.jobs import as_json, quiet, step
from tests.unlearning.synthetic import clustering, clusters
from tests.unlearning.tiny import write_dataset
from unlearning.jobfiles import JobInputError
from unlearning.methods.negative_gradient_repair import apply as repair
from unlearning.methods.retrain_from_clean_ancestor import apply as retrain
from unlearning.training import run_training
from unlearning.verification.models import measure
from unlearning.verification.plan_check import Orders, Treated, verify
from unlearning.verification.utility import Compared, Utility, utility_finding


def compared(before: float, after: float, reference: float | None = None) -> Compared:
    return Compared(
        before=Utility(accuracy=None, loss=before),
        after=Utility(accuracy=None, loss=after),
        reference=None if reference is None else Utility(accuracy=None, loss=reference),
    )


def test_its_loss_is_the_smallest_squared_distance(tmp_path: Path) -> None:
    made = run_training(
        clustering(write_dataset(tmp_path / "data")), out=tmp_path / "model", report=quiet
    )
    features, _ = clusters.encode(made.view.records)

    losses, utility = measure(clusters, made.model_dir, made.view.records)

    expected = ((features - features.mean(dim=0)) ** 2).sum(dim=1)
    assert losses == pytest.approx(expected.double().numpy(), abs=1e-6)
    assert utility.accuracy is None
    assert utility.to_json().keys() == {"loss"}


def test_mean_distance_may_rise_by_two_percent_and_no_more() -> None:
    within, beyond = compared(1.0, 1.015), compared(1.0, 1.03)
    worn_down = compared(1.0, 1.015, reference=0.9)

    assert utility_finding(retained=within, held_out=within).outcome == "passed"
    assert utility_finding(retained=within, held_out=beyond).outcome == "failed"
    assert utility_finding(retained=worn_down, held_out=within).outcome == "failed"
    assert utility_finding(retained=beyond, held_out=None).outcome == "failed"
    finding = utility_finding(retained=within, held_out=None)
    assert finding.outcome == "inconclusive"
    assert finding.summary.startswith("Mean squared distance retained 1.000 before")


def test_a_clustering_is_retrained_and_verified_like_any_model(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    own = [f"R-{number:03d}" for number in range(60)]
    others = write_dataset(tmp_path / "others", 90, without=own)
    described = clustering(data, held_out=others)
    before = run_training(described, out=tmp_path / "before", report=quiet)
    job = step("retrain_from_clean_ancestor", ["R-007"], described, before.model_dir, tmp_path)
    output = retrain(job, quiet)
    clean = clustering(write_dataset(tmp_path / "clean", without=["R-007"]), held_out=others)

    evidence = verify(
        [
            Treated.parse(
                {
                    "step_id": 1,
                    "method": "retrain_from_clean_ancestor",
                    "artifact": {"model_dir": str(before.model_dir)},
                    "after": {
                        "model_dir": str(output.model_dir),
                        "digest": output.digest,
                        "manifest": output.manifest,
                    },
                    "training": as_json(clean),
                }
            )
        ],
        datasets=[],
        orders=Orders(record_ids=frozenset({"R-007"}), replicas=0, out=tmp_path / "check"),
        report=quiet,
    )

    found = {str(item["kind"]): item["outcome"] for item in evidence}
    assert found["replay_equal"] == "passed"
    assert found["utility_floor"] == "passed"
    assert found["membership_inference"] == "inconclusive"


def test_a_negative_gradient_is_refused(tmp_path: Path) -> None:
    described = clustering(write_dataset(tmp_path / "data"))
    job = step("negative_gradient_repair", ["R-007"], described, tmp_path, tmp_path)

    with pytest.raises(JobInputError, match="classes of a classifier"):
        repair(job, quiet)
