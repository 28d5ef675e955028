"""The text that travels with an export and says how to check it without us.

Its ``sh`` blocks are commands to be copied as they stand; a test runs them.
"""

from reports import statement as parts

GUIDE_TEXT = """# How to check this export

This folder is a bag (BagIt 1.0, RFC 8493). The report lies in `data/`: `report.pdf` and
`report.html` to read, `report.json` for programs, `evidence/` with the findings behind it, and
`ledger.json` with the ledger entries behind it. What lies beside `data/` proves that nobody
changed it.

## What you need from elsewhere

The organisation's public key, or at least its fingerprint, obtained on another way than this
export, and a reason to believe that it is theirs. The key `{key}` in this folder is a
convenience: whoever forged the export would have packed their own. This prints the fingerprint of
the packed key (SHA-256 of its DER form):

```sh
openssl pkey -pubin -in {key} -outform DER | sha256sum
```

As this export names it, it must read

    {signer}

Compare that with the fingerprint that the organisation gave you. Only then do the signatures below
say who signed.

## With common tools

Run these in this folder. They need `sha256sum` and OpenSSL 3, no network and nothing of ours.

The payload is complete and unchanged: the report, its renderings, its evidence, its ledger entries.

```sh
sha256sum -c {manifest}
```

The files beside it are unchanged too, the list above included.

```sh
sha256sum -c {tag_manifest}
```

Both lists, and the report by name, are what was signed: each command must print a digest and then
the name that it asks for.

```sh
grep -o "$(sha256sum {manifest} | cut -c 1-64)" {pae} && echo {manifest}
grep -o "$(sha256sum {tag_manifest} | cut -c 1-64)" {pae} && echo {tag_manifest}
grep -o "$(sha256sum {report} | cut -c 1-64)" {pae} && echo {report}
```

The holder of the key signed that statement. `{pae}` holds the exact bytes that were signed (DSSE),
`{signature}` the Ed25519 signature; `{statement}` holds both in one.

```sh
openssl pkeyutl -verify -pubin -inkey {key} -rawin -in {pae} -sigfile {signature}
```

The holder of the key signed the head of the ledger under which `{ledger}` proves its entries.
`{checkpoint}` is the head as a signed note (C2SP tlog-checkpoint), `{body}` the bytes that were
signed. Keep the note: whoever holds an earlier one can tell whether the ledger was rewritten since.

```sh
openssl pkeyutl -verify -pubin -inkey {key} -rawin -in {body} -sigfile {body_signature}
```

## With Vestige

`vestige verify` checks all of this, and besides that each ledger entry is a leaf of the signed
tree (RFC 6962), that every claim of the report is what its method and evidence carry, and that the
PDF and HTML renderings say the same. It needs no network, no database and no account: install
Vestige from its source (`make setup`) on a machine of your own, then

    .venv/bin/vestige verify EXPORT --key KEY.pem

with this folder, or the ZIP it came in, as EXPORT and the key from elsewhere as KEY.pem. Exit
status 0: verified. 1: broken, and the part is named. 2: it cannot be read. 3: intact, but the
signer is untrusted because no key from outside was given.

## What no check shows

That the records of events are true, that nothing was left out before it was recorded, and that no
other copy exists anywhere. The report lists what was not examined.
"""


def guide_text(*, signer: str) -> str:
    """Fill in the names of the files and of the signer.

    Args:
        signer: SHA-256 of the signing key's public part, in hex.
    """
    return GUIDE_TEXT.format(
        key=parts.PUBLIC_KEY,
        signer=signer,
        manifest=parts.MANIFEST,
        tag_manifest=parts.TAG_MANIFEST,
        report=parts.REPORT,
        ledger=parts.LEDGER,
        statement=parts.STATEMENT,
        pae=parts.STATEMENT_PAE,
        signature=parts.STATEMENT_SIGNATURE,
        checkpoint=parts.CHECKPOINT,
        body=parts.CHECKPOINT_BODY,
        body_signature=parts.CHECKPOINT_SIGNATURE,
    )
