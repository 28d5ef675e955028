"""Writes about who may act."""

import secrets
from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from governance.authentication import key_digest
from governance.errors import Conflict, FieldError, InvalidInput, NotFound
from governance.ledger.services import append_entry
from governance.models import ApiClient, Role, User
from governance.permissions import SCOPES

#: Starts every key, so that a scanner recognises one that leaked.
KEY_PREFIX = "vst_"


@transaction.atomic
def issue_api_key(*, name: str, scopes: Iterable[str]) -> tuple[ApiClient, str]:
    """Make an API client and its key; the key is shown this once and never stored.

    Args:
        name: What people call the program; unique.
        scopes: Members of ``permissions.SCOPES``.

    Returns:
        The client and the key in plain text.

    Raises:
        InvalidInput: A scope is unknown.
        Conflict: A client of that name exists.
    """
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        raise InvalidInput.at("/scopes", f"Unknown: {', '.join(unknown)}.")
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            client = ApiClient.objects.create(name=name, key_digest=key_digest(key), scopes=wanted)
    except IntegrityError as error:
        raise Conflict(f"There is an API client named {name} already.") from error
    append_entry(
        kind="api_client.issued",
        actor="administrator",
        reference=f"client:{client.pk}",
        payload={"name": name, "scopes": wanted},
    )
    return client, key


@transaction.atomic
def register_officer(*, username: str, password: str, roles: Iterable[str], email: str) -> User:
    """Make an account for a member of the organisation.

    Args:
        username: Sign-in name; unique.
        password: At least what the password validators ask for.
        roles: Values of ``Role``.
        email: Where notices go.

    Raises:
        InvalidInput: A role is unknown or the password too weak.
        Conflict: The name is taken.
    """
    wanted = _known_roles(roles)
    _check_password(password, User(username=username, email=email))
    try:
        with transaction.atomic():
            officer = User.objects.create_user(
                username=username, email=email, password=password, roles=wanted
            )
    except IntegrityError as error:
        raise Conflict(f"There is an officer named {username} already.") from error
    append_entry(
        kind="officer.registered",
        actor="administrator",
        reference=f"officer:{officer.pk}",
        payload={"username": username, "roles": wanted},
    )
    return officer


@transaction.atomic
def change_roles(*, username: str, roles: Iterable[str]) -> User:
    """Give an officer these roles in place of those held until now; repeating this is harmless.

    Args:
        username: Sign-in name of the officer.
        roles: Values of ``Role``; none at all lets the officer do nothing any more.

    Raises:
        InvalidInput: A role is unknown.
        NotFound: There is no such officer.
    """
    wanted = _known_roles(roles)
    # The row lock guarantees that the ledger names the roles that were really replaced.
    officer = User.objects.select_for_update().filter(username=username).first()
    if officer is None:
        raise NotFound(f"There is no officer named {username}; create_officer makes one.")
    held = sorted(officer.roles)
    if held == wanted:
        return officer
    officer.roles = wanted
    officer.save(update_fields=["roles"])
    append_entry(
        kind="officer.roles_changed",
        actor="administrator",
        reference=f"officer:{officer.pk}",
        payload={"username": username, "from": held, "to": wanted},
    )
    return officer


def _known_roles(roles: Iterable[str]) -> list[str]:
    wanted = sorted(set(roles))
    unknown = [role for role in wanted if role not in Role.values]
    if unknown:
        raise InvalidInput.at("/roles", f"Unknown: {', '.join(unknown)}.")
    return wanted


def _check_password(password: str, officer: User) -> None:
    try:
        validate_password(password, officer)
    except ValidationError as error:
        problems = tuple(
            FieldError(pointer="/password", detail=message) for message in error.messages
        )
        raise InvalidInput("The password is too weak.", errors=problems) from error
