"""The report: on its page, and as the file that stands alone."""

import uuid

import pytest
from django.test import Client

from governance.models import Role
from reports.lint import lint_html, lint_text, visible_text
from reports.rendering import report_article, report_html
from tests.factories import OfficerFactory, report_document, signed_report


@pytest.mark.django_db
def test_an_auditor_reads_the_report_with_every_claim_and_limit(client: Client) -> None:
    report = signed_report()
    client.force_login(OfficerFactory.create(roles=[Role.AUDITOR]))

    response = client.get(f"/requests/{report.request_id}/report")

    assert response.status_code == 200
    page = response.content.decode()
    assert "Guarantee class: Approximate" in page
    assert lint_text(visible_text(page), report.document) == []
    assert report_article(report.document) in page


@pytest.mark.django_db
def test_an_engineer_may_not_read_the_report(client: Client) -> None:
    report = signed_report()
    client.force_login(OfficerFactory.create(roles=[Role.ML_ENGINEER]))

    assert client.get(f"/requests/{report.request_id}/report").status_code == 403


@pytest.mark.django_db
def test_a_request_without_report_has_no_report_page(client: Client) -> None:
    client.force_login(OfficerFactory.create())

    assert client.get(f"/requests/{uuid.uuid4()}/report").status_code == 404


def test_the_exported_file_needs_nothing_from_outside() -> None:
    html = report_html(report_document())

    assert "http-equiv" not in html
    assert "<script" not in html
    assert "<link" not in html
    assert 'src="' not in html


def test_the_exported_file_says_what_its_claims_say_and_no_more() -> None:
    document = report_document()

    html = report_html(document)

    assert lint_html(html, document) == []
    for sentence in (*document["residual_risk"], *document["not_examined"]):
        assert sentence in visible_text(html)


def test_equal_documents_give_equal_files() -> None:
    first, second = (report_html(report_document()) for _ in range(2))

    assert first == second
