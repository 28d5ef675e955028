"""Programs authenticate with a Bearer key; only the key's digest is stored."""

import hashlib
from dataclasses import dataclass

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from governance.models import ApiClient


@dataclass(frozen=True)
class ApiPrincipal:
    """The caller behind a key, in the place where Django expects a user."""

    client: ApiClient
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True

    def __str__(self) -> str:
        return f"client:{self.client.name}"


def key_digest(key: str) -> bytes:
    """Digest of a key; keys carry 256 random bits, so a plain hash cannot be guessed."""
    return hashlib.sha256(key.encode()).digest()


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer vst_…``."""

    def authenticate(self, request: Request) -> tuple[ApiPrincipal, ApiClient] | None:
        """Find the client behind the key.

        Raises:
            AuthenticationFailed: The key is unknown or was switched off.
        """
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:  # noqa: PLR2004 - scheme and key
            raise AuthenticationFailed("The Authorization header must read: Bearer KEY.")
        key = words[1].decode("latin-1")
        client = ApiClient.objects.filter(key_digest=key_digest(key), active=True).first()
        if client is None:
            raise AuthenticationFailed("This API key is unknown or was switched off.")
        return ApiPrincipal(client), client

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        """Tell an anonymous caller which scheme to use (makes the status 401, not 403)."""
        return 'Bearer realm="vestige"'
