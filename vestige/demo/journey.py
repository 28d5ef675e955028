"""One deletion request, carried over HTTP from intake to its signed report, as its users would."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from vestige.demo.mail import letters_in

#: States in which a request moves no further by itself.
SETTLED = frozenset({"closed", "denied", "withdrawn", "expired", "needs_human"})
#: The states of a request on its way, in order.
WAY = (
    *("received", "identity_pending", "verified", "traced", "planned", "approved"),
    *("executing", "verifying", "partly_done", "reporting", "closed"),
)
#: Seconds between two looks at a request that is under way.
POLL_SECONDS = 0.5
#: Seconds after which one HTTP call is given up.
CALL_SECONDS = 30


class JourneyError(Exception):
    """The request did not reach its report; the message says where it stopped and why."""


@dataclass(frozen=True, kw_only=True)
class Officer:
    """A demo log-in."""

    username: str
    password: str
    role: str


def has_reached(state: str, until: str) -> bool:
    """Whether a request in one state has come as far as another one on its way.

    >>> has_reached("executing", "planned"), has_reached("needs_human", "planned")
    (True, False)
    """
    return state in WAY and WAY.index(state) >= WAY.index(until)


class Intake:
    """The intake API as a program with a Bearer key uses it."""

    def __init__(self, *, url: str, key: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"

    def file_request(self, *, subject_email: str, idempotency_key: str) -> dict[str, Any]:
        """File an erasure request; returns the request as acknowledged (201)."""
        body = {"regime": "gdpr", "request_type": "erasure", "subject": {"email": subject_email}}
        return _json(
            self._session.post(
                f"{self._url}/api/v1/requests",
                json=body,
                headers={"Idempotency-Key": idempotency_key},
                timeout=CALL_SECONDS,
            )
        )

    def confirm_identity(self, *, request_id: str, code: str) -> dict[str, Any]:
        """Hand in the one-time code that was mailed to the data subject."""
        return _json(
            self._session.post(
                f"{self._url}/api/v1/requests/{request_id}/identity",
                json={"code": code},
                timeout=CALL_SECONDS,
            )
        )

    def read(self, request_id: str) -> dict[str, Any]:
        """The request as it stands now."""
        return _json(
            self._session.get(f"{self._url}/api/v1/requests/{request_id}", timeout=CALL_SECONDS)
        )

    def export(self, request_id: str) -> bytes:
        """The export as a ZIP."""
        answer = self._session.get(
            f"{self._url}/api/v1/requests/{request_id}/export.zip", timeout=CALL_SECONDS
        )
        _refuse(answer)
        return answer.content

    def follow(self, request_id: str, *, until: str, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield the request after each look until it is in state ``until``, or further on its way.

        Raises:
            JourneyError: the request settled in another state, or ``seconds`` went by.
        """
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            request = self.read(request_id)
            yield request
            if has_reached(request["state"], until):
                return
            if request["state"] in SETTLED:
                raise JourneyError(
                    f"Request {request['reference']} stopped in state {request['state']}: "
                    f"{request.get('attention') or request.get('outcome') or 'no reason given'}"
                )
            time.sleep(POLL_SECONDS)
        raise JourneyError(f"Request {request_id} was not {until} after {seconds:.0f} seconds.")


def approve(*, url: str, officer: Officer, request_id: str, plan_digest: str) -> None:
    """Approve the plan by its digest, as an officer who signs in."""
    body = {"plan_digest": plan_digest}
    _act(url, officer, f"/api/v1/requests/{request_id}/approvals", body)


def repeat_jobs(*, url: str, engineer: Officer, request_id: str) -> None:
    """Let the failed jobs of a request be repeated, as an ML engineer who signs in.

    Raises:
        JourneyError: the request needs a decision that is not an engineer's.
    """
    _act(url, engineer, f"/api/v1/requests/{request_id}/resumption", {})


def _act(url: str, officer: Officer, path: str, body: dict[str, str]) -> None:
    """Sign in as an officer, as a browser does, and do one thing."""
    session = requests.Session()
    session.get(f"{url}/login", timeout=CALL_SECONDS).raise_for_status()
    signed_in = session.post(
        f"{url}/login",
        data={
            "username": officer.username,
            "password": officer.password,
            "csrfmiddlewaretoken": session.cookies["csrftoken"],
        },
        headers={"Referer": f"{url}/login"},
        timeout=CALL_SECONDS,
    )
    signed_in.raise_for_status()
    _json(
        session.post(
            f"{url}{path}",
            json=body,
            headers={"X-CSRFToken": session.cookies["csrftoken"], "Referer": url},
            timeout=CALL_SECONDS,
        )
    )


def mailed_code(mail_dir: Path, *, address: str, reference: str, seconds: float) -> str:
    """Read the one-time code from the file mail backend, as the data subject reads their mail.

    Raises:
        JourneyError: no such mail arrived in time.
    """
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        for message in letters_in(mail_dir):
            code = re.search(r"code: (\d{6})", message.get_content())
            if code and address in str(message["To"]) and reference in str(message["Subject"]):
                return code.group(1)
        time.sleep(POLL_SECONDS)
    raise JourneyError(
        f"No mail with a one-time code for {reference} arrived in {mail_dir} within "
        f"{seconds:.0f} seconds; see the logs of the relay and the worker."
    )


def _json(response: requests.Response) -> dict[str, Any]:
    """The body of a good answer."""
    _refuse(response)
    body: dict[str, Any] = response.json()
    return body


def _refuse(response: requests.Response) -> None:
    """Turn a refused call into one sentence."""
    if not response.ok:
        raise JourneyError(
            f"{response.request.method} {response.request.url} was refused "
            f"({response.status_code}): {response.text[:500]}"
        )
