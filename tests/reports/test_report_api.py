import json
import zipfile
from io import BytesIO
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from deletion_requests.models import DeletionRequest
from governance.models import Role, User
from governance.services import issue_api_key
from reports.services import write_report

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> APIClient:
    _, key = issue_api_key(name="reader", scopes=["reports:read"])
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return api


def test_the_document_comes_as_it_was_signed(client: APIClient, done: DeletionRequest) -> None:
    report = write_report(request_id=done.pk)
    answer = client.get(f"/api/v1/requests/{done.pk}/report")
    assert answer["Content-Type"] == "application/json"
    assert json.loads(answer.content)["headline"] == report.document["headline"]


def test_the_rendering_runs_nothing(client: APIClient, done: DeletionRequest) -> None:
    write_report(request_id=done.pk)
    answer = client.get(f"/api/v1/requests/{done.pk}/report.html")
    assert b"Not everything was removed." in answer.content
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert b"<script" not in answer.content


def test_the_export_comes_as_one_file(client: APIClient, done: DeletionRequest) -> None:
    write_report(request_id=done.pk)
    answer = client.get(f"/api/v1/requests/{done.pk}/export.zip")
    names = zipfile.ZipFile(BytesIO(answer.content)).namelist()
    assert "VR-2026-000042/data/report.json" in names
    assert 'filename="VR-2026-000042.zip"' in answer["Content-Disposition"]


def test_the_pages_come_as_exported(client: APIClient, done: DeletionRequest) -> None:
    write_report(request_id=done.pk)
    answer = client.get(f"/api/v1/requests/{done.pk}/report.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


@pytest.mark.parametrize("part", ["report", "report.html", "report.pdf", "export.zip"])
def test_before_the_report_is_written_there_is_none(
    client: APIClient, done: DeletionRequest, part: str
) -> None:
    for request_id in (done.pk, uuid4()):
        answer = client.get(f"/api/v1/requests/{request_id}/{part}")
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("role", "status"), [(Role.AUDITOR, 200), (Role.PRIVACY_OFFICER, 200), (Role.ML_ENGINEER, 403)]
)
def test_officers_read_by_role(done: DeletionRequest, role: Role, status: int) -> None:
    write_report(request_id=done.pk)
    api = APIClient()
    api.force_login(User.objects.create(username="kim", roles=[role]))
    assert api.get(f"/api/v1/requests/{done.pk}/report").status_code == status


def test_a_stranger_reads_nothing(done: DeletionRequest) -> None:
    write_report(request_id=done.pk)
    assert APIClient().get(f"/api/v1/requests/{done.pk}/report").status_code == 401
