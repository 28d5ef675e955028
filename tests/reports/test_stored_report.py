"""What is stored of a report: the database refuses to change it, and whoever reads it checks it."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from deletion_requests.models import DeletionRequest
from governance.models import Role, User
from reports.models import Report
from reports.rendering import canonical_json
from reports.services import write_report
from reports.statement import sha256

pytestmark = pytest.mark.django_db

BETTER = "Every affected artifact that the trace found was treated by removal."
REWRITE_HEADLINE = "document = jsonb_set(document, '{headline}', to_jsonb(%s::text))"


@pytest.fixture
def report(done: DeletionRequest) -> Report:
    return write_report(request_id=done.pk)


@pytest.fixture
def officer() -> User:
    return User.objects.create(username="kim", roles=[Role.AUDITOR])


def alter(change: str, *values: str) -> None:
    """Change a stored report as only the owner of its table can."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE reports_report DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE reports_report SET {change}", values)  # noqa: S608 - fixed here


def fsck_problems() -> list[str]:
    out = StringIO()
    try:
        call_command("ledger_fsck", "--json", stdout=out)
    except SystemExit as ended:
        assert ended.code == 1  # noqa: PT017 - the command's way to say that something is wrong
    problems: list[str] = json.loads(out.getvalue())["problems"]
    return problems


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reports_report SET export = export",
        "DELETE FROM reports_report",
        "UPDATE reports_report SET document = '{}'",
    ],
)
@pytest.mark.usefixtures("report")
def test_the_database_refuses_to_touch_a_signed_report(statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="a signed report stands as it is"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_an_untouched_report_is_read_everywhere(report: Report, officer: User) -> None:
    assert fsck_problems() == []
    client = Client()
    client.force_login(officer)
    assert client.get(f"/requests/{report.request_id}/report").status_code == 200


@pytest.mark.parametrize(
    ("change", "values"),
    [
        (REWRITE_HEADLINE, [BETTER]),
        ("document = jsonb_set(document, '{ledger,size}', '9007199254740993')", []),
    ],
)
def test_the_check_of_the_ledger_names_a_report_whose_document_was_changed(
    report: Report, change: str, values: list[str]
) -> None:
    alter(change, *values)
    assert fsck_problems() == [
        f"Entry {report.ledger_index} does not commit to the report {report.pk} as it is stored."
    ]


@pytest.mark.parametrize("part", ["report", "report.html", "report.pdf", "export.zip"])
def test_the_api_withholds_a_report_whose_document_was_changed(
    report: Report, officer: User, part: str
) -> None:
    alter(REWRITE_HEADLINE, BETTER)
    api = APIClient()
    api.force_login(officer)
    answer = api.get(f"/api/v1/requests/{report.request_id}/{part}")
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert answer.json()["type"] == "urn:vestige:problem:report-altered"
    assert BETTER not in answer.content.decode()


def test_the_page_withholds_a_report_whose_document_was_changed(
    report: Report, officer: User
) -> None:
    alter(REWRITE_HEADLINE, BETTER)
    client = Client()
    client.force_login(officer)
    answer = client.get(f"/requests/{report.request_id}/report")
    assert answer.status_code == 409
    assert "vestige ledger fsck" in answer.content.decode()
    assert BETTER not in answer.content.decode()


def test_a_ledger_entry_changed_along_with_the_report_does_not_help_it(
    report: Report, officer: User
) -> None:
    alter(REWRITE_HEADLINE, BETTER)
    changed = Report.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_ledgerentry DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE governance_ledgerentry"
            " SET payload = jsonb_set(payload, '{sha256}', to_jsonb(%s::text)) WHERE index = %s",
            [sha256(canonical_json(changed.document)), report.ledger_index],
        )
    client = Client()
    client.force_login(officer)
    assert client.get(f"/requests/{report.request_id}/report").status_code == 409
