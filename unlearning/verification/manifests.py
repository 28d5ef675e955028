"""Whether a new model's manifest, the list of what it was trained on, is free of the records."""

import json
from collections.abc import Collection
from pathlib import Path

from unlearning.digests import json_digest, record_digest
from unlearning.verification import Finding
from unlearning.verification.wording import counted


def check_manifests(manifests: Collection[Path], *, record_ids: Collection[str]) -> Finding:
    """Look each record up in each manifest, and check that the manifest is what it was.

    A list that names nobody shows nothing: it stays inconclusive.

    Args:
        manifests: Manifest files of the model and, for a fine-tune, of its base.
        record_ids: The forget set.
    """
    listed, broken, listing = 0, [], 0
    for path in manifests:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        digests = manifest["record_digests"]
        listed += len(digests)
        listing += listed_in(digests, record_ids=record_ids)
        if json_digest(digests) != manifest["records_digest"]:
            broken.append(path.name)
    if broken:
        summary = f"The manifest {', '.join(broken)} does not match its own digest."
    elif not listed:
        summary = "Not established: no manifest lists any record."
    elif listing:
        summary = f"The manifest lists {counted(listing, 'forgotten record')} as trained on."
    else:
        summary = f"None of the forgotten records is among the {listed:,} records trained on."
    return Finding(
        kind="manifest_excludes",
        outcome="failed" if broken or listing else "passed" if listed else "inconclusive",
        summary=summary,
        payload={"records_listed": listed, "forgotten_listed": listing, "broken": broken},
    )


def listed_in(digests: Collection[str], *, record_ids: Collection[str]) -> int:
    """Count the records whose digest stands in a list of digests."""
    return len({record_digest(record_id) for record_id in record_ids}.intersection(digests))
