"""Secrets come from the environment, or are made once and kept for their owner only."""

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.secrets import secret_bytes, secret_text


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIGE_HOME", str(tmp_path))


def test_a_made_secret_stays_the_same_and_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    made = secret_bytes("UNSET_KEY", "some-key")
    assert secret_bytes("UNSET_KEY", "some-key") == made
    assert len(made) == 32
    assert (tmp_path / "keys" / "some-key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOME_KEY", base64.b64encode(b"k" * 32).decode())
    assert secret_bytes("SOME_KEY", "some-key") == b"k" * 32
    assert not (tmp_path / "keys" / "some-key").exists()


def test_of_many_at_once_all_read_one_secret() -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: secret_text("UNSET_KEY", "raced"), range(32)))
    assert len(secrets) == 1


@pytest.mark.parametrize("text", ["short", "not base64 !", base64.b64encode(b"k" * 31).decode()])
def test_a_key_of_the_wrong_form_is_refused_by_name(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", text)
    with pytest.raises(ImproperlyConfigured, match="SOME_KEY"):
        secret_bytes("SOME_KEY", "some-key")
