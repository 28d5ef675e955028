"""Replicas that are trained side by side are what single trainings make, faster."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from examples.company.prepare_data import prepare
from examples.company.recipes import monolithic
from tests.unlearning.jobs import as_json, quiet
from tests.unlearning.tiny import recipe as tiny
from tests.unlearning.tiny import training, write_dataset
from unlearning.data import RecordView
from unlearning.forget_set import keep_forget_set
from unlearning.jobfiles import Training
from unlearning.recipes import State
from unlearning.replicas import train_replicas
from unlearning.verification.plan_check import Orders, Treated, replicas
from unlearning.verification.plan_check.replicas import check_replicas

PARAMS = {"hidden": "8", "epochs": "2", "batch_size": "32", "learning_rate": "0.05"}


@pytest.fixture(scope="module")
def customers(tmp_path_factory: pytest.TempPathFactory) -> RecordView:
    data = tmp_path_factory.mktemp("company")
    prepare(data, rows=400)
    return RecordView.open(data / "adult-v1")


def one_by_one(data: RecordView, seeds: Sequence[int]) -> list[State]:
    """Train as the job does, one seed after the other."""
    return [
        monolithic.train(
            data,
            params=PARAMS,
            seed=seed,
            resume_from=None,
            base=None,
            on_checkpoint=lambda _name, _state: None,
            report=quiet,
        ).state
        for seed in seeds
    ]


def test_side_by_side_gives_the_weights_of_single_trainings(customers: RecordView) -> None:
    together = train_replicas(monolithic, customers, params=PARAMS, seeds=[1, 2, 3], report=quiet)

    for replica, single in zip(together, one_by_one(customers, [1, 2, 3]), strict=True):
        assert replica.keys() == single.keys()
        for name, weights in single.items():
            torch.testing.assert_close(replica[name], weights, rtol=1e-4, atol=1e-5)


def test_a_replica_does_not_depend_on_those_beside_it(customers: RecordView) -> None:
    few = train_replicas(monolithic, customers, params=PARAMS, seeds=[5, 6], report=quiet)
    other = train_replicas(monolithic, customers, params=PARAMS, seeds=[5, 99], report=quiet)

    assert all(torch.equal(few[0][name], other[0][name]) for name in few[0])
    assert not torch.equal(few[0]["hidden.weight"], few[1]["hidden.weight"])


def test_scores_are_distributed_as_over_single_trainings(customers: RecordView) -> None:
    together = train_replicas(
        monolithic, customers, params=PARAMS, seeds=range(100, 116), report=quiet
    )
    single = one_by_one(customers, range(200, 216))

    own, others = (np.array([_score(state, customers) for state in s]) for s in (together, single))
    # Different seeds: equal within three standard errors of the difference of two means of 16.
    error = np.sqrt((own.var(axis=0, ddof=1) + others.var(axis=0, ddof=1)) / 16)
    assert np.all(np.abs(own.mean(axis=0) - others.mean(axis=0)) < 3.5 * error)


def _score(state: State, data: RecordView) -> list[float]:
    """Mean logit and accuracy over the records."""
    features, classes = monolithic.encode(data.records)
    hidden = torch.tanh(features @ state["hidden.weight"].T + state["hidden.bias"])
    answers = hidden @ state["output.weight"].T + state["output.bias"]
    margin = answers[:, 1] - answers[:, 0]
    right = (margin > 0) == (classes == 1)
    return [float((margin * (2 * classes - 1)).mean()), float(right.double().mean())]


def test_a_recipe_without_the_fast_path_is_run_once_a_seed(tmp_path: Path) -> None:
    view = RecordView.open(write_dataset(tmp_path / "data"))
    steps: list[str] = []

    states = train_replicas(
        tiny,
        view,
        params={"epochs": "1"},
        seeds=[1, 2],
        report=lambda _fraction, message: steps.append(message),
    )

    assert steps == ["replica 1 of 2", "replica 2 of 2"]
    assert not torch.equal(states[0]["0.weight"], states[1]["0.weight"])


def treated(folder: Path, described: Training, kept: Path | None) -> Treated:
    return Treated.parse(
        {
            "step_id": 1,
            "method": "negative_gradient_repair",
            "artifact": {"model_dir": str(folder)},
            "after": {
                "model_dir": str(folder),
                "digest": "sha256:0",
                "manifest": {"forget_set": str(kept)} if kept else {},
            },
            "training": as_json(described),
        }
    )


def orders(out: Path, replicas: int) -> Orders:
    return Orders(record_ids=frozenset({"R-007", "R-009"}), replicas=replicas, out=out)


def test_the_whole_attack_does_not_depend_on_the_number_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = training(write_dataset(tmp_path / "data", without=["R-007", "R-009"]))
    everyone = RecordView.open(write_dataset(tmp_path / "all"), exclude={"R-007", "R-009"})
    kept = keep_forget_set(everyone, tmp_path)
    told: list[tuple[float, str]] = []

    findings = []
    for processes in (1, 2):
        monkeypatch.setattr(replicas, "PROCESSES", processes)
        findings.append(
            check_replicas(
                treated(tmp_path, described, kept),
                everyone.excluded,
                orders(tmp_path / f"out-{processes}", 32),
                lambda done, message: told.append((done, message)),
            )
        )

    assert findings[0] == findings[1]
    assert findings[0].payload["replicas"] == 32
    assert told[-1] == (1.0, "replicas: 96 of 96")
    assert "R-007" not in json.dumps(findings[0].to_json())


def test_replicas_of_a_recipe_that_prints_are_trained_all_the_same(tmp_path: Path) -> None:
    described = training(write_dataset(tmp_path / "data", without=["R-007", "R-009"]))
    kept = write_dataset(tmp_path / "kept", 1)

    finding = check_replicas(
        treated(tmp_path, replace(described, recipe="tests.unlearning.tiny:chatty"), kept),
        RecordView.open(kept).records,
        orders(tmp_path / "out", 2),
        quiet,
    )

    assert "2 models a group, at least" in finding.summary


@pytest.mark.parametrize(
    ("count", "forgotten", "reason"),
    [(0, True, "no replicas were asked for"), (32, False, "no record lies in its own")],
)
def test_what_cannot_be_attacked_is_not_established(
    tmp_path: Path, *, count: int, forgotten: bool, reason: str
) -> None:
    described = training(write_dataset(tmp_path / "data"))
    records = RecordView.open(tmp_path / "data").records if forgotten else ()

    finding = check_replicas(
        treated(tmp_path, described, None), records, orders(tmp_path, count), quiet
    )

    assert finding.outcome == "inconclusive"
    assert reason in finding.summary


def test_a_copy_that_is_not_at_hand_is_not_taken_for_a_model_that_never_saw_the_records(
    tmp_path: Path,
) -> None:
    step = treated(tmp_path, training(write_dataset(tmp_path / "data")), tmp_path / "gone")

    finding = check_replicas(step, (), orders(tmp_path, 32), quiet)

    assert finding.summary == "Not established: the copy of the forgotten rows is not at hand."


def test_replicas_of_a_model_that_starts_from_another_are_refused(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    records = RecordView.open(data).records

    finding = check_replicas(
        treated(tmp_path, training(data, base=training(data)), None),
        records,
        orders(tmp_path, 32),
        quiet,
    )

    assert "starts from another one" in finding.summary


def test_replicas_that_cannot_be_trained_are_not_established(tmp_path: Path) -> None:
    described = training(tmp_path / "gone")
    kept = write_dataset(tmp_path / "kept", 3)

    finding = check_replicas(
        treated(tmp_path, described, kept),
        RecordView.open(kept).records,
        orders(tmp_path / "out", 32),
        quiet,
    )

    assert finding.outcome == "inconclusive"
    assert "ended early" in finding.summary
