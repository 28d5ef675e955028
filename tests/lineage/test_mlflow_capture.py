"""Capture from a real MLflow store, fed by a training script that Vestige has never seen."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import mlflow
import pytest
from django.core.management import CommandError, call_command
from mlflow import MlflowClient
from mlflow.entities import LoggedModelInput, ViewType

from governance.subjects import subject_digest
from lineage.graph import ArtifactKind
from lineage.models import Artifact, Derivation
from lineage.selectors import find_gaps, locations_of, trace, training_of
from lineage.services import capture_mlflow, load_record_index

pytestmark = [
    pytest.mark.django_db,
    # MLflow's own SQL store warns about its libraries when it is loaded in this process.
    pytest.mark.filterwarnings("ignore"),
]
ANN = subject_digest("ann@example.org")

#: Knows MLflow and scikit-learn, and nothing of Vestige.
UNSEEN_SCRIPT = """
import sys

import mlflow
import pandas
from sklearn.linear_model import LogisticRegression

place = sys.argv[1]
frame = pandas.read_csv(f"{place}/segment-0.csv")
mlflow.set_experiment("somebody else's")
with mlflow.start_run():
    mlflow.log_input(mlflow.data.from_pandas(frame, source=place, name="mine"), context="training")
    model = LogisticRegression().fit(frame[["age"]], frame["income"])
    mlflow.sklearn.log_model(
        model, name="surprise", pip_requirements=["pandas"], serialization_format="cloudpickle"
    )
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("data")
    with (directory / "segment-0.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["customer_number", "email", "age", "income"])
        writer.writerow(["C-1", "ann@example.org", 30, 0])
        writer.writerow(["C-2", "bob@example.org", 60, 1])
    return directory


@pytest.fixture(scope="module")
def trained_store(tmp_path_factory: pytest.TempPathFactory, data: Path) -> str:
    """A store in which the unseen script has run once, in a process of its own."""
    folder = tmp_path_factory.mktemp("mlflow")
    script = folder / "train.py"
    script.write_text(UNSEEN_SCRIPT, encoding="utf-8")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    environment = {**os.environ, "MLFLOW_TRACKING_URI": uri}
    subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(data)],
        check=True,
        cwd=folder,
        env=environment,
    )
    return uri


@pytest.fixture
def dataset(data: Path) -> Artifact:
    version = Artifact.objects.create(
        kind=ArtifactKind.DATASET_VERSION,
        identity="dataset:shop/adult@1",
        name="adult@1",
        location=data.as_uri(),
        occurred_at=datetime(2020, 1, 1, tzinfo=UTC),
        attributes={
            "record_index": {
                "format": "csv",
                "subject_columns": ["email"],
                "record_id_column": "customer_number",
            }
        },
    )
    load_record_index(dataset_version_id=version.pk)
    return version


@pytest.fixture
def hidden_run(trained_store: str) -> Iterator[None]:
    client = MlflowClient(tracking_uri=trained_store)
    experiments = [e.experiment_id for e in client.search_experiments()]
    runs = [r.info.run_id for r in client.search_runs(experiments, run_view_type=ViewType.ALL)]
    for run_id in runs:
        client.delete_run(run_id)
    yield
    for run_id in runs:
        client.restore_run(run_id)


