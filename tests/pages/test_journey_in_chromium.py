"""One request in a real browser: an officer enters and approves it, the data subject confirms it, a
second officer approves, a recipient answers, and the report can be read and taken away. Models,
files and product are real.
"""

import io
import re
import zipfile
from pathlib import Path

import pytest
from django.core import mail
from playwright.sync_api import Page

from deletion_requests.models import DeletionRequest
from governance.models import Role
from tests.deletion_requests.test_journey import (  # noqa: F401 - two of them are fixtures
    Company,
    captured,
    company,
    deliver,
    somebody,
)
from tests.factories import OfficerFactory
from tests.pages.conftest import Visit, sign_in_at

pytestmark = [
    pytest.mark.long,
    pytest.mark.django_db(transaction=True),
    # MLflow and SQLAlchemy warn about each other; nothing of ours is behind these.
    pytest.mark.filterwarnings("ignore:::mlflow"),
    pytest.mark.filterwarnings("ignore:::sqlalchemy"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"),
]


def test_two_officers_lead_a_request_to_its_report(
    captured: Company,  # noqa: F811 - the fixture imported above
    visit: Visit,
) -> None:
    officer = OfficerFactory.create(username="ann", roles=[Role.PRIVACY_OFFICER])
    approver = OfficerFactory.create(username="ben", roles=[Role.APPROVER])
    _, email = somebody(captured.folder / "data")

    sign_in_at(visit.page, officer)
    enter(visit, email)
    row = DeletionRequest.objects.get()
    the_data_subject_answers(visit)
    read_trace_and_plan(visit, row)
    approve(visit, row)

    sign_out(visit)
    sign_in_at(visit.page, approver)
    visit.open(f"/requests/{row.pk}/")
    approve(visit, row)
    deliver()

    sign_out(visit)
    sign_in_at(visit.page, officer)
    accept_where_asked(visit, row)
    the_recipient_answers(visit)
    row.refresh_from_db()
    assert (row.state, row.attention) == ("closed", "")
    export = the_report(visit, row)
    assert any(name.endswith("report.json") for name in export)
    assert any(name.endswith("manifest-sha256.txt") for name in export)
    assert visit.complaints == []


def enter(visit: Visit, email: str) -> None:
    page = visit.page
    page.get_by_role("link", name="New request", exact=True).first.click()
    page.get_by_label("E-mail address of the data subject").fill(email)
    page.get_by_label("GDPR", exact=False).first.check()
    page.get_by_role("button", name="Send the one-time code").click()
    page.get_by_text("is received. A one-time code was sent.").wait_for()
    assert email not in page.content()


def the_data_subject_answers(visit: Visit) -> None:
    """Follow the link of the mail and enter its code, as somebody who has no account."""
    deliver()
    body = str(mail.outbox[-1].body)
    code, link = re.search(r"code: (\d{6})", body), re.search(r"/confirm/\S+", body)
    assert code is not None
    assert link is not None
    person = stranger(visit)
    person.goto(link[0])
    person.get_by_label("One-time code").fill(code[1])
    person.get_by_role("button", name="Confirm").click()
    person.get_by_text("your request is confirmed").wait_for()
    person.close()
    deliver()


def stranger(visit: Visit) -> Page:
    """A browser of somebody who has no account."""
    return visit.page.context.browser.new_page(base_url=visit.address)  # type: ignore[union-attr]


def read_trace_and_plan(visit: Visit, row: DeletionRequest) -> None:
    visit.open(f"/requests/{row.pk}/")
    page = visit.page
    page.get_by_role("heading", name="Trace", exact=True).wait_for()
    page.get_by_role("region", name="Drawing of the trace").wait_for()
    assert page.get_by_text("affected artifacts, from").count() == 1
    assert page.get_by_role("heading", name="1. Suppress outputs").count() == 1


def approve(visit: Visit, row: DeletionRequest) -> None:
    visit.page.get_by_role("button", name="Approve this plan").click()
    visit.page.get_by_text(f"Your approval of {row.reference} is recorded.").wait_for()


def sign_out(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Sign out").click()
    visit.page.wait_for_url("**/login")


def accept_where_asked(visit: Visit, row: DeletionRequest) -> None:
    """On so few rows a model may fall below the utility floor: then a person lets it serve."""
    visit.open(f"/requests/{row.pk}/")
    again = visit.page.get_by_role("button", name="Go on with this request")
    if again.count():
        assert "utility floor" in (visit.page.locator(".notice.red").first.text_content() or "")
        again.click()
        visit.page.get_by_text(f"{row.reference} goes on.").wait_for()
        deliver()


def the_recipient_answers(visit: Visit) -> None:
    """Follow the link of the letter, as somebody who has no account."""
    letter = next(str(m.body) for m in mail.outbox if m.to == ["privacy@lakeside.example"])
    link = re.search(r"/acknowledge/\S+", letter)
    assert link is not None
    recipient = stranger(visit)
    recipient.goto(link[0])
    recipient.get_by_role("button", name="We have erased these records").click()
    recipient.get_by_text("your answer is recorded").wait_for()
    recipient.close()
    deliver()


def the_report(visit: Visit, row: DeletionRequest) -> list[str]:
    """Read the report's page and take the export away; gives the names of its files."""
    visit.open(f"/requests/{row.pk}/")
    visit.page.get_by_role("link", name="Read the report").click()
    headline = visit.page.locator(".r-headline")
    assert (headline.text_content() or "").strip()
    with visit.page.expect_download() as taken:
        visit.page.get_by_role("link", name="Download the export").click()
    assert taken.value.suggested_filename == f"{row.reference}.zip"
    with zipfile.ZipFile(io.BytesIO(Path(taken.value.path()).read_bytes())) as export:
        assert export.testzip() is None
        return export.namelist()
