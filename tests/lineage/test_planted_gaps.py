"""Every gap rule on a whole company: silent where all is known, and each finds what is planted."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from governance.subjects import subject_digest
from lineage.capture.mlflow_state import SeenModel, SeenRun, SeenState
from lineage.gaps import RULE_NAMES, SEVERITY
from lineage.graph import ArtifactKind
from lineage.models import Artifact, Derivation
from lineage.selectors import find_gaps, trace
from lineage.services import attempt_reading, receive_event, record_destruction
from lineage.services.mlflow import record_state
from tests.lineage import company

pytestmark = pytest.mark.django_db
KIND = ArtifactKind
#: A run of which nobody told before.
ANOTHER_RUN = {"runId": "00000000-0000-4000-8000-000000000001"}


def named(name: str) -> Artifact:
    return Artifact.objects.get(name=name)


def made(kind: ArtifactKind, **sources: str) -> Callable[[Path], object]:
    """Plant an artifact x of some run, with an edge from each source."""

    def plant(_: Path) -> None:
        artifact = Artifact.objects.create(
            kind=kind, identity="x", name="x", attributes={"made_by": "mlflow_run:r"}
        )
        for relation, source in sources.items():
            Derivation.objects.create(
                upstream=named(source), downstream=artifact, relation=relation
            )

    return plant


def show(data: Path, **changes: Any) -> None:  # noqa: ANN401 - fields of the state
    """Let MLflow show more than before."""
    state = company.state(data)
    more: dict[str, Any] = {n: (*getattr(state, n), *added) for n, added in changes.items()}
    record_state(replace(state, **more))


def run(state: SeenState, **changes: Any) -> SeenRun:  # noqa: ANN401 - fields of the run
    old = next(one for one in state.runs if one.run_id == "run-monolithic")
    return replace(old, run_id="run-x", name="run-x", **changes)


def model(run_id: str) -> SeenModel:
    return SeenModel(
        identity="mlflow-model:x",
        model_id="x",
        name="x",
        location="file:///models/x",
        created_at=company.TRAINED,
        run_id=run_id,
    )


def product(data: Path, name: str, **tags: str) -> None:
    """Let MLflow show a registered model behind an endpoint."""
    registered = replace(
        company.state(data).registered[0],
        name=name,
        tags={f"vestige.{key}": value for key, value in tags.items()},
    )
    show(data, registered=(registered,))


def tell(data: Path, name: str, source: str = "", **says: object) -> None:
    """Send an event that tells of a dataset without rows of its own."""
    body = company.event(data, "lakeside-insights")
    body["run"] = ANOTHER_RUN
    facets = {"vestige_artifact": company.FACET | says} if says else {}
    body["inputs"] = [{"namespace": company.NAMESPACE, "name": source}] if source else []
    version = {"version": {**company.FACET, "datasetVersion": "1"}}
    for dataset in body["inputs"]:
        dataset["facets"] = version
    body["outputs"] = [{"namespace": company.NAMESPACE, "name": name, "facets": facets | version}]
    receive_event(event=body)


def start(data: Path) -> None:
    body = company.event(data, "adult-v2") | {"eventType": "START", "outputs": []}
    body["run"] = ANOTHER_RUN
    receive_event(event=body)


def change_rows(data: Path) -> None:
    file = data / "adult-v1" / "segment-0000.csv"
    file.write_bytes(file.read_bytes().replace(b"record_id", b"number"))
    attempt_reading(dataset_version_id=named("adult-v1@1").pk)


def retire_run(data: Path) -> None:
    """A checkpoint whose run is on record nowhere."""
    assert data.exists()
    checkpoint = named(company.CHECKPOINT)
    del checkpoint.attributes["made_by"]
    checkpoint.save()


def use_destroyed(data: Path) -> None:
    """A run reads a cache, a day after its destruction, and its copy goes to a recipient."""
    record_destruction(artifact_id=named("adult-features@1").pk, receipts=[])
    body = company.event(data, "lakeside-insights")
    cache = company.event(data, "adult-features")["outputs"]
    later = (timezone.now() + timedelta(days=1)).isoformat()
    receive_event(event=body | {"run": ANOTHER_RUN, "eventTime": later, "inputs": cache})


def add_orphan(_: Path) -> None:
    Artifact.objects.create(kind=KIND.SEGMENT, identity="segment:lost", name="lost.csv")


def long_unseen(_: Path) -> None:
    long_ago = timezone.now() - timedelta(days=3650)
    Artifact.objects.filter(name="sisa v1").update(seen_at=long_ago)


#: By rule: what is planted, and the artifact or run that the one gap is about.
PLANTS: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "model_without_training_input": (lambda data: show(data, models=(model("gone"),)), "x"),
    "base_model_unresolved": (
        lambda data: show(
            data,
            runs=(run(company.state(data), model_inputs=("unknown",)),),
            models=(model("run-x"),),
        ),
        "unknown",
    ),
    "fine_tune_without_base": (made(KIND.FINE_TUNE, trained_on="adult-v1@1"), "x"),
    "adapter_without_base": (made(KIND.ADAPTER, trained_on="adult-v1@1"), "x"),
    "distilled_without_teacher": (made(KIND.DISTILLED, trained_on="adult-v1@1"), "x"),
    "merged_from_too_few": (made(KIND.MERGED, merged_from="monolithic v1"), "x"),
    "quantized_without_source": (made(KIND.QUANTIZED), "x"),
    "checkpoint_without_run": (retire_run, company.CHECKPOINT),
    "dataset_without_subject_index": (lambda data: tell(data, "unread"), "unread@1"),
    "synthetic_without_generator": (
        lambda data: tell(data, "made-up", kind="synthetic_dataset"),
        "made-up@1",
    ),
    "segment_without_reader": (add_orphan, "lost.csv"),
    "product_without_model": (
        lambda data: product(data, "new", endpoint="http://127.0.0.1/new", product="new"),
        "new",
    ),
    "product_at_many_endpoints": (
        lambda data: product(
            data, "monolithic", endpoint="http://127.0.0.1/two", product="offer-desk"
        ),
        "offer-desk",
    ),
    "recipient_without_source": (
        lambda data: tell(data, "bureau", kind="recipient", contact="mailto:a@b.example"),
        "bureau@1",
    ),
    "recipient_without_contact": (
        lambda data: tell(data, "bureau", "adult-v1", kind="recipient"),
        "bureau@1",
    ),
    "copies_unreadable": (
        lambda data: tell(data, "adult-features", "adult-v1", kind="cache", copies="laptop"),
        "adult-features@1",
    ),
    "digest_changed": (change_rows, "adult-v1@1"),
    "used_after_destruction": (use_destroyed, "adult-features@1"),
    "artifact_unseen": (long_unseen, "sisa v1"),
    "run_without_end": (start, "shop/prepare-adult-v2"),
}


def test_every_rule_has_a_plant() -> None:
    assert set(PLANTS) == set(RULE_NAMES)
    assert len(PLANTS) >= 12


def test_each_planted_gap_is_found_and_nothing_else_is(tmp_path: Path) -> None:
    company.build(tmp_path)
    kinds = set(Artifact.objects.values_list("kind", flat=True))
    assert kinds == {kind.value for kind in ArtifactKind}
    ann = subject_digest(company.ANN)
    assert (find_gaps(), trace(ann).complete) == ((), True)

    found, complete = {}, {}
    for rule, (plant, _) in PLANTS.items():
        with transaction.atomic():
            plant(tmp_path)
            found[rule] = [(gap.rule, gap.artifact) for gap in find_gaps()]
            complete[rule] = trace(ann).complete
            transaction.set_rollback(True)
        company.write_data(tmp_path)
    assert found == {rule: [(rule, about)] for rule, (_, about) in PLANTS.items()}
    assert complete == {rule: severity == "low" for rule, severity in SEVERITY.items()}
    assert find_gaps() == ()
