"""Every page of the site with every kind of content: what the gate and the screenshots walk."""

from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Page

from deletion_requests.confirmation import confirmation_token
from deletion_requests.models import DeletionRequest
from governance.models import Role
from tests.factories import DeletionRequestFactory, OfficerFactory
from tests.pages.conftest import sign_in_at
from tests.pages.examples import House
from unlearning.models import Job, JobState

#: Widths that pages are looked at in, in CSS pixels.
WIDTHS = (1280, 375)


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One page in one condition."""

    #: Names the picture.
    name: str
    path: str
    #: Whether to look at it without having signed in.
    public: bool = False
    #: Widths that it is looked at in; a page that comes in many states needs one for most.
    widths: tuple[int, ...] = WIDTHS


#: Pages of a house in which nothing has happened yet.
EMPTY = (
    Stop(name="queue-empty", path="/requests/"),
    Stop(name="registry-empty", path="/lineage/"),
    Stop(name="gaps-empty", path="/lineage/gaps"),
    Stop(name="jobs-empty", path="/jobs/"),
    Stop(name="ledger-empty", path="/ledger/"),
)

#: Pages that say what is wrong.
ERRORS = (
    Stop(name="not-found", path="/no-such-page"),
    Stop(name="not-found-public", path="/no-such-page", public=True),
    Stop(name="acknowledge-unknown", path=f"/acknowledge/{'x' * 43}", public=True),
    Stop(name="wrong-method", path="/requests/00000000-0000-4000-8000-000000000000/deny"),
    # These need the addresses of ``faulty_urls``.
    Stop(name="malformed", path="/faults/400", public=True),
    Stop(name="form-expired", path="/faults/403-csrf", public=True),
    Stop(name="locked", path="/faults/429", public=True),
    Stop(name="defect", path="/faults/500", public=True),
    Stop(name="queue-no-match", path="/requests/?reference=VR-1999"),
    Stop(name="registry-no-match", path="/lineage/?text=nothing+is+called+this"),
    Stop(name="jobs-no-match", path="/jobs/?state=none"),
    Stop(name="ledger-no-match", path="/ledger/?request=VR-1999"),
)


def stops(house: House) -> Iterator[Stop]:
    """Every page of a furnished house."""
    yield Stop(name="login", path="/login", public=True)
    yield Stop(name="public-key", path="/public-key", public=True)
    yield Stop(name="acknowledge", path=f"/acknowledge/{house.token}", public=True)
    yield Stop(name="acknowledged", path=f"/acknowledge/{house.used_token}", public=True)
    for name, request in (
        ("confirm", house.requests["late"]),
        ("confirm-done", house.passing["verified"]),
        ("confirm-ended", house.passing["expired"]),
    ):
        token = confirmation_token(request.pk)
        yield Stop(name=name, path=f"/confirm/{token}", public=True)
    yield Stop(name="queue", path="/requests/")
    yield Stop(name="new", path="/requests/new")
    for state, request in house.requests.items():
        yield Stop(name=f"request-{state}", path=_path(request))
    for state, request in house.passing.items():
        yield Stop(name=f"request-{state}", path=_path(request), widths=WIDTHS[-1:])
    yield Stop(name="request-closed", path=f"/requests/{house.report.request_id}/")
    yield Stop(name="evidence", path=f"{_path(house.requests['executing'])}evidence")
    yield Stop(name="evidence-none", path=f"{_path(house.requests['received'])}evidence")
    yield Stop(name="report", path=f"/requests/{house.report.request_id}/report")
    yield Stop(name="registry", path="/lineage/")
    yield Stop(name="gaps", path="/lineage/gaps")
    for label in ("adult-v1", "digits-v1", "income-monolithic v1", "offer-desk", "legacy", "old"):
        slug = label.replace(" ", "-")
        yield Stop(name=f"artifact-{slug}", path=f"/lineage/{house.artifacts[label].pk}/")
    yield Stop(name="jobs", path="/jobs/")
    for state in (JobState.SUCCEEDED, JobState.RUNNING, JobState.NEEDS_HUMAN):
        job = Job.objects.filter(state=state).latest("created_at")
        yield Stop(name=f"job-{state}", path=f"/jobs/{job.pk}/")
    yield Stop(name="ledger", path="/ledger/")
    yield Stop(name="ledger-one", path=f"/ledger/?request={house.requests['planned'].reference}")


def refusals(page: Page) -> Iterator[str]:
    """Lead a browser to the pages that refuse something; gives the name of each when it is open."""
    page.goto("/login")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("There is a problem").wait_for()
    yield "login-refused"
    late = DeletionRequestFactory.create(state="identity_pending")
    page.goto(f"/confirm/{confirmation_token(late.pk)}")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("There is a problem").wait_for()
    yield "confirm-refused"
    sign_in_at(page, OfficerFactory.create())
    page.goto("/requests/new")
    page.get_by_role("button", name="Send the one-time code").click()
    page.get_by_text("There is a problem").wait_for()
    yield "new-refused"
    page.get_by_role("button", name="Sign out").click()
    sign_in_at(page, OfficerFactory.create(roles=[Role.ML_ENGINEER]))
    page.goto("/ledger/")
    page.get_by_text("You may not open this").wait_for()
    yield "forbidden"


def _path(request: DeletionRequest) -> str:
    return f"/requests/{request.pk}/"


def parted(house: House) -> tuple[list[Stop], list[Stop]]:
    """The pages for everybody, and those for people who have signed in."""
    everything = [*stops(house), *ERRORS]
    return [s for s in everything if s.public], [s for s in everything if not s.public]
