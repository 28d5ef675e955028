"""The whole journey on the example company in small: real files, real MLflow, a real product."""

import csv
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from config.celery import app
from deletion_requests.models import DeletionRequest, RecordedTrace
from governance.models import Role, User
from governance.relay import publish_pending
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, ArtifactState, Derivation
from lineage.services import capture_mlflow
from tests.factories import OfficerFactory
from tests.people import record_dataset
from unlearning.models import Evidence, PlanStep, StepState
from vestige.verify import Status, verify_export

pytestmark = [
    pytest.mark.long,
    pytest.mark.django_db,
    # MLflow and SQLAlchemy warn about each other; nothing of ours is behind these.
    pytest.mark.filterwarnings("ignore:::mlflow"),
    pytest.mark.filterwarnings("ignore:::sqlalchemy"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"),
]

#: The example company's own scripts on few rows, in one process to load torch and MLflow once.
SCRIPTS = """
import sys
from examples.company import build_index, fine_tune, prepare_data, train_monolithic, train_sisa
data = ["--data", sys.argv[1]]
prepare_data.main([*data, "--rows", "900"])
for script in (train_sisa, train_monolithic, fine_tune):
    script.train(script.SPEC, [*data, "--epochs", "2"])
build_index.main(data)
"""


@dataclass(frozen=True, kw_only=True)
class Company:
    folder: Path
    endpoint: str
    tracking_uri: str


def run_python(folder: Path, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(folder),
        check=True,
        capture_output=True,
    )


def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "PYTHONPATH": str(Path.cwd()),
        "VESTIGE_CONTROL_TOKEN": "control",
    }


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Train the example company on few rows, and serve its product."""
    folder = tmp_path_factory.mktemp("company")
    data = str(folder / "data")
    run_python(folder, "-c", SCRIPTS, data)
    product = subprocess.Popen(
        [sys.executable, "-m", "examples.company.product", "--port", "0", "--state", "product"],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert product.stdout is not None
    line = next((line for line in product.stdout if "http://" in line), "")
    endpoint = line.split()[-1]
    run_python(folder, "-m", "examples.company.deploy", "--endpoint", endpoint)
    yield Company(folder=folder, endpoint=endpoint, tracking_uri=f"sqlite:///{folder}/mlflow.db")
    product.terminate()
    product.wait()
    product.stdout.close()


def deliver() -> None:
    """Do what relay and workers do, here and one after the other."""
    while publish_pending(lambda task, arguments: app.tasks[task](**arguments)):
        pass


def served(company: Company) -> str:
    with urllib.request.urlopen(f"{company.endpoint}/healthz") as answer:  # noqa: S310 - our own
        return str(answer.headers["X-Model-Digest"])


def somebody(data: Path) -> tuple[str, str]:
    """A customer who is in both versions."""
    found: list[dict[str, tuple[str, str]]] = []
    for version in ("adult-v1", "adult-v2"):
        rows: dict[str, tuple[str, str]] = {}
        for file in sorted((data / version).glob("segment-*.csv")):
            with file.open(newline="") as text:
                rows |= {
                    r["customer_number"]: (r["customer_number"], r["email"])
                    for r in csv.DictReader(text)
                }
        found.append(rows)
    both = sorted(set(found[0]) & set(found[1]))
    return found[0][both[0]]


@pytest.fixture
def captured(company: Company, settings: Settings, tmp_path: Path) -> Company:
    app.loader.import_default_modules()
    settings.MLFLOW_TRACKING_URI = company.tracking_uri
    settings.CONTROL_TOKEN = "control"
    settings.JOBS_DIR = tmp_path / "jobs"
    settings.EXPORT_DIR = tmp_path / "exports"
    settings.MEMBERSHIP_REPLICAS = 4  # the attacks run; that they find nothing is no matter here
    datasets = {
        name: record_dataset(company.folder / "data" / name, name=name)
        for name in ("adult-v1", "adult-v2", "adult-holdout")
    }
    hand_over(datasets["adult-v2"])
    capture_mlflow()
    return company


def hand_over(dataset: Artifact) -> None:
    """Put a recipient of a copy into the graph."""
    recipient = Artifact.objects.create(
        kind=ArtifactKind.RECIPIENT,
        name="Lakeside Insights",
        identity="dataset:test/lakeside-insights@v1",
        attributes={"contact": "mailto:privacy@lakeside.example"},
    )
    Derivation.objects.create(upstream=dataset, downstream=recipient, relation=Relation.COPIED_TO)


def test_a_request_travels_from_the_letter_to_the_signed_report(
    captured: Company, portal: APIClient, settings: Settings
) -> None:
    ann = OfficerFactory.create(username="ann", roles=[Role.PRIVACY_OFFICER])
    ben = OfficerFactory.create(username="ben", roles=[Role.APPROVER])
    number, email = somebody(captured.folder / "data")
    before = served(captured)

    request_id = receive_and_confirm(portal, email)
    view = portal.get(f"/api/v1/requests/{request_id}").json()
    assert view["state"] == "planned", view["attention"]
    kinds = {item["kind"] for item in view["trace"]["affected"]}
    assert kinds >= {
        "segment",
        "dataset_version",
        "model",
        "fine_tune",
        "embedding_index",
        "recipient",
    }
    assert len(view["plan"]["steps"]) == 8

    approve(ann, request_id, view["plan"]["digest"], status=201)
    approve(ann, request_id, view["plan"]["digest"], status=409)
    approve(ben, request_id, view["plan"]["digest"], status=201)
    deliver()
    decide_on_utility(ann, request_id)
    answer_for_the_recipient(portal, request_id, number)

    view = portal.get(f"/api/v1/requests/{request_id}").json()
    errors = [step["error"] for step in view["plan"]["steps"] if step["error"]]
    assert (view["state"], view["attention"], errors) == ("closed", "", [])
    assert view["plan"]["progress"] == 1.0
    outcomes = {
        (e.step.method if e.step else "plan", e.kind): (e.outcome, e.summary)
        for e in Evidence.objects.select_related("step")
    }
    for method, kind in [
        ("sisa_shard_retrain", "replay_equal"),
        ("retrain_from_clean_ancestor", "replay_equal"),
        ("vector_removal", "vectors_absent"),
        ("source_row_deletion", "source_rows_absent"),
        ("output_suppression", "outputs_suppressed"),
        ("output_suppression", "deployment_switched"),
        ("recipient_notice", "recipient_notified"),
        ("recipient_notice", "recipient_acknowledged"),
        ("plan", "trace_repeated"),
    ]:
        assert outcomes[method, kind][0] == "passed", outcomes[method, kind]
    assert served(captured) not in ("", before)
    assert all(step.state == StepState.DONE for step in PlanStep.objects.all())
    closing = RecordedTrace.objects.get(purpose="closing").impact
    assert closing["gaps"] == []
    old = Artifact.objects.filter(state=ArtifactState.SUPERSEDED, kind="model")
    assert not {a.pk for a in old} & {item["artifact_id"] for item in closing["affected"]}
    assert number not in str(closing["affected"])
    verdict = verify_export(Path(settings.EXPORT_DIR) / view["reference"], None)
    assert (verdict.status, verdict.problems) == (Status.UNTRUSTED, ())


def receive_and_confirm(portal: APIClient, email: str) -> str:
    answer = portal.post(
        "/api/v1/requests",
        {"regime": "gdpr", "request_type": "erasure", "subject": {"email": email}},
    )
    deliver()
    found = re.search(r"code: (\d{6})", str(mail.outbox[-1].body))
    assert found is not None
    request_id = str(answer.json()["id"])
    assert portal.post(f"/api/v1/requests/{request_id}/identity", {"code": found[1]}).status_code
    deliver()
    return request_id


def answer_for_the_recipient(portal: APIClient, request_id: str, record_id: str) -> None:
    """Read the letter to the recipient and press its button; until then the request waits."""
    view = portal.get(f"/api/v1/requests/{request_id}").json()
    assert view["state"] == "partly_done", view["attention"]
    assert [item["state"] for item in view["recipients"]] == ["notified"]
    letter = str(next(m for m in mail.outbox if m.to == ["privacy@lakeside.example"]).body)
    assert record_id in letter
    found = re.search(r"(/acknowledge/\S+)", letter)
    assert found is not None
    assert Client().post(found[1]).status_code == 302
    deliver()


def decide_on_utility(officer: User, request_id: str) -> None:
    """On so few rows a model may fall below the utility floor: then a person lets it serve."""
    row = DeletionRequest.objects.get(pk=request_id)
    if row.state == "needs_human":
        assert "utility floor" in row.attention
        client = APIClient()
        client.force_login(officer)
        answer = client.post(f"/api/v1/requests/{request_id}/resumption", {})
        assert answer.json() == {"id": request_id, "state": "executing"}
        deliver()
        decision = Evidence.objects.get(plan__case_id=request_id, kind="failure_accepted")
        assert officer.username in decision.summary
        assert all(check.startswith("utility floor of") for check in decision.payload["not_passed"])


def approve(officer: User, request_id: str, digest: str, *, status: int) -> None:
    client = APIClient()
    client.force_login(officer)
    answer = client.post(f"/api/v1/requests/{request_id}/approvals", {"plan_digest": digest})
    assert answer.status_code == status, answer.json()
