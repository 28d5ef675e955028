"""``POST /api/v1/lineage/index`` and how far the reading is."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from config import settings as configured
from governance.services import issue_api_key
from lineage.graph import ArtifactKind
from lineage.models import Artifact, DueReading
from lineage.services import attempt_reading
from tests.lineage.test_index_load import ANN, ROWS, WRITERS, records_of, write_csv

pytestmark = pytest.mark.django_db
PATH = "/api/v1/lineage/index"


def program(*scopes: str) -> APIClient:
    _, key = issue_api_key(name=" ".join(scopes), scopes=scopes)
    return APIClient(headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
def client() -> APIClient:
    return program("lineage:write", "lineage:read")


def body(place: Path, **other: object) -> dict[str, Any]:
    return {
        "dataset": "people",
        "version": "1",
        "location": str(place),
        "record_id_column": "id",
        "subject_columns": ["email", "phone"],
        **other,
    }


def asked(client: APIClient, place: Path, **other: object) -> dict[str, Any]:
    answer = client.post(PATH, body(place, **other), format="json")
    assert answer.status_code == 202, answer.content
    document: dict[str, Any] = answer.json()
    assert answer["Location"] == f"{PATH}/{document['artifact_id']}"
    return document


def pointer(client: APIClient, place: Path, **other: object) -> str:
    answer = client.post(PATH, body(place, **other), format="json")
    assert answer.status_code == 422, answer.content
    return str(answer.json()["errors"][0]["pointer"])


@pytest.mark.parametrize("form", WRITERS)
def test_rows_of_a_place_are_read_by_a_worker(client: APIClient, tmp_path: Path, form: str) -> None:
    document = asked(client, WRITERS[form](tmp_path / "people", ROWS))
    assert (document["dataset"], document["state"]) == ("people@1", "waiting")
    assert records_of(ANN) == []

    attempt_reading(dataset_version_id=document["artifact_id"])

    stands = client.get(f"{PATH}/{document['artifact_id']}").json()
    assert (stands["state"], stands["trouble"]) == ("indexed", "")
    assert sorted(records_of(ANN)) == ["1", "3"]


def test_asked_again_the_rows_are_read_again(client: APIClient, tmp_path: Path) -> None:
    place = write_csv(tmp_path / "people", ROWS)
    number = asked(client, place)["artifact_id"]
    attempt_reading(dataset_version_id=number)
    write_csv(place, ROWS[:1])

    again = asked(client, place)
    assert (again["artifact_id"], again["state"], again["indexed_at"]) == (number, "waiting", None)

    attempt_reading(dataset_version_id=number)
    assert client.get(f"{PATH}/{number}").json()["state"] == "indexed"
    assert "1" in records_of(ANN)


def test_a_broken_row_is_named_and_in_the_end_a_persons_turn(
    client: APIClient, tmp_path: Path
) -> None:
    place = write_csv(tmp_path / "people", [*ROWS, {**ROWS[0], "id": None}])
    number = asked(client, place)["artifact_id"]
    attempt_reading(dataset_version_id=number)

    stands = client.get(f"{PATH}/{number}").json()
    assert stands["state"] == "waiting"
    assert "segment-0.csv" in stands["trouble"]
    assert "id" in stands["trouble"]
    assert records_of(ANN) == []

    DueReading.objects.update(attempts=configured.JOB_MAX_ATTEMPTS)
    assert client.get(f"{PATH}/{number}").json()["state"] == "failed"


def test_rows_that_no_file_holds_are_left_to_the_command(client: APIClient, tmp_path: Path) -> None:
    assert pointer(client, Path("mlflow:1234")) == "/location"
    assert pointer(client, Path("postgresql://host/database")) == "/location"
    assert pointer(client, tmp_path, format="sql") == "/format"
    assert pointer(client, tmp_path, subject_columns=[]) == "/subject_columns"
    assert not Artifact.objects.exists()


def test_nothing_is_put_on_record_of_a_place_without_rows(
    client: APIClient, tmp_path: Path
) -> None:
    answer = client.post(PATH, body(tmp_path / "nowhere"), format="json")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("unreadable-records")
    assert "nowhere" in answer.json()["detail"]
    assert not Artifact.objects.exists()


def test_a_name_that_stands_for_another_place_is_refused(client: APIClient, tmp_path: Path) -> None:
    asked(client, write_csv(tmp_path / "here", ROWS))
    answer = client.post(PATH, body(write_csv(tmp_path / "there", ROWS)), format="json")
    assert answer.status_code == 422
    assert "under another name or version" in answer.json()["detail"]


def test_only_holders_of_rows_are_asked_about(client: APIClient) -> None:
    model = Artifact.objects.create(kind=ArtifactKind.MODEL, identity="m", name="m")
    assert client.get(f"{PATH}/{model.pk}").status_code == 404
    assert client.get(f"{PATH}/999999").status_code == 404


def test_a_key_needs_its_scope(tmp_path: Path) -> None:
    place = write_csv(tmp_path / "people", ROWS)
    reader = program("lineage:read")
    assert reader.post(PATH, body(place), format="json").status_code == 403
    assert program("lineage:write").get(f"{PATH}/1").status_code == 403
