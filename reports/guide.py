"""The text that travels with an export and says how to check it without us.

Its ``sh`` blocks are commands to be copied as they stand; a test runs them.
"""

from reports import statement as parts

#: Prints lines that come in once, and fails where there are none; bytes count, whatever the locale.
STANDS_ONCE = "LC_ALL=C sort | LC_ALL=C uniq -u | grep ."

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

Nothing in the payload was changed or taken away: the report, its renderings, its evidence, its
ledger entries.

```sh
sha256sum -c {manifest}
```

Nothing was added to it either: this prints each file that is there or listed, but not both. It must
print nothing.

```sh
! (find data ! -type d; cut -c 67- {manifest}) | {stands_once}
```

The files beside it are unchanged too, the list above included.

```sh
sha256sum -c {tag_manifest}
```

And there are no others but four that no list can hold: this second list, and the statement, which
covers it, in three files. This must print nothing.

```sh
! (ls -A; cut -c 67- {tag_manifest}; printf '%s\\n' data {unlisted}) | {stands_once}
```

Both lists, and the report by name, are what was signed: each command must print a digest and then
the name that it asks for.

```sh
grep -o "$(sha256sum {manifest} | cut -c 1-64)" {pae} && echo {manifest}
grep -o "$(sha256sum {tag_manifest} | cut -c 1-64)" {pae} && echo {tag_manifest}
grep -o "$(sha256sum {report} | cut -c 1-64)" {pae} && echo {report}
```

The holder of the key signed that statement. `{pae}` holds the exact bytes that were signed (DSSE),
`{signature}` the Ed25519 signature. `{statement}` holds both in one, for programs; these commands
do not read it, so rely on it only where `vestige verify` found it to say the same.

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

`vestige verify` checks all of this, and only it checks that

- `{statement}` says what `{pae}` and `{signature}` say, and `{ledger}` what `{checkpoint}` says;
- each ledger entry is a leaf of the signed tree (RFC 6962) and is about this request;
- traces, plan, approvals, steps and findings are those that the ledger holds, none left out;
- claims, headline and every section that follows from them are what methods and evidence carry;
- the HTML and PDF files are, byte for byte, what `data/report.json` gives when it is rendered anew.

It needs no network, no database and no account: install Vestige from its source
(`make setup`) on a machine of your own, then

    .venv/bin/vestige verify EXPORT --key KEY.pem

with this folder, or the ZIP it came in, as EXPORT and the key from elsewhere as KEY.pem. Exit
status 0: verified. 1: broken, and the part is named. 2: it cannot be read. 3: intact, but the
signer is untrusted because no key from outside was given.

## What no check shows

That the records of events are true, that nothing was left out before it was recorded, and that no
other copy exists anywhere. The report lists what was not examined.

Some statements of the report rest on the signature alone, because nothing else in this folder tells
them: when it was written and for which organisation, how and when identity was confirmed, the notes
and moments of the clock's events, how many data sets were examined, at which place and in which
period something was done, and what an evidence file's numbers measured.
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
        stands_once=STANDS_ONCE,
        unlisted=" ".join(sorted(parts.OUTSIDE_MANIFESTS)),
        body=parts.CHECKPOINT_BODY,
        body_signature=parts.CHECKPOINT_SIGNATURE,
    )
