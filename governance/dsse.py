"""Dead Simple Signing Envelope with Ed25519 (https://github.com/secure-systems-lab/dsse).

Pure: used by the signer and by the offline verifier alike. The signature covers the type and the
payload bytes themselves (PAE), so nothing has to be parsed before it is trusted.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class BadEnvelope(Exception):  # noqa: N818 - says what it is
    """The envelope is malformed or its signature does not fit."""


def pae(payload_type: str, payload: bytes) -> bytes:
    """Pre-authentication encoding: what is signed.

    >>> pae("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    name = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key's SubjectPublicKeyInfo (DER), in hex."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def sign(key: Ed25519PrivateKey, payload: bytes, payload_type: str) -> dict[str, object]:
    """Sign a payload.

    Returns:
        The envelope as JSON values: ``payload`` (base64), ``payloadType``, ``signatures``.
    """
    signature = key.sign(pae(payload_type, payload))
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [
            {"keyid": key_id(key.public_key()), "sig": base64.b64encode(signature).decode()}
        ],
    }


def verify(envelope: Mapping[str, object], key: Ed25519PublicKey, payload_type: str) -> bytes:
    """Check an envelope and give its payload.

    Args:
        envelope: The parsed envelope; nothing in it is trusted yet.
        key: The signer's public key, from outside the envelope.
        payload_type: The only type that is accepted.

    Raises:
        BadEnvelope: It is malformed, of another type, or not signed by this key alone.
    """
    payload = open_unverified(envelope, payload_type)
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or len(signatures) != 1:
        raise BadEnvelope("the envelope does not carry exactly one signature")
    item = signatures[0]
    if not isinstance(item, dict) or not isinstance(item.get("sig"), str):
        raise BadEnvelope("the envelope's signature is malformed")
    if item.get("keyid") != key_id(key):
        raise BadEnvelope("the envelope names another key as its signer")
    try:
        key.verify(_decode(item["sig"]), pae(payload_type, payload))
    except InvalidSignature as error:
        raise BadEnvelope("the signature does not belong to this key and payload") from error
    return payload


def open_unverified(envelope: Mapping[str, object], payload_type: str) -> bytes:
    """Payload of an envelope whose signature nobody has checked yet.

    Raises:
        BadEnvelope: It is malformed or of another type.
    """
    if set(envelope) != {"payload", "payloadType", "signatures"}:
        raise BadEnvelope("the envelope's fields are not those of DSSE")
    if envelope["payloadType"] != payload_type:
        raise BadEnvelope("the envelope carries another type of payload")
    return _decode(envelope["payload"])


def _decode(text: object) -> bytes:
    """Decode base64 and accept its one canonical spelling only."""
    if not isinstance(text, str):
        raise BadEnvelope("the envelope is not base64")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadEnvelope("the envelope is not base64") from error
    if base64.b64encode(data).decode() != text:
        raise BadEnvelope("the envelope's base64 is not canonical")
    return data
