# ruff: noqa: E501 - command lines are printed to be copied whole
"""The text that travels with an export and says how to check it without us."""

GUIDE_TEXT = """# How to check this export

You need two things that are not in this folder: the organisation's public key, obtained on another
way than this export, and a reason to believe that it is theirs. Its fingerprint (SHA-256 of the
public key in DER) as this export names it:

    {signer}

`public-key.pem` in this folder is a convenience. It proves nothing: whoever forged the export
would have packed their own.

## With Vestige

    vestige verify FOLDER --key KEY.pem

Exit status 0: verified. 1: broken, and the part is named. 3: intact, but the signer is untrusted
because no key from outside was given. No network, no database.

## With common tools

1. Every file against the manifest: `sha256sum -c manifest-sha256.txt`
2. The manifest and the report against the signed statement. The payload of `statement.dsse.json`
   is base64; its `subject` lists the SHA-256 of `manifest-sha256.txt` and `report.json`:
   `python3 -c "import json,base64;print(base64.b64decode(json.load(open('statement.dsse.json'))['payload']).decode())"`
3. The signature (Ed25519, DSSE): what is signed is `DSSEv1`, the length and text of `payloadType`,
   the length and bytes of the payload, each separated by one space. Write those bytes to `pae`, the
   signature to `sig`, then: `openssl pkeyutl -verify -rawin -pubin -inkey KEY.pem -in pae -sigfile sig`
4. The ledger: each entry of `ledger.json` is a leaf of an RFC 6962 tree,
   SHA-256(0x00 ‖ HMAC-SHA-256(salt, RFC 8785 JSON of the entry's other fields)); its `proof` leads
   to the root in the signed checkpoint (C2SP tlog-checkpoint).

## What this check does not show

That the records of events are true, that nothing was left out before it was recorded, and that no
other copy exists anywhere. The report lists what was not examined.
"""
