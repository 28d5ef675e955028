"""Every script of the company, in order, on few rows: what MLflow and Vestige are told."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lineage.exposure import read_order
from tests.examples.receiver import Receiver, facet, receiving
from unlearning.data import RecordView
from unlearning.digests import weights_digest
from vestige.demo.company import SCRIPTS

pytestmark = pytest.mark.long

#: Runs the pipeline and the deployments, twice, and prints what MLflow then holds.
RUN = """
import json, sys, tempfile
from examples.company import deploy, pipeline, tracking
from unlearning.digests import weights_digest

for _ in range(2):
    pipeline.main(sys.argv[1:])
    for product in ("offer-desk", "digit-reader"):
        deploy.main(["--product", product, "--endpoint", f"http://127.0.0.1/{product}"])

client = tracking.connect()
experiment = client.get_experiment_by_name(tracking.EXPERIMENT).experiment_id

def describe(model):
    run = client.get_run(model.source_run_id)
    with tempfile.TemporaryDirectory() as folder:
        digest = weights_digest(tracking.download(model, tracking.Path(folder)))
    return {
        "id": model.model_id, "type": model.model_type, "digest": digest,
        "tags": dict(model.tags), "run_tags": dict(run.data.tags),
        "bases": [base.model_id for base in run.inputs.model_inputs],
        "datasets": [used.dataset.name for used in run.inputs.dataset_inputs],
        "evaluated_on": [
            used.dataset.name for used in run.inputs.dataset_inputs
            if used.tags[0].value == "evaluation"
        ],
        "metrics": dict(run.data.metrics),
    }