@pytest.fixture
def own_address(trained_store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The registry looks models up at the address of the process, whatever its client was told."""
    before = mlflow.get_tracking_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", trained_store)
    mlflow.set_tracking_uri(trained_store)
    yield
    mlflow.set_tracking_uri(before)


def affected() -> dict[str, ArtifactKind]:
    return {item.node.name: item.node.kind for item in trace(ANN).affected}


@pytest.mark.usefixtures("dataset")
def test_the_model_of_an_unseen_script_is_found_in_the_trace(trained_store: str) -> None:
    capture_mlflow(tracking_uri=trained_store)
    impact = trace(ANN)
    names = {node.pk: node.name for node in Artifact.objects.all()}
    found = next(item for item in impact.affected if item.node.name == "surprise")
    assert [names[node] for node in found.path] == ["adult@1/segment-0.csv", "adult@1", "surprise"]
    assert (found.certainty, impact.complete, impact.gaps) == ("certain", True, ())


@pytest.mark.usefixtures("dataset", "hidden_run")
def test_hiding_the_run_makes_the_trace_incomplete_and_says_why(trained_store: str) -> None:
    capture_mlflow(tracking_uri=trained_store)
    impact = trace(ANN)
    assert not impact.complete
    assert "surprise" in impact.reasons[0]
    assert "cannot be read" in impact.reasons[0]
    assert [gap.rule for gap in impact.gaps] == ["model_without_training_input"]


def test_a_run_that_is_hidden_after_capture_stays_known(
    trained_store: str, dataset: Artifact, request: pytest.FixtureRequest
) -> None:
    capture_mlflow(tracking_uri=trained_store)
    before = trace(ANN)
    request.getfixturevalue("hidden_run")
    capture_mlflow(tracking_uri=trained_store)
    after = trace(ANN)
    assert after.complete
    assert after.affected == before.affected
    assert dataset.pk in after.affected[-1].path


def test_capturing_again_changes_nothing(trained_store: str, dataset: Artifact) -> None:
    capture_mlflow(tracking_uri=trained_store)
    before = trace(ANN)
    summary = capture_mlflow(tracking_uri=trained_store)
    assert (summary.runs, summary.models, summary.derivations) == (1, 1, 1)
    assert trace(ANN) == before
    training = training_of(Artifact.objects.get(name="surprise").pk)
    assert training is not None
    assert [(use.artifact_id, use.kind, use.relation) for use in training.datasets] == [
        (dataset.pk, "dataset_version", "trained_on")
    ]
    assert training.seconds is not None
    assert Path(training.model_location.removeprefix("file://")).is_dir()


def test_a_dataset_that_is_announced_after_the_capture_takes_the_place_of_the_guess(
    trained_store: str, request: pytest.FixtureRequest
) -> None:
    capture_mlflow(tracking_uri=trained_store)
    assert [gap.rule for gap in find_gaps()] == ["dataset_without_subject_index"]
    request.getfixturevalue("dataset")
    capture_mlflow(tracking_uri=trained_store)
    assert find_gaps() == ()
    assert "surprise" in affected()


@pytest.mark.usefixtures("dataset", "own_address")
def test_a_moved_alias_ends_the_old_deployment(trained_store: str, tmp_path: Path) -> None:
    client = MlflowClient(tracking_uri=trained_store, registry_uri=trained_store)
    experiment = client.get_experiment_by_name("somebody else's")
    assert experiment is not None
    old = client.search_logged_models([experiment.experiment_id])[0]
    new = client.create_logged_model(
        experiment.experiment_id,
        name="cleaned",
        tags={"vestige.retrained_from": old.model_id, "vestige.digest": "sha256:ab"},
    )
    (tmp_path / "weights").write_text("w", encoding="utf-8")
    client.log_model_artifacts(new.model_id, str(tmp_path))
    client.finalize_logged_model(new.model_id, "READY")
    tags = {"vestige.endpoint": "http://127.0.0.1:9", "vestige.product": "shop"}
    client.create_registered_model("clf", tags=tags)
    try:
        for logged in (old, new):
            version = client.create_model_version(
                "clf", source=f"models:/{logged.model_id}", model_id=logged.model_id
            )
            client.set_registered_model_alias("clf", "production", version.version)
            capture_mlflow(tracking_uri=trained_store)
            if logged is old:
                # Superseded, but still served: it stays in the answer.
                assert {"clf v1", "shop"} <= set(affected())
                assert Artifact.objects.get(name="clf v1").state == "superseded"
        edges = Derivation.objects.filter(relation="deployed_as").order_by("pk")
        assert [(e.upstream.name, e.ended_at is None) for e in edges] == [
            ("clf v1", False),
            ("clf v2", True),
        ]
        assert not {"clf v1", "clf v2", "shop"} & set(affected())
        assert [gap.rule for gap in find_gaps()] == ["model_without_training_input"]
    finally:
        client.delete_registered_model("clf")
        client.delete_logged_model(new.model_id)


@pytest.mark.usefixtures("dataset")
def test_students_and_checkpoints_are_captured_as_what_they_are(
    trained_store: str, tmp_path: Path
) -> None:
    client = MlflowClient(tracking_uri=trained_store)
    experiment = client.get_experiment_by_name("somebody else's")
    assert experiment is not None
    teacher = client.search_logged_models([experiment.experiment_id])[0]
    run = client.create_run(
        experiment.experiment_id, tags={"vestige.base_relation": "distilled_from"}
    )
    client.log_inputs(run.info.run_id, models=[LoggedModelInput(teacher.model_id)])
    student, checkpoint = (
        client.create_logged_model(
            experiment.experiment_id,
            name=name,
            source_run_id=run.info.run_id,
            model_type=model_type,
            tags={"vestige.copies": json.dumps([tmp_path.as_uri()])},
        )
        for name, model_type in (("student", None), ("student-epoch-2", "checkpoint"))
    )
    client.set_terminated(run.info.run_id)
    try:
        capture_mlflow(tracking_uri=trained_store)
        found = affected()
        assert (found["student"], found["student-epoch-2"]) == ("distilled", "checkpoint")
        made = Artifact.objects.get(name="student")
        assert locations_of(made.pk)[1:] == (tmp_path.as_uri(),)
        training = training_of(made.pk)
        assert training is not None
        assert training.base_models == (Artifact.objects.get(name="surprise").pk,)
    finally:
        for model in (student, checkpoint):
            client.delete_logged_model(model.model_id)
        client.delete_run(run.info.run_id)


def test_the_web_process_does_not_load_mlflow() -> None:
    code = "import django; django.setup(); import lineage.api, lineage.tasks, sys;"
    code += "sys.exit('mlflow' in sys.modules or 'torch' in sys.modules)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_the_dataset_that_a_run_logged_is_found_as_files_and_loaded(trained_store: str) -> None:
    client = MlflowClient(tracking_uri=trained_store)
    experiments = [found.experiment_id for found in client.search_experiments()]
    [run] = client.search_runs(experiments)
    words = ("--dataset=mine@1", "--record-id=customer_number", "--subject=email")

    def load(source: str) -> None:
        call_command(
            "index_load", *words, f"--tracking-uri={trained_store}", source, stdout=StringIO()
        )

    load(f"mlflow:{run.info.run_id}/training")
    assert [record.record_id for record in trace(ANN).records] == ["C-1"]
    for source, problem in (
        (f"mlflow:{run.info.run_id}/other", "it read: mine"),
        ("mlflow:0123", "shows no run 0123"),
    ):
        with pytest.raises(CommandError, match=problem):
            load(source)
