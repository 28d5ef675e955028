import json

import pytest
from django.core.management import CommandError, call_command

from governance.authentication import key_digest
from governance.errors import Conflict, InvalidInput, NotFound
from governance.ledger.selectors import head
from governance.models import ApiClient, LedgerEntry, Role, User
from governance.services import change_roles, issue_api_key, register_officer

pytestmark = pytest.mark.django_db


def test_a_key_is_shown_once_and_only_its_digest_is_kept() -> None:
    client, key = issue_api_key(name="intake", scopes=["requests:write"])
    assert key.startswith("vst_")
    assert bytes(ApiClient.objects.get().key_digest) == key_digest(key)
    assert key not in json.dumps([entry.payload for entry in LedgerEntry.objects.all()])
    assert client.scopes == ["requests:write"]


def test_unknown_scopes_and_taken_names_are_refused() -> None:
    with pytest.raises(InvalidInput) as unknown:
        issue_api_key(name="intake", scopes=["everything"])
    assert unknown.value.errors[0].pointer == "/scopes"
    issue_api_key(name="intake", scopes=["requests:read"])
    with pytest.raises(Conflict):
        issue_api_key(name="intake", scopes=["requests:read"])
    assert ApiClient.objects.count() == 1


def test_a_weak_password_or_unknown_role_is_refused_with_its_field() -> None:
    with pytest.raises(InvalidInput) as weak:
        register_officer(username="kim", password="short", roles=[Role.APPROVER], email="")
    assert {item.pointer for item in weak.value.errors} == {"/password"}
    with pytest.raises(InvalidInput) as unknown:
        register_officer(username="kim", password="a long pass phrase", roles=["king"], email="")
    assert unknown.value.errors[0].pointer == "/roles"
    assert not User.objects.exists()


def test_a_name_is_given_once_and_stands_in_the_ledger() -> None:
    before = head().size
    arguments = {"password": "a long pass phrase", "roles": [Role.APPROVER], "email": ""}
    register_officer(username="kim", **arguments)  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        register_officer(username="kim", **arguments)  # type: ignore[arg-type]
    assert head().size == before + 1


def test_changed_roles_hold_at_once_and_the_ledger_keeps_both_sets() -> None:
    arguments = {"password": "a long pass phrase", "roles": [Role.APPROVER], "email": ""}
    register_officer(username="kim", **arguments)  # type: ignore[arg-type]

    call_command("change_role", "kim", "--role", "auditor", "--role", "ml_engineer")

    kim = User.objects.get()
    assert kim.has_role(Role.AUDITOR)
    assert not kim.has_role(Role.APPROVER)
    entry = LedgerEntry.objects.get(kind="officer.roles_changed")
    assert entry.payload == {
        "username": "kim",
        "from": ["approver"],
        "to": ["auditor", "ml_engineer"],
    }


def test_every_role_can_be_taken_away_and_a_repetition_changes_nothing() -> None:
    arguments = {"password": "a long pass phrase", "roles": [Role.APPROVER], "email": ""}
    register_officer(username="kim", **arguments)  # type: ignore[arg-type]

    for _ in range(2):
        call_command("change_role", "kim", "--none")

    assert User.objects.get().roles == []
    assert LedgerEntry.objects.filter(kind="officer.roles_changed").count() == 1


def test_roles_of_nobody_and_unknown_roles_are_refused() -> None:
    with pytest.raises(CommandError, match="no officer named kim"):
        call_command("change_role", "kim", "--role", "auditor")
    with pytest.raises(NotFound):
        change_roles(username="kim", roles=[Role.AUDITOR])
    with pytest.raises(InvalidInput) as unknown:
        change_roles(username="kim", roles=["king"])
    assert unknown.value.errors[0].pointer == "/roles"


def test_the_key_command_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("issue_key", "intake", "--scope", "requests:write", "--json")
    printed = json.loads(capsys.readouterr().out)
    assert bytes(ApiClient.objects.get().key_digest) == key_digest(printed["key"])
    with pytest.raises(CommandError, match="intake already"):
        call_command("issue_key", "intake", "--scope", "requests:write")


def test_the_officer_command_takes_the_password_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VESTIGE_OFFICER_PASSWORD", "a long pass phrase")
    call_command("create_officer", "kim", "--role", "approver", "--email", "kim@example.org")
    kim = User.objects.get(username="kim")
    assert kim.has_role(Role.APPROVER)
    assert not kim.has_role(Role.AUDITOR)
    assert kim.check_password("a long pass phrase")


def test_the_officer_command_explains_a_weak_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIGE_OFFICER_PASSWORD", "short")
    with pytest.raises(CommandError, match="too weak"):
        call_command("create_officer", "kim", "--role", "approver")


def test_an_account_that_exists_is_left_as_it_is_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for password, role in (("correct horse battery", "approver"), ("staple of another", "auditor")):
        monkeypatch.setenv("VESTIGE_OFFICER_PASSWORD", password)
        call_command("create_officer", "kim", "--role", role, "--unless-exists")

    kim = User.objects.get(username="kim")
    assert kim.roles == ["approver"]
    assert kim.check_password("correct horse battery")