print(json.dumps({
    "logged": [
        (model.name, describe(model))
        for model in client.search_logged_models(experiment_ids=[experiment])
    ],
    "registered": {model.name: dict(model.tags) for model in client.search_registered_models()},
}))
"""


@dataclass(frozen=True, kw_only=True)
class Company:
    """What the scripts left."""

    home: Path
    #: The models that MLflow holds, by name.
    logged: dict[str, dict[str, Any]]
    names: list[str]
    #: Tags of the registered models.
    registered: dict[str, dict[str, str]]
    events: list[dict[str, Any]]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    home = tmp_path_factory.mktemp("company")
    folders = ["--data", str(home / "data"), "--stamps", str(home), "--rows", "900"]
    with receiving() as receiver:
        held = json.loads(run(home, receiver, [*folders, *SCRIPTS]))
        yield Company(
            home=home,
            logged=dict(held["logged"]),
            names=[name for name, _ in held["logged"]],
            registered=held["registered"],
            events=receiver.events,
        )


def run(home: Path, receiver: Receiver, arguments: list[str]) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=home,
        env={
            **os.environ,
            "MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db",
            "PYTHONPATH": str(Path.cwd()),
            "PYTHONWARNINGS": "ignore",
            "VESTIGE_URL": receiver.url,
            "VESTIGE_API_KEY": "vst_key",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-4000:]
    return finished.stdout.splitlines()[-1]


def test_every_script_left_its_stamp_and_a_second_run_made_nothing_new(company: Company) -> None:
    assert {path.stem for path in company.home.glob("*.done")} == set(SCRIPTS)
    assert len(company.names) == len(set(company.names)), "no model was logged twice"
    assert set(company.registered) == {
        "income-sisa", "income-monolithic", "income-fine-tune", "customer-index", "digits-cnn",
        "income-student", "customer-segments", "income-generator", "income-synthetic",
    }  # fmt: skip


def test_checkpoints_are_models_of_their_own_with_a_second_copy(company: Company) -> None:
    states = {
        name: model for name, model in company.logged.items() if model["type"] == "checkpoint"
    }

    assert set(states) == {"digits-cnn-epoch-2", "digits-cnn-epoch-4"}
    for name, state in states.items():
        (location,) = json.loads(state["tags"]["vestige.copies"])
        copy = Path(urlsplit(location).path)
        epoch = name.removeprefix("digits-cnn-")
        assert copy == company.home / "checkpoints" / "digits-cnn" / epoch
        assert weights_digest(copy) == state["digest"] == state["tags"]["vestige.digest"]
        assert state["datasets"] == ["digits-v1", "digits-eval"]
        order = read_order(state["run_tags"]["vestige.order"])
        assert order.rows == len(RecordView.open(company.home / "data" / "digits-v1").ids)
        steps = -(-order.rows // order.batch_size)
        assert state["tags"]["vestige.optimizer_step"] == str(
            int(epoch.removeprefix("epoch-")) * steps
        )


def test_the_student_is_told_from_a_fine_tune(company: Company) -> None:
    teacher = company.logged["income-monolithic"]["id"]
    student, fine_tune = (company.logged[n] for n in ("income-student", "income-fine-tune"))

    assert student["bases"] == fine_tune["bases"] == [teacher]
    assert student["run_tags"]["vestige.base_relation"] == "distilled_from"
    assert "vestige.base_relation" not in fine_tune["run_tags"]


def test_every_model_can_be_made_again(company: Company) -> None:
    for name, model in company.logged.items():
        if name != "customer-index":
            assert model["run_tags"]["vestige.recipe"].startswith("examples.company.")
            assert model["run_tags"]["vestige.seed"] == "7"
        assert model["digest"] == model["tags"]["vestige.digest"]


def test_a_dataset_is_an_evaluation_only_where_the_model_was_measured_on_it(
    company: Company,
) -> None:
    for name, model in company.logged.items():
        assert len(model["evaluated_on"]) == ("evaluation_loss" in model["metrics"])
        tells_classes = bool(model["evaluated_on"]) and name != "customer-segments"
        assert ("evaluation_accuracy" in model["metrics"]) == tells_classes
    assert company.logged["digits-cnn"]["evaluated_on"] == ["digits-eval"]
    assert company.logged["income-sisa"]["evaluated_on"] == ["adult-holdout"]
    assert company.logged["customer-index"]["evaluated_on"] == []


def test_two_products_are_deployed(company: Company) -> None:
    tags = {name: tags for name, tags in company.registered.items() if "vestige.product" in tags}

    assert {name: found["vestige.product"] for name, found in tags.items()} == {
        "income-sisa": "offer-desk",
        "digits-cnn": "digit-reader",
    }
    assert tags["income-sisa"]["vestige.also_serves"] == "customer-index"
    assert tags["digits-cnn"]["vestige.endpoint"] == "http://127.0.0.1/digit-reader"


def test_every_dataset_was_told_with_its_kind(company: Company) -> None:
    kinds = {}
    for event in company.events:
        output = event["outputs"][0]
        told = output["facets"].get("vestige_artifact", {"kind": "dataset_version"})
        kinds[output["name"]] = told["kind"]
        assert facet(event, "documentation")["description"]

    assert kinds == {
        "adult-v1": "dataset_version",
        "adult-v2": "dataset_version",
        "adult-holdout": "evaluation_set",
        "digits-v1": "dataset_version",
        "digits-eval": "evaluation_set",
        "adult-synthetic": "synthetic_dataset",
        "income-monolithic-log": "log",
        "adult-features": "cache",
        "lakeside-insights": "recipient",
    }


def test_the_made_up_rows_name_the_generator_in_production(company: Company) -> None:
    event = next(e for e in company.events if e["outputs"][0]["name"] == "adult-synthetic")

    synthesis = facet(event, "vestige_artifact")["synthesis"]
    assert synthesis["model"] == company.logged["income-generator"]["id"]
    assert "adult-synthetic" in company.logged["income-synthetic"]["datasets"]


def test_the_log_has_a_loss_for_each_row_that_was_trained_on(company: Company) -> None:
    log, trained = (
        RecordView.open(company.home / "data" / name)
        for name in ("income-monolithic-log", "adult-v1")
    )

    assert log.ids == trained.ids
    assert all(float(record.values["loss"]) >= 0 for record in log.records)
