"""OpenLineage over HTTP: every recorded event stream is taken, unusable events are refused."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from governance.models import OutboxMessage
from governance.services import issue_api_key
from governance.subjects import subject_digest
from lineage.models import Activity, Artifact, Derivation, LineageEvent
from lineage.records import list_segments, version_digest
from lineage.selectors import find_gaps, trace
from lineage.services import load_record_index, record_redaction

pytestmark = pytest.mark.django_db
FACET = {"_producer": "https://example.org", "_schemaURL": "https://example.org/s.json"}


@pytest.fixture
def client() -> APIClient:
    _, key = issue_api_key(name="pipeline", scopes=["lineage:write"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


@pytest.fixture
def openlineage(judges: Path) -> Path:
    return judges / "openlineage"


def dataset(name: str, **facets: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"namespace": "shop", "name": name, "facets": facets}


def event(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "eventTime": "2026-11-01T10:00:00Z",
        "eventType": "COMPLETE",
        "producer": "https://example.org/pipeline",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid4())},
        "job": {"namespace": "shop", "name": "prepare"},
        "inputs": [],
        "outputs": [],
    } | changes


def edges() -> set[tuple[str, str]]:
    rows = Derivation.objects.values_list("upstream__name", "downstream__name")
    return set(rows)


def recorded_events(folder: Path) -> Iterator[Any]:
    for path in sorted((folder / "consumer" / "scenarios").glob("*/events/*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def test_every_recorded_event_stream_is_taken_in_any_order(
    client: APIClient, openlineage: Path, judged: Callable[..., None]
) -> None:
    events = list(recorded_events(openlineage))
    judged("openlineage recorded events", run=len(events))
    assert len(events) == 22
    for body in reversed(events):
        assert client.post("/api/v1/lineage", body, format="json").status_code == 201
    graph = (Artifact.objects.count(), Derivation.objects.count(), Activity.objects.count())
    for body in events:
        assert client.post("/api/v1/lineage", body, format="json").status_code == 200
    assert client.post("/api/v1/lineage/batch", events, format="json").status_code == 204
    again = (Artifact.objects.count(), Derivation.objects.count(), Activity.objects.count())
    assert again == graph
    assert LineageEvent.objects.count() == len(events)
    assert ("test.table.input", "test.table.output") in edges()
    tables = {name for pair in edges() for name in pair}
    assert any("cll_source1" in name for name in tables)
    lenient = LineageEvent.objects.get(body__run__runId="run_id")
    assert lenient.warnings == ["/run/runId: not a UUID"]


def test_every_example_of_the_specification_is_taken(
    client: APIClient, openlineage: Path, judged: Callable[..., None]
) -> None:
    tests = openlineage / "spec" / "tests"
    full = json.loads((tests / "example_full_event.json").read_text(encoding="utf-8"))
    assert client.post("/api/v1/lineage", full, format="json").status_code == 201
    examples = sorted(tests.glob("*/*.json"))
    judged("openlineage specification examples", run=len(examples) + 1)
    assert len(examples) > 30
    for path in examples:
        facets = json.loads(path.read_text(encoding="utf-8"))
        body = event(
            run={"runId": str(uuid4()), "facets": facets},
            job={"namespace": "shop", "name": "prepare", "facets": facets},
            inputs=[{**dataset("in", **facets), "inputFacets": facets}],
            outputs=[{**dataset("out", **facets), "outputFacets": facets}],
        )
        answer = client.post("/api/v1/lineage", body, format="json")
        assert answer.status_code == 201, (path, answer.content)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"eventTime": "yesterday"}, "/eventTime"),
        ({"eventTime": None}, "/eventTime"),
        ({"eventType": "DONE"}, "/eventType"),
        ({"producer": 7}, "/producer"),
        ({"run": {}}, "/run/runId"),
        ({"run": "r"}, "/run"),
        ({"job": {"namespace": "shop"}}, "/job/name"),
        ({"job": None}, "/job"),
        ({"inputs": {}}, "/inputs"),
        ({"inputs": [{"name": "x"}]}, "/inputs/0/namespace"),
        ({"outputs": [dataset("x") | {"facets": []}]}, "/outputs/0/facets"),
        ({"outputs": [dataset("x", **{"a/b": 1})]}, "/outputs/0/facets/a~1b"),
        ({"outputs": [dataset("x\0")]}, ""),
    ],
)
def test_an_event_that_breaks_the_core_schema_is_refused_by_name(
    client: APIClient, changes: dict[str, Any], pointer: str
) -> None:
    answer = client.post("/api/v1/lineage", event(**changes), format="json")
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert answer["Content-Type"] == "application/problem+json"
    assert not LineageEvent.objects.exists()
    assert not Artifact.objects.exists()


@pytest.mark.parametrize("body", [{}, [], "x", {**event(), "run": None, "job": None}])
def test_what_is_no_event_is_refused(client: APIClient, body: object) -> None:
    assert client.post("/api/v1/lineage", body, format="json").status_code == 422


@pytest.mark.parametrize("text", ["{", '{"a": 1, "a": 2}', "\xff"])
def test_what_is_no_json_is_refused(client: APIClient, text: str) -> None:
    answer = client.post("/api/v1/lineage", text, content_type="application/json")
    assert answer.status_code == 400


def test_facets_of_unexpected_shape_do_not_break_the_mapping(client: APIClient) -> None:
    odd = {
        name: {**FACET, "inputs": "x", "fields": [1], "datasetVersion": {"n": 1}, "uri": 4}
        for name in ("version", "dataSource", "lineage", "symlinks", "lifecycleStateChange")
    }
    odd["parent"] = {**FACET, "run": "r"}
    body = event(
        run={"runId": str(uuid4()), "facets": odd},
        job={"namespace": "a", "name": "b", "facets": odd | {"lineage": {**FACET, "entries": 3}}},
        inputs=[dataset("in", **odd)],
        outputs=[dataset("out", **odd)],
    )
    assert client.post("/api/v1/lineage", body, format="json").status_code == 201


def test_a_packed_body_is_unpacked_but_never_beyond_the_limit(client: APIClient) -> None:
    def post(body: bytes) -> int:
        return client.post(
            "/api/v1/lineage",
            body,
            content_type="application/json",
            headers={"Content-Encoding": "gzip"},
        ).status_code

    assert post(gzip.compress(json.dumps(event()).encode())) == 201
    assert post(gzip.compress(b" " * 5_000_000)) == 413
    assert post(b"not gzip") == 400
    assert post(gzip.compress(json.dumps(event()).encode())[:-9]) == 400


def test_a_batch_takes_what_is_usable_and_names_the_rest(client: APIClient) -> None:
    answer = client.post(
        "/api/v1/lineage/batch", [event(), event(producer=None), "x"], format="json"
    )
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "partial_success"
    assert body["summary"] == {"received": 3, "successful": 1, "failed": 2, "retriable": 0}
    assert [item["index"] for item in body["failed_events"]] == [1, 2]
    assert "/producer" in body["failed_events"][0]["reason"]
    assert client.post("/api/v1/lineage/batch", event(), format="json").status_code == 422


def test_only_a_client_with_the_scope_may_send_events() -> None:
    _, key = issue_api_key(name="reader", scopes=["requests:read"])
    client = APIClient()
    assert client.post("/api/v1/lineage", event(), format="json").status_code in (401, 403)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert client.post("/api/v1/lineage", event(), format="json").status_code == 403


def test_a_finished_dataset_of_records_is_announced_once(client: APIClient) -> None:
    facet = {
        **FACET,
        "format": "csv",
        "subjectColumns": ["email"],
        "recordIdColumn": "customer_number",
    }
    output = dataset(
        "adult",
        vestige_recordIndex=facet,
        version={**FACET, "datasetVersion": "1"},
        dataSource={**FACET, "name": "adult", "uri": "file:///data/adult/v1/"},
    )
    start, complete = (event(eventType=kind, outputs=[output]) for kind in ("START", "COMPLETE"))
    for body in (start, complete, complete):
        client.post("/api/v1/lineage", body, format="json")
    version = Artifact.objects.get(identity="dataset:shop/adult@1")
    assert version.location == "file:///data/adult/v1"
    news = OutboxMessage.objects.filter(topic="lineage.dataset_recorded")
    assert [message.payload for message in news] == [{"artifact_id": version.pk}]


LAYOUT = {
    **FACET,
    "format": "csv",
    "subjectColumns": ["email"],
    "recordIdColumn": "customer_number",
}


def write_people(directory: Path, *people: str) -> None:
    rows = "".join(f"C-{name},{name}@example.org\n" for name in people)
    (directory / "segment-0.csv").write_text(f"customer_number,email\n{rows}", encoding="utf-8")


def tell_of_the_night(client: APIClient, directory: Path, **facets: object) -> None:
    """Say that the nightly job has written its dataset just now, without a version."""
    output = dataset(
        "customers",
        dataSource={**FACET, "name": "customers", "uri": directory.as_uri()},
        **facets,
    )
    body = event(eventTime=timezone.now().isoformat(), outputs=[output])
    assert client.post("/api/v1/lineage", body, format="json").status_code == 201


def read_announced() -> None:
    """Read what was announced, as the worker does."""
    for message in OutboxMessage.objects.filter(topic="lineage.dataset_recorded"):
        load_record_index(dataset_version_id=message.payload["artifact_id"])


def holds(name: str) -> set[str]:
    impact = trace(subject_digest(f"{name}@example.org"))
    assert impact.complete
    return {item.node.name for item in impact.affected if item.node.kind != "segment"}


def test_a_dataset_that_is_written_again_is_unknown_until_it_was_read_again(
    client: APIClient, tmp_path: Path
) -> None:
    write_people(tmp_path, "ann")
    tell_of_the_night(client, tmp_path, vestige_recordIndex=LAYOUT)
    read_announced()
    assert (holds("ann"), holds("bob")) == ({"customers"}, set())
    write_people(tmp_path, "ann", "bob")
    tell_of_the_night(client, tmp_path)  # its layout is known since the first night
    assert [gap.rule for gap in find_gaps()] == ["dataset_without_subject_index"]
    read_announced()
    assert holds("bob") == {"customers"}


@pytest.mark.parametrize("nights", [1, 2])
def test_a_redacted_dataset_that_is_written_again_is_read_again(
    client: APIClient, tmp_path: Path, nights: int
) -> None:
    write_people(tmp_path, "ann", "bob")
    tell_of_the_night(client, tmp_path, vestige_recordIndex=LAYOUT)
    read_announced()
    version = Artifact.objects.get(name="customers")
    for _ in range(nights):
        write_people(tmp_path, "bob")
        version = record_redaction(dataset_version_id=version.pk)
        assert (holds("ann"), holds("bob")) == (set(), {version.name})
        write_people(tmp_path, "ann", "bob", "eve")
        tell_of_the_night(client, tmp_path, vestige_recordIndex=LAYOUT)
        assert [gap.artifact for gap in find_gaps()] == [version.name]
        read_announced()
        assert holds("ann") == holds("eve") == {version.name}
    version.refresh_from_db()
    assert version.digest == version_digest(list_segments(tmp_path))


def test_what_reads_a_redacted_dataset_that_was_written_again_carries_its_new_rows(
    client: APIClient, tmp_path: Path
) -> None:
    write_people(tmp_path, "ann", "bob")
    tell_of_the_night(client, tmp_path, vestige_recordIndex=LAYOUT)
    read_announced()
    write_people(tmp_path, "bob")
    record_redaction(dataset_version_id=Artifact.objects.get(name="customers").pk)
    write_people(tmp_path, "bob", "eve")
    tell_of_the_night(client, tmp_path)
    partner = dataset("partner", vestige_artifact={**FACET, "kind": "recipient"})
    at = timezone.now().isoformat()
    body = event(eventTime=at, inputs=[dataset("customers")], outputs=[partner])
    client.post("/api/v1/lineage", body, format="json")
    read_announced()
    assert "partner" in holds("eve")
    assert holds("ann") == set()


def test_an_event_from_before_a_redaction_brings_no_gap_back(
    client: APIClient, tmp_path: Path
) -> None:
    write_people(tmp_path, "ann", "bob")
    tell_of_the_night(client, tmp_path, vestige_recordIndex=LAYOUT)
    read_announced()
    before = timezone.now().isoformat()
    write_people(tmp_path, "bob")
    new = record_redaction(dataset_version_id=Artifact.objects.get(name="customers").pk)
    late = event(eventTime=before, outputs=[dataset("customers", vestige_recordIndex=LAYOUT)])
    client.post("/api/v1/lineage", late, format="json")
    assert find_gaps() == ()
    read_announced()
    assert (holds("ann"), holds("bob")) == (set(), {new.name})


def test_an_unusable_record_index_is_a_warning_and_a_gap(client: APIClient) -> None:
    facet = {**FACET, "format": "parquet", "subjectColumns": "email"}
    answer = client.post(
        "/api/v1/lineage",
        event(outputs=[dataset("adult", vestige_recordIndex=facet)]),
        format="json",
    )
    assert "vestige_recordIndex" in answer.json()["warnings"][0]
    assert [gap.rule for gap in find_gaps()] == ["dataset_without_subject_index"]


def test_explicit_lineage_replaces_inputs_times_outputs(client: APIClient) -> None:
    source = {"namespace": "shop", "name": "a", "type": "DATASET"}
    body = event(
        inputs=[dataset("a"), dataset("b")],
        outputs=[dataset("x", lineage={**FACET, "inputs": [source]}), dataset("y")],
    )
    client.post("/api/v1/lineage", body, format="json")
    assert edges() == {("a", "x"), ("a", "y"), ("b", "y")}


def test_a_renamed_dataset_came_from_its_old_name(client: APIClient) -> None:
    rename = {
        **FACET,
        "lifecycleStateChange": "RENAME",
        "previousIdentifier": {"namespace": "shop", "name": "old"},
    }
    body = event(outputs=[dataset("new", lifecycleStateChange=rename)])
    client.post("/api/v1/lineage", body, format="json")
    assert {(up.removesuffix("@unversioned"), down) for up, down in edges()} == {
        ("shop/old", "new")
    }


def test_a_dataset_event_and_a_job_event_speak_of_no_run(client: APIClient) -> None:
    common = {k: v for k, v in event().items() if k in ("eventTime", "producer", "schemaURL")}
    static = common | {"dataset": dataset("only")}
    job = common | {
        "job": {"namespace": "shop", "name": "j"},
        "inputs": [dataset("only")],
        "outputs": [dataset("made")],
    }
    for body in (static, job):
        assert client.post("/api/v1/lineage", body, format="json").status_code == 201
    assert edges() == {("only", "made")}
    assert not Activity.objects.exists()


def test_a_run_that_never_ended_is_a_gap_until_it_ends(client: APIClient) -> None:
    started = event(eventType="START")
    client.post("/api/v1/lineage", started, format="json")
    assert [gap.rule for gap in find_gaps()] == ["run_without_end"]
    client.post("/api/v1/lineage", started | {"eventType": "FAIL"}, format="json")
    assert find_gaps() == ()


def test_a_name_of_any_length_is_taken(client: APIClient) -> None:
    body = event(outputs=[dataset("x" * 5000), dataset("x" * 5001)])
    assert client.post("/api/v1/lineage", body, format="json").status_code == 201
    assert Artifact.objects.count() == 2
