import pytest
from rest_framework.test import APIClient

from governance.services import issue_api_key


@pytest.fixture
def portal(db: None) -> APIClient:  # noqa: ARG001 - the key is a row
    """An intake client that may send and read requests."""
    _, key = issue_api_key(name="portal", scopes=["requests:write", "requests:read"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client
