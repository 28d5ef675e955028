import json

import pytest
from django.urls import path
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from governance.acts import Act
from governance.authentication import ApiKeyAuthentication
from governance.errors import Conflict, InvalidInput, StaleState
from governance.models import Role
from governance.parsing import StrictJSONParser, StrictSerializer
from governance.permissions import HasScope, OfficerMay
from governance.services import issue_api_key, register_officer


class Subject(StrictSerializer):
    email = serializers.EmailField()


class Intake(StrictSerializer):
    subject = Subject()
    count = serializers.IntegerField(required=False)
    note = serializers.CharField(required=False)


class IntakeView(APIView):
    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]
    permission_classes = [HasScope("requests:write") | OfficerMay(Act.APPROVE_PLAN)]
    parser_classes = [StrictJSONParser]

    def post(self, request: Request) -> Response:
        intake = Intake(data=request.data)
        intake.is_valid(raise_exception=True)
        raising = {"conflict": Conflict("Taken."), "stale": StaleState(), "defect": ValueError()}
        if error := raising.get(intake.validated_data.get("note", "")):
            raise error
        if intake.validated_data.get("note") == "code":
            raise InvalidInput.at("/code", "Wrong code; 4 attempts are left.")
        return Response({"ok": True})


urlpatterns = [path("api/v1/test", IntakeView.as_view())]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]
GOOD = {"subject": {"email": "ann@example.org"}}


@pytest.fixture
def client() -> APIClient:
    _, key = issue_api_key(name="intake", scopes=["requests:write"])
    api = APIClient(raise_request_exception=False)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return api


def post(client: APIClient, body: object) -> tuple[int, dict]:  # type: ignore[type-arg]
    text = body if isinstance(body, str) else json.dumps(body)
    answer = client.post("/api/v1/test", text, content_type="application/json")
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "title", "status", "detail", "instance", "errors"}
        assert answer.json()["status"] == answer.status_code
        assert answer.json()["instance"] == "/api/v1/test"
    return answer.status_code, answer.json()


def test_good_input_passes(client: APIClient) -> None:
    assert post(client, GOOD) == (200, {"ok": True})


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/subject"),
        ({"subject": {"email": "no address"}}, "/subject/email"),
        ({"subject": {"email": 5}}, "/subject/email"),
        ({"subject": {"email": "ann@example.org", "phone": "1"}}, "/subject/phone"),
        ({**GOOD, "a/b": 1}, "/a~1b"),
        ({**GOOD, "count": "5"}, "/count"),
        ({**GOOD, "count": True}, "/count"),
        ({**GOOD, "count": 1.5}, "/count"),
        ({**GOOD, "note": ["list"]}, "/note"),
        ({"subject": []}, "/subject"),
        ([], ""),
        ({**GOOD, "note": "code"}, "/code"),
    ],
)
def test_each_bad_field_is_named_by_its_pointer(
    client: APIClient, body: object, pointer: str
) -> None:
    status, problem = post(client, body)
    assert status == 422
    assert [item["pointer"] for item in problem["errors"]] == [pointer]
    assert all(item["detail"] for item in problem["errors"])


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "",
        '{"a": NaN}',
        '{"subject": 1, "subject": 2}',
        "[" * 100_000,
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_what_is_no_json_is_a_bad_request(client: APIClient, body: str) -> None:
    assert post(client, body or " ")[0] == 400


def test_a_body_beyond_the_limit_is_refused(client: APIClient) -> None:
    assert post(client, {**GOOD, "note": "x" * 1024 * 1024})[0] == 413


@pytest.mark.parametrize(("note", "kind"), [("conflict", "conflict"), ("stale", "stale-state")])
def test_typed_errors_keep_status_and_type(client: APIClient, note: str, kind: str) -> None:
    status, problem = post(client, {**GOOD, "note": note})
    assert (status, problem["type"]) == (409, f"urn:vestige:problem:{kind}")


def test_another_method_is_a_problem_too(client: APIClient) -> None:
    answer = client.put("/api/v1/test", GOOD)
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")


def test_an_address_that_does_not_exist_is_a_problem(client: APIClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_a_defect_is_a_problem_without_its_traceback(client: APIClient) -> None:
    status, problem = post(client, {**GOOD, "note": "defect"})
    assert status == 500
    assert "ValueError" not in json.dumps(problem)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer vst_wrong", "Bearer a b"])
def test_without_a_good_key_nobody_enters(client: APIClient, header: str) -> None:
    client.credentials(HTTP_AUTHORIZATION=header)
    answer = client.post("/api/v1/test", GOOD)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="vestige"')


def test_a_key_switched_off_opens_nothing(client: APIClient) -> None:
    owner, key = issue_api_key(name="old", scopes=["requests:write"])
    owner.active = False
    owner.save()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert client.post("/api/v1/test", GOOD).status_code == 401


def test_a_key_with_another_scope_is_not_enough(client: APIClient) -> None:
    _, key = issue_api_key(name="reader", scopes=["requests:read"])
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert post(client, GOOD)[0] == 403


@pytest.mark.parametrize(("role", "status"), [(Role.APPROVER, 200), (Role.AUDITOR, 403)])
def test_officers_pass_by_role(role: Role, status: int) -> None:
    officer = register_officer(
        username="kim", password="a long pass phrase", roles=[role], email="kim@example.org"
    )
    api = APIClient()
    api.force_login(officer)
    assert api.post("/api/v1/test", GOOD, format="json").status_code == status
