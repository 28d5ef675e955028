import stat
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings
from securesystemslib.dsse import Envelope
from securesystemslib.signer._key import SSlibKey

from governance import dsse, signing
from governance.ledger.checkpoint import (
    BadCheckpoint,
    Checkpoint,
    read_checkpoint,
    sign_checkpoint,
)
from governance.sealing import CannotUnseal, seal, unseal
from governance.subjects import keyed_digest, subject_digest

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


@given(st.text())
def test_spellings_of_one_identifier_have_one_digest(text: str) -> None:
    digest = keyed_digest(text, b"pepper")
    assert keyed_digest(f"  {text.strip()}\n", b"pepper") == digest
    assert len(digest) == 16


def test_the_digest_depends_on_pepper_and_version(settings: Settings) -> None:
    settings.SUBJECT_PEPPERS = {1: b"one", 2: b"two"}
    settings.SUBJECT_PEPPER_VERSION = 2
    now, earlier = (
        subject_digest("Ann@example.org"),
        subject_digest("ann@example.org", key_version=1),
    )
    assert (now.key_version, earlier.key_version) == (2, 1)
    assert now.value != earlier.value == keyed_digest("ann@example.org", b"one")


def test_a_sealed_text_opens_again_and_never_looks_the_same() -> None:
    first, second = seal("ann@example.org"), seal("ann@example.org")
    assert first != second
    assert unseal(first) == unseal(memoryview(second)) == "ann@example.org"


@pytest.mark.parametrize("position", [0, 12, -1])
def test_a_changed_seal_does_not_open(position: int) -> None:
    blob = bytearray(seal("ann@example.org"))
    blob[position] ^= 1
    with pytest.raises(CannotUnseal):
        unseal(bytes(blob))


def test_an_envelope_opens_with_its_key_alone() -> None:
    envelope = dsse.sign(KEY, b"payload", "text/plain")
    assert dsse.verify(envelope, KEY.public_key(), "text/plain") == b"payload"
    for key, kind in [(OTHER.public_key(), "text/plain"), (KEY.public_key(), "text/html")]:
        with pytest.raises(dsse.BadEnvelope):
            dsse.verify(envelope, key, kind)


@pytest.mark.parametrize(
    "change",
    [
        {"payload": "cGF5bG9hZA"},
        {"payload": "cGF5bG9hZB=="},
        {"payload": 5},
        {"signatures": []},
        {"signatures": ["x"]},
        {"extra": 1},
    ],
)
def test_a_malformed_envelope_is_refused(change: dict[str, object]) -> None:
    envelope = {**dsse.sign(KEY, b"payload", "text/plain"), **change}
    with pytest.raises(dsse.BadEnvelope):
        dsse.verify(envelope, KEY.public_key(), "text/plain")


def test_a_tool_that_others_wrote_accepts_the_envelope() -> None:
    envelope = Envelope.from_dict(dsse.sign(KEY, b"payload", "text/plain"))
    key = SSlibKey.from_crypto(KEY.public_key(), keyid=dsse.key_id(KEY.public_key()))
    assert envelope.verify([key], 1)


def test_a_checkpoint_is_read_back_and_refused_when_touched() -> None:
    head = Checkpoint(origin="vestige/example/ledger", size=7, root=b"r" * 32)
    note = sign_checkpoint(head, KEY)
    assert read_checkpoint(note, KEY.public_key()) == head
    with pytest.raises(BadCheckpoint):
        read_checkpoint(note, OTHER.public_key())
    for position in range(len(note)):
        touched = note[:position] + chr(ord(note[position]) ^ 1) + note[position + 1 :]
        with pytest.raises(BadCheckpoint):
            read_checkpoint(touched, KEY.public_key())


def test_the_signing_key_is_made_once_for_its_owner_only(
    tmp_path: Path, settings: Settings
) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing-key.pem"
    found: set[str] = set()
    makers = [threading.Thread(target=lambda: found.add(signing.key_id())) for _ in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert found == {signing.key_id()}
    assert stat.S_IMODE(settings.SIGNING_KEY_FILE.stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["signing-key.pem"]


def test_what_we_sign_opens_with_the_public_key_we_give(tmp_path: Path, settings: Settings) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "signing-key.pem"
    envelope = signing.sign_payload(b"payload", "text/plain")
    key = load_pem_public_key(signing.public_key_pem())
    assert isinstance(key, Ed25519PublicKey)
    assert dsse.verify(envelope, key, "text/plain") == b"payload"


def test_another_kind_of_key_is_refused(tmp_path: Path, settings: Settings) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "signing-key.pem"
    settings.SIGNING_KEY_FILE.write_text("no key")
    with pytest.raises(signing.UnusableSigningKey):
        signing.key_id()
