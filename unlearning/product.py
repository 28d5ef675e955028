"""Speaks to a deployed product: what it serves, what it suppresses, what it answers."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from unlearning.errors import ProductError

_TIMEOUT = 10  # seconds
DIGEST_HEADER = "X-Model-Digest"
INDEX_HEADER = "X-Index-Digest"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the product said."""

    status: int
    #: Digest of the weights that it serves, as it names them in its header.
    digest: str
    body: Any
    #: Digest of the index that it searches, named likewise; empty where it has none.
    index_digest: str = ""


def health(endpoint: str) -> Answer:
    """Ask the product how it is, and so which model it serves.

    Raises:
        ProductError: It does not answer, or is not well: what it serves is not known then.
    """
    answer = _call(endpoint, "GET", "/healthz")
    if answer.status != 200:  # noqa: PLR2004 - HTTP's own number
        raise ProductError(
            f"The product at {endpoint} answered GET /healthz with {answer.status}, so what it "
            "serves is not known; bring it up and resume."
        )
    return answer


def predict(endpoint: str, body: Mapping[str, object]) -> Answer:
    """Ask the product for a prediction, as its users do.

    Raises:
        ProductError: It does not answer.
    """
    return _call(endpoint, "POST", "/predict", body)


def suppress(endpoint: str, *, rule_id: str, rule: Mapping[str, object]) -> None:
    """Put a suppression rule in force; the same rule again changes nothing.

    Raises:
        ProductError: The product refuses or does not answer.
    """
    _control(endpoint, "PUT", f"/control/suppressions/{rule_id}", rule)


def lift_suppression(endpoint: str, *, rule_id: str) -> None:
    """Take a suppression rule out of force; one that is gone already stays gone.

    Raises:
        ProductError: The product refuses or does not answer.
    """
    _control(endpoint, "DELETE", f"/control/suppressions/{rule_id}", missing_is_fine=True)


def reload(endpoint: str) -> None:
    """Let the product read again which version is in production.

    Raises:
        ProductError: The product refuses or does not answer.
    """
    _control(endpoint, "POST", "/control/reload", {})


def _control(
    endpoint: str,
    verb: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    missing_is_fine: bool = False,
) -> None:
    answer = _call(endpoint, verb, path, body, token=settings.CONTROL_TOKEN)
    if answer.status == 404 and missing_is_fine:  # noqa: PLR2004 - HTTP's own number
        return
    if answer.status >= 300:  # noqa: PLR2004 - everything above is a refusal
        raise ProductError(
            f"The product at {endpoint} answered {verb} {path} with {answer.status}."
        )


def _call(
    endpoint: str,
    verb: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    token: str = "",
) -> Answer:
    url = endpoint.rstrip("/") + path
    if urlsplit(url).scheme not in ("http", "https"):
        raise ProductError(f"{endpoint} is not an address that can be called.")
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(url, data=data, method=verb, headers=headers)  # noqa: S310 - scheme checked above
    try:
        with urllib.request.urlopen(call, timeout=_TIMEOUT) as response:  # noqa: S310 - the same
            return _answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers, error.read())
    except OSError as error:
        raise ProductError(f"The product at {endpoint} cannot be reached: {error}") from error


def _answer(status: int, headers: Message, raw: bytes) -> Answer:
    try:
        body = json.loads(raw) if raw else None
    except ValueError:
        body = None
    return Answer(
        status=status,
        digest=headers.get(DIGEST_HEADER) or "",
        index_digest=headers.get(INDEX_HEADER) or "",
        body=body,
    )
